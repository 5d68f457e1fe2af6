# SPDX-License-Identifier: MIT
# timeout: 120
# A Linux guest uses a device in software: its registers, DMA, and the pin by a stock driver. Then it uses the same
# device from a server of its own, which is killed under the guest.
vmm --vfio demo $(guest 6.1-cloud) --append "$(todo pci,demo) iomem=relaxed memmap=1M\$0x8000000"
expect_demo

/lab/stage/guests/demo_device /tmp/demo.sock &
server=$!
until [ -S /tmp/demo.sock ]; do usleep 50000; done
vmm_start --vfio-user /tmp/demo.sock $(guest 6.1-cloud) --append "$(todo wait)"
wait_line '^lab: waiting' 40
kill -9 $server
vmm_wait
expect_status 4
expect_error '/tmp/demo.sock' 'its vfio-user server closed the connection'
