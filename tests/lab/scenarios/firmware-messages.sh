# SPDX-License-Identifier: MIT
# lab: disk=grub
# timeout: 400
# on demand: starts the firmware twice, once under QEMU; two minutes
# Linux runs on minivmm's firmware machine, and the same system runs under QEMU's older PC, with the same firmware and
# the same disks. What Linux complains of here and not there is a fault. The PM timer is compared with the TSC, too.
code=/usr/share/OVMF/OVMF_CODE_4M.fd
bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
slow_ticks
vmm_limit=110

end_guest()
{
	wait_line '^installed: done' 110
	kill "$vmm_pid"
	vmm_wait
}

minivmm_start()
{
	vmm_start --vfio 01:00.0 --vfio 02:00.0 --memory 1G --firmware $code
	end_guest
}

# QEMU's PC has the disks in the same order, and nothing else.
qemu_start()
{
	cp /usr/share/OVMF/OVMF_VARS_4M.fd /tmp/vars.fd
	vmm_program=/usr/bin/qemu-system-x86_64
	vmm_start -machine pc,accel=kvm -cpu host -m 1G -nodefaults -no-user-config -display none -serial stdio \
		-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" \
		-drive if=pflash,format=raw,unit=1,file=/tmp/vars.fd \
		-device vfio-pci,host=01:00.0 -device vfio-pci,host=02:00.0
	end_guest
}

# complaints: prints what the guest whose output is in $vmm_out complained of: warnings, errors, and what else sounds
# like one. Numbers are left out, because they differ, and so are the machine's name and the bytes of its code.
complaints()
{
	sed -n 's/\r//; s/^installed: messages //p' "$vmm_out" | base64 -d | gunzip > /tmp/messages
	grep -iE '^<[0-4]>|can.t|fail|error|invalid|conflict|bogus|unable|bug|ignor' /tmp/messages |
		grep -v 'Hardware name:\|Code:' | sed 's/^<.>\[[^]]*\] //; s/0x[0-9a-f]*\|[0-9a-f]*[0-9][0-9a-f]*/N/g' | sort -u
}

once minivmm minivmm_start
# The PM timer, which Linux takes for its clock here, agrees with the TSC within half a percent.
expect_line '^installed: clock acpi_pm'
clocks=$(sed -n 's/\r//; s/^installed: clocks //p' "$vmm_out")
expect_equal "PM timer and TSC in $clocks ms" "$(echo "$clocks" |
	awk '$1 > 5000 && $2 > 5000 { d = $1 / $2; print (d > 0.995 && d < 1.005) ? "agree" : d }')" agree
complaints > /tmp/ours
once pc qemu_start
complaints > /tmp/theirs
expect_equal "ten complaints of either or more" $(($(wc -l < /tmp/ours) > 9 && $(wc -l < /tmp/theirs) > 9)) 1
sort /tmp/ours /tmp/theirs /tmp/theirs | uniq -u > /tmp/alone
expect_equal "complaints that QEMU's guest does not have" "$(cat /tmp/alone)" ''
