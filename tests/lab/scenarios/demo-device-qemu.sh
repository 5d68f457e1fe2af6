# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046 # read by vmm_start; guest() prints words
# lab: qemu=newest
# timeout: 120
# on demand: judges the server with QEMU's client, which only the newest QEMU has (make lab-newest)
# Our server of the demo device under QEMU's vfio-user-pci: a Linux guest there finds what it finds under
# minivmm (demo-device.sh), registers, DMA and the pin by a stock driver; and the server outlives its client.
vmm_program=/lab/stage/newest-qemu.sh
/lab/stage/guests/demo_device /tmp/demo.sock &
server=$!
until [ -S /tmp/demo.sock ]; do usleep 50000; done
vmm /lab/qemu-newest -machine q35,memory-backend=ram -accel kvm -cpu host -m 512M \
	-object memory-backend-memfd,id=ram,size=512M,share=on -nodefaults -display none -serial stdio -no-reboot \
	-device '{"driver":"vfio-user-pci","addr":"01.0","socket":{"type":"unix","path":"/tmp/demo.sock"}}' \
	$(guest 6.1-cloud | sed 's/--/-/g') -append "$(todo pci,demo) iomem=relaxed memmap=1M\$0x8000000"
expect_demo
expect_equal "the server" "$(kill -0 $server && echo alive)" alive
kill $server
