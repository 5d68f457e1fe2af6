# SPDX-License-Identifier: MIT
# timeout: 120
# The guest has the network card's own expansion ROM, a file in its place, or none at all. Files that are no ROM are
# refused.
other=/usr/lib/ipxe/qemu/efi-rtl8139.rom
dir=/sys/bus/pci/devices/0000:05:00.0
bind vfio-pci 0000:05:00.0
echo 0000:05:00.0 > $dir/driver/unbind
echo 1 > $dir/enable
echo 1 > $dir/rom
own=$(dd if=$dir/rom bs=64k 2>/dev/null | md5sum | cut -d ' ' -f 1)
echo 0 > $dir/rom
echo 0 > $dir/enable
bind vfio-pci 0000:05:00.0

vmm --vfio 05:00.0 $(guest 6.1-cloud) --append "$(todo rom)"
expect_status 0
expect_line "^lab: rom 0000:00:01.0 $own"
vmm --vfio 05:00.0,romfile=$other $(guest 6.1-cloud) --append "$(todo rom)"
expect_status 0
expect_line "^lab: rom 0000:00:01.0 $(md5sum < $other | cut -d ' ' -f 1)"
vmm --vfio 05:00.0,rombar=0 $(guest 6.1-cloud) --append "$(todo rom)"
expect_status 0
expect_count 0 '^lab: rom'

: > /tmp/empty.rom
mkdir /tmp/directory.rom
head -c 100000 $other > /tmp/truncated.rom
dd if=$other of=/tmp/shifted.rom bs=1 skip=1 count=4096 2>/dev/null
for name in empty directory truncated shifted missing; do
	vmm --vfio 05:00.0,romfile=/tmp/$name.rom $(guest 6.1-cloud) --append "$(todo rom)"
	expect_refusal 1 "/tmp/$name.rom"
done
