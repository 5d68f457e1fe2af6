# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 300
# on demand: takes a quarter of a minute; `slot-two` resets the same device at a start
# The guest resets the bus below its root port again and again, while two more CPUs use registers and configuration space
# of the two functions there, which can only be reset by their bus on the host: one reset of it for both, each time.
for bdf in 0e:00.0 0e:00.1 04:01.0 04:02.0; do
	bind vfio-pci 0000:$bdf
done
vmm_limit=120
hammer()
{
	vmm "$@" --cpus 3 --stats --kernel /lab/stage/kvm/bus_reset.elf --append "bus $rounds"
	expect_status 0
	expect_count 0 '^bad'
	expect_line '^done'
}
rounds=40
hammer --vfio 0e:00.0,port=on --vfio 0e:00.1,port=on
# One at the start, one after the last round.
expect_error 'VFIO_DEVICE_PCI_HOT_RESET  *42 '
# Two cards that share a bus on the host, each below a port of its own: the guest resets the first one's bus while its
# CPUs use both. The other one must not be reached.
rounds=4
hammer --vfio 04:01.0,port=on --vfio 04:02.0,port=on
expect_error 'VFIO_DEVICE_PCI_HOT_RESET  *1 '
expect_error '04:01.0: a reset of its bus would also reset 0000:04:02.0 of IOMMU group' 'which the guest uses'
