# SPDX-License-Identifier: MIT
# A mounted disk, swap, and the port of the default route are refused, by name. --force binds them.
bind nvme 0000:02:00.0
disk=$(disk_of 0000:02:00.0)
/usr/sbin/modprobe -q ext4
mkfs.ext2 "$disk" > /dev/null 2>&1
mkdir -p /tmp/mnt
mount -t ext4 "$disk" /tmp/mnt || mount -t ext2 "$disk" /tmp/mnt || fail "cannot mount"
vmm bind 02:00.0
expect_refusal 1 "$disk is mounted on /tmp/mnt"
expect_error 'fix: sudo umount /tmp/mnt'
vmm doctor 02:00.0
expect_line 'fail  driver .*mounted on /tmp/mnt'
vmm --bind --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo pci)"
expect_refusal 1 'mounted on /tmp/mnt'
umount /tmp/mnt
mkswap "$disk" > /dev/null
swapon "$disk" || fail "no swap"
vmm bind 02:00.0
swapoff "$disk"
# The pattern is written back for the scenarios after this one.
dd if=/lab/nvme2.img of="$disk" bs=64k count=16 conv=fsync 2>/dev/null
expect_refusal 1 'swap'
expect_error 'fix: sudo swapoff'
bind e1000e 0000:05:00.0
port=$(ls /sys/bus/pci/devices/0000:05:00.0/net)
ip address add 192.0.2.1/24 dev "$port"
ip link set "$port" up
ip route add default via 192.0.2.2
vmm bind 05:00.0
expect_refusal 1 "default route" "$port"
expect_equal "the driver" "$(driver_of 0000:05:00.0)" e1000e
vmm bind --force 05:00.0
expect_status 0
expect_equal "the driver when forced" "$(driver_of 0000:05:00.0)" vfio-pci
vmm restore 05:00.0
expect_equal "the driver" "$(driver_of 0000:05:00.0)" e1000e
