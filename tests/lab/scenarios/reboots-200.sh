# SPDX-License-Identifier: MIT
# lab: devices=many kernel=6.12
# timeout: 4500
# on demand: takes half an hour; `reboots` has drivers at work, and boots fifty times
# A guest of a few instructions uses fourteen devices, leaves some of them asleep and all with their interrupts on, and
# resets the machine: two hundred boots. In the last one there is one VM, and nothing more of anything than in the fifth.
devices='04:01.0 04:02.0 05:00.0 06:00.0 07:00.0 08:00.0 09:00.0 0a:00.0 0b:00.0 02:00.0 0c:00.0 0d:00.0 0e:00.0 0e:00.1'
bind_many $devices
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
boots=200
vmm_limit=4400
vms()
{
	find /sys/kernel/debug/kvm -mindepth 1 -maxdepth 1 -type d -name "$1-*" | wc -l
}
all_holdings()
{
	echo "$(holdings) mappings $(wc -l < "/proc/$vmm_pid/maps") VMs $(vms "$vmm_pid")"
}
go_on()
{
	printf x > /tmp/vmm.in
}
vmm_start $vfio_args --stats --kernel /lab/stage/kvm/bus_reset.elf --append "boots $boots"
wait_line '^standing 0x5 with 0xe' 100
all_holdings | tee /tmp/early
go_on
wait_line '^standing 0xc8 with 0xe' 2100
all_holdings | tee /tmp/late
go_on
vmm_wait
expect_status 0
expect_count 0 '^bad'
expect_line '^done'
expect_equal "what it holds in the last boot" "$(cat /tmp/late)" "$(cat /tmp/early)"
expect_equal "VMs in the last boot" "$(sed 's/.*VMs //' /tmp/late)" 1
expect_equal "VMs of two boots at once" "$(dmesg | grep -c 'debugfs: duplicate directory')" 0
expect_equal "VMs at the end" "$(vms '[0-9]*')" 0
expect_equal "interrupts that VFIO still has on the lab host" "$(grep -c vfio /proc/interrupts)" 0
