# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 1600
# on demand: takes a quarter of an hour; many-devices does it once
# One guest with many devices boots fifty times. All of them work in each boot, and minivmm holds no more at the end
# than in the first.
bind_many 04:01.0 04:02.0 05:00.0 06:00.0 08:00.0 09:00.0 0a:00.0 02:00.0
rounds=50
vmm_limit=1590
vmm_start $vfio_args $(guest_devices) --append \
	"$(todo boots,disks,nvme_disks,net_up,settle,reboots) lab.disk=nvme0n1 lab.rounds=$rounds"
for boot in $(seq $rounds); do
	wait_line "^lab: settled $boot" 60
	holdings | tee -a /tmp/holdings
done
vmm_wait
expect_status 0
expect_count $rounds "^lab: disk usb $(file_md5 /lab/usb.img)"
expect_count $rounds "^lab: disk sata $(file_md5 /lab/sata.img)"
expect_count $rounds "^lab: nvme .* lab2 $(file_md5 /lab/nvme2.img)"
expect_equal "what it holds at the end" "$(tail -n 1 /tmp/holdings)" "$(head -n 1 /tmp/holdings)"
