# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 90
# The GPU of a laptop, for which a network card stands in. The guest has the ROM of a file in its ACPI, a battery, and
# no KVM to be seen. Without these options it has none of it.
rom=/usr/lib/ipxe/qemu/efi-e1000e.rom
size=$(wc -c < $rom)
# A guest that does not know of KVM measures its TSC with the PM timer. Here each look at that timer takes longer than
# Linux puts up with, so Linux is told the speed of the TSC.
khz=$(awk '/^cpu MHz/ { print int($4 * 1000); exit }' /proc/cpuinfo)
bind vfio-pci 0000:05:00.0

# Linux itself asks the method _ROM for the whole ROM, see read_rom.asl. An initrd in place of the guest's own brings
# that table.
cat /lab/read-rom.cpio /lab/guest-devices.cpio > /tmp/laptop.cpio
vmm --vfio 05:00.0,romfile=$rom,rombar=0,x-acpi-rom=on --battery --hide-kvm $(guest_devices) --initrd /tmp/laptop.cpio \
	--append "$(todo laptop) tsc_early_khz=$khz memmap=4M\$0x8000000"
expect_status 0
expect_line "^lab: acpi pieces 1 $size $(md5sum < $rom | cut -d ' ' -f 1)"
expect_line "^lab: acpi pieces 2 5001 $(tail -c 5001 $rom | md5sum | cut -d ' ' -f 1)"
expect_line '^lab: node .*_SB_.PCI0.GPU0'
expect_line '^lab: supply Mains 1'
expect_line '^lab: supply Battery 100'
expect_line '^lab: hypervisor 0 0'

vmm --vfio 05:00.0 $(guest_devices) --append "$(todo laptop)"
expect_status 0
expect_count 0 '^lab: supply [MB]'
expect_count 0 '^lab: acpi pieces'
expect_line '^lab: hypervisor 1 1'

head -c 100000 /lab/nvme1.img > /tmp/no.rom
vmm --vfio 05:00.0,romfile=/tmp/no.rom,rombar=0,x-acpi-rom=on $(guest_devices)
expect_refusal 1 /tmp/no.rom 'not an expansion ROM'
