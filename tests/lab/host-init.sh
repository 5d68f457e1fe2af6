#!/bin/sh
# SPDX-License-Identifier: MIT
# First process of the lab host. It makes the emulated machine look like a Debian host, then hands over to
# host-run.sh, which lives in the shared folder and so needs no new initramfs. busybox comes first in the path,
# because starting a program of /usr costs several times as much here.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
/bin/busybox mkdir -p /lab /out /boot /var/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /run

while read -r module; do
	insmod "/modules/$module"
done < /modules.list

# The machine's /usr is the lab host's /usr: libraries, libkmod, pci.ids and QEMU are what the
# binary under test was built against, and nothing is copied into an image.
mount_share()
{
	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=1048576,$3" "$1" "$2"
}
mount_share usr /usr ro,cache=loose
mount_share lab /lab ro,cache=loose
mount_share out /out rw,cache=none

# /lib itself is not linked, because the modules below it are the lab kernel's, not the machine's.
for name in /usr/lib/*-linux-gnu /usr/lib/ld-linux-*; do
	[ ! -e "$name" ] || ln -s "$name" /lib/
done
ln -s /usr/lib64 /lib64
# /usr/sbin/modprobe is a link to this.
ln -s /usr/bin/kmod /bin/kmod
kernel=$(sed -n 's/.*lab\.kernel=\([^ ]*\).*/\1/p' /proc/cmdline)
ln -s "/lab/root-$kernel/lib/modules" /lib/modules
ln -s "/lab/root-$kernel/boot/"* /boot/

printf '%s\n' root:x:0:0::/root:/bin/sh user:x:1000:1000::/tmp:/bin/sh > /etc/passwd
printf '%s\n' root:x:0: user:x:1000: > /etc/group
ip link set lo up

# shellcheck source=tests/lab/host-run.sh
. /lab/stage/host-run.sh
