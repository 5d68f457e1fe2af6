# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 90
# A device has two functions. If both are passed through, they stay together in one slot, whatever the order. One of
# them alone has a slot to itself. Neither can be reset alone. The bus is reset instead, once for both, because all
# that this affects is the guest's.
bind vfio-pci 0000:0e:00.0
bind vfio-pci 0000:0e:00.1
bind vfio-pci 0000:01:00.0
vmm --vfio 0e:00.1 --vfio 01:00.0 --vfio 0e:00.0 --stats $(guest 6.1-cloud) --append "$(todo pci)"
expect_status 0
expect_line '^lab: pci 0000:00:01.0 0x1b36:0x0005'
expect_line '^lab: pci 0000:00:01.1 0x1b36:0x0005'
expect_line '^lab: pci 0000:00:02.0 0x1b36:0x0010'
expect_error 'VFIO_DEVICE_PCI_HOT_RESET  *1 '
vmm --vfio 0e:00.1 $(guest 6.1-cloud) --append "$(todo pci)"
expect_status 0
expect_line '^lab: pci 0000:00:01.0 0x1b36:0x0005'
expect_count 1 '0x1b36:0x0005'
