# SPDX-License-Identifier: MIT
# timeout: 250
# A device and a command: fio writes to a passed-through NVMe and checks what it wrote. Its report goes into a shared
# folder, so one guest has virtio devices and a VFIO device. (The beginning of the disk belongs to other scenarios.)
vmm_limit=120
bind vfio-pci 0000:01:00.0
mkdir /tmp/work
cd /tmp/work || fail "no folder to work in"
vmm --vfio 01:00.0 --share /tmp/work -- fio --name=lab --filename=/dev/nvme0n1 --direct=1 --rw=write \
	--bs=16k --offset=32M --size=4M --verify=crc32c --do_verify=1 --output=/tmp/work/report
expect_status 0
expect_equal 'errors in the report' "$(grep -c 'err= 0' /tmp/work/report)" 1
