# SPDX-License-Identifier: MIT
# timeout: 90
# on demand: three boots of the lab host
# The bindings of bind --persist last over reboots of the lab host, with Debian's udev. On the second boot the devices
# are VFIO's before their drivers see them, list says so, and restore undoes it. On the third boot all is as it was
# before. /etc is not on a disk here, so what minivmm wrote is carried over.
nvme=0000:01:00.0
late=0000:02:00.0
devices="$nvme $late 0000:04:01.0 0000:04:02.0"

# Boots as a distribution does: rules come first, then each device is announced, and modules are loaded for it.
start_udev()
{
	mkdir -p /etc/udev/rules.d /lib/udev /run/udev
	ln -sfn /usr/lib/udev/rules.d /lib/udev/rules.d
	[ ! -e $state.etc.tar ] || tar -x -f $state.etc.tar -C /
	# One program by two names; the other one is a link into /bin, which is busybox's here.
	ln -s /usr/bin/udevadm /tmp/systemd-udevd
	/tmp/systemd-udevd --daemon || fail "udevd"
	/usr/bin/udevadm trigger --type=devices --subsystem-match=pci --action=add
	/usr/bin/udevadm settle || fail "udev does not settle"
}

drivers()
{
	for bdf in $devices; do
		driver_of $bdf
	done | tr '\n' ' '
}

case $boots in
1)
	start_udev
	expect_equal "the drivers at first" "$(drivers)" "nvme nvme 8139cp 8139cp "
	vmm bind --persist 01:00.0 02:00.0 04:01.0
	expect_status 0
	expect_equal "the drivers" "$(drivers)" "vfio-pci vfio-pci vfio-pci vfio-pci "
	tar -c -f $state.etc.tar -C / etc/udev
	reboot_host
	;;
2)
	# One driver is there already, like one that is built in, and so is vfio-pci.
	/usr/sbin/modprobe nvme
	expect_equal "a driver that was faster" "$(driver_of $late)" nvme
	start_udev
	expect_equal "the drivers after a reboot" "$(drivers)" "vfio-pci vfio-pci vfio-pci vfio-pci "
	vmm list --json
	expect_line '"bdf":"0000:01:00.0".*"persistent":true'
	vmm doctor 01:00.0
	expect_status 0
	vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
	expect_status 0
	expect_line "^lab: read $(image_md5 1)"
	vmm restore
	expect_status 0
	expect_equal "rules left" "$(ls /etc/udev/rules.d)" ''
	expect_equal "the drivers after restore" "$(drivers)" "nvme nvme 8139cp 8139cp "
	tar -c -f $state.etc.tar -C / etc/udev
	reboot_host
	;;
3)
	start_udev
	expect_equal "the drivers in the end" "$(drivers)" "nvme nvme 8139cp 8139cp "
	;;
esac
kill "$(pidof systemd-udevd)"
