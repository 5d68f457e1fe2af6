# SPDX-License-Identifier: MIT
# timeout: 150
# With --bind the device comes back to its driver after a power-off, a signal or a refusal. After a kill it comes back
# by the next start of another guest, by restore, or by a start that takes it over.
bind nvme 0000:01:00.0
# A guest without a kernel is enough where it only matters that one runs.
bare="--kernel /lab/stage/kvm/endings.elf --memory 64M --append"
back()
{
	expect_equal "the driver after $1" "$(driver_of 0000:01:00.0)" nvme
	disk_of 0000:01:00.0 > /dev/null
}
killed()
{
	vmm_start --bind --vfio 01:00.0 $bare sleep
	wait_line '^sleeping' 50
	vmm_mine=$vmm_pid
	[ "$1" != restore ] || { expect_equal "restore of a device in use" \
		"$("$vmm_program" restore 2>&1 | grep -c 'in use')" 1; }
	kill -KILL "$vmm_mine"
	vmm_wait
	expect_equal "the driver after a kill" "$(driver_of 0000:01:00.0)" vfio-pci
}
vmm --bind --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
back "a power-off"
vmm_start --bind --vfio 01:00.0 $bare sleep
wait_line '^sleeping' 50
kill "$vmm_pid"
vmm_wait
expect_status 143
back "a signal"
vmm --bind --vfio 01:00.0 --kernel /nonexistent
expect_status 1
back "a refusal"
killed restore
vmm restore
expect_status 0
back "restore"
killed start
vmm --bind --vfio 02:00.0 $bare poweroff
expect_status 0
expect_error 'info' '0000:01:00.0' 'killed'
back "the start of another"
killed takeover
vmm --bind --vfio 01:00.0 $bare poweroff
expect_status 0
back "a start that took it over"
expect_equal "records left" "$(ls /run/minivmm)" ''
