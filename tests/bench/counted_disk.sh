# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# timeout: 600
# What a read of 4 KiB costs from a disk image that qemu-storage-daemon serves to either VMM. QEMU does not start the
# server itself.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh

served()
{
	device="--disk /tmp/disk.raw"
	qemu_device="-object memory-backend-memfd,id=ram,size=256M,share=on -machine memory-backend=ram
		-chardev socket,id=disk,path=/tmp/blk -device vhost-user-blk-pci,chardev=disk"
	[ "$1" = minivmm ] || {
		qemu-storage-daemon --blockdev driver=file,node-name=disk,filename=/tmp/disk.raw \
			--export type=vhost-user-blk,id=disk,node-name=disk,writable=on,addr.type=unix,addr.path=/tmp/blk &
		until [ -S /tmp/blk ]; do usleep 10000; done
	}
	run_peer $1 256 transparent --kernel /lab/root-6.1-cloud/boot/vmlinuz-* $cloud \
		--append "$(todo "$(in_pieces reads)") lab.disk=vda lab.reads=1001"
	killall -q qemu-storage-daemon
	wait
}

cp /lab/nvme1.img /tmp/disk.raw
cloud=$(marked guest-6.1-cloud)
for peer in minivmm q35; do
	guest_measured "$peer disk" 'reads 1001' served $peer
done
