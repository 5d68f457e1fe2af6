# SPDX-License-Identifier: MIT
# lab: devices=igb qemu=backports
# timeout: 120
# The lab host goes on using the physical function of a network card. The stock driver of its virtual function asks
# the physical one for an address, and fetches a MiB through it.
bind igb 0000:06:00.0
card=$(card_of_host 0000:06:00.0) || exit 1
ip link set "$card" up
physical=/sys/bus/pci/devices/0000:06:00.0
echo 0 > $physical/sriov_drivers_autoprobe
echo 1 > $physical/sriov_numvfs
bind vfio-pci 0000:06:10.0
network_start 05:00.0 e1000e
vmm --vfio 06:10.0 $(guest_devices) --append "$(todo net_address,net_up,fetch,irqs)"
expect_status 0
expect_line '^lab: address 52:54:00:12:34:63'
expect_line "^lab: fetch igbvf 63 $(file_md5 /tmp/mib)"
expect_count 3 '^lab: irq .*PCI-MSI.*eth'
expect_equal "the physical function's driver" "$(driver_of 0000:06:00.0)" igb
