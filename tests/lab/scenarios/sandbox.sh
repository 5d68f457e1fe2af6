# SPDX-License-Identifier: MIT
# minivmm is confined on real hardware. Started by sudo, it goes on as the caller, through two reboots for which the
# device is opened again. What --bind took goes back all the same.
bind nvme 0000:01:00.0
export SUDO_UID=1000 SUDO_GID=1000
vmm_start --bind --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo reboot_twice,read,interrupts)"
wait_line '^lab: boot 2' 60
# field NAME: prints a field of the status at hand.
field()
{
	printf '%s\n' "$status" | sed -n "s/^$1:[[:space:]]*//p"
}

for file in /proc/"$vmm_pid"/task/*/status; do
	# This happens at once, because the guest reboots, and the thread of a vCPU may be gone at any moment.
	status=$(cat "$file") || continue
	name=$(field Name)
	expect_equal "filters of $name" "$(field Seccomp)" 2
	expect_equal "no_new_privs of $name" "$(field NoNewPrivs)" 1
	expect_equal "capabilities of $name" "$(field CapEff)" 0000000000000000
	expect_equal "the user of $name" "$(field Uid)" "$(printf '1000\t1000\t1000\t1000')"
done
vmm_wait
unset SUDO_UID SUDO_GID
expect_status 0
expect_line '^lab: boot 3'
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: irq .*PCI-MSI.*nvme0q1'
expect_equal "the driver afterwards" "$(driver_of 0000:01:00.0)" nvme
