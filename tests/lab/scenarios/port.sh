# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 120
# Devices are below root ports. Stock drivers use them as on the root bus, and two functions of a device share a port.
# QEMU's words describe that port behind the devices. Two more ports are functions of one device number, and one of
# them is free. After a reboot all is there again.
bind_many 06:00.0 01:00.0
bind vfio-pci 0000:0e:00.0
bind vfio-pci 0000:0e:00.1
vmm_limit=100
vmm --vfio 01:00.0,port=on --vfio 06:00.0,port=on -device vfio-pci,host=0e:00.0,bus=rp1,addr=0.0 \
	-device vfio-pci,host=0e:00.1,bus=rp1,addr=0.1 \
	-device pcie-root-port,id=rp1,bus=pcie.0,chassis=1,slot=1,addr=1c.0,multifunction=on \
	-device pcie-root-port,id=rp2,bus=pcie.0,chassis=1,slot=2,addr=1c.1 \
	$(guest 6.1-cloud) --append "$(todo boots,read,pci,reboots) lab.rounds=2"
expect_status 0
expect_line '^lab: boot 2'
expect_count 2 "^lab: read $(image_md5 1)"
expect_count 2 '^lab: pci 0000:00:01.0 0x1b36:0x000c'
expect_count 4 '^lab: pci 0000:00:1c.[01] 0x1b36:0x000c pcieport'
expect_count 2 '^lab: pci 0000:01:00.0 0x1b36:0x0005'
expect_count 2 '^lab: pci 0000:01:00.1 0x1b36:0x0005'
expect_count 2 '^lab: pci 0000:03:00.0 0x1b36:0x0010'
expect_count 2 '^lab: pci 0000:04:00.0'
