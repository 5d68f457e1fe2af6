# SPDX-License-Identifier: MIT
# lab: bits=48 devices=many disk=grub shared=16G
# timeout: 240
# on demand: a start of the firmware on a lab host of its own, a minute and a half
# There are a BAR of 16 GiB, a CPU that addresses 48 bits, and an IOMMU that has 39. The firmware maps all that the
# CPU addresses. With 48 bits the page tables for that would be as large as this guest's RAM, and BARs would lie at
# the end, which the IOMMU does not reach. So the guest's CPU gets fewer bits: the firmware starts, and the BAR is
# within reach.
bind_many 01:00.0 0b:00.0
slow_ticks
vmm_limit=200
grep -q '^address sizes.*: 48 bits physical' /proc/cpuinfo || fail "the lab host's CPU has not 48 bits"
vmm_start $vfio_args --memory 512M --no-reboot --firmware /usr/share/OVMF/OVMF_CODE_4M.fd
wait_line 'installed: done' 200
kill "$vmm_pid"
vmm_wait
expect_line 'GRUB starts the installed system'
# The BAR's first and last byte.
set -- $(sed -n 's/\r//; s/^installed: device 0000:00:03.0 0x050000 //p' $vmm_out | tr ' ' '\n' | sed -n '7p;8p')
echo "the BAR of 16 GiB: $*"
expect_equal 'the size of the BAR' $((($2 - $1 + 1) >> 30)) 16
expect_equal 'the bits above the 39th' $(($2 >> 39)) 0
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pci\|PCI\|BAR\)'
! grep -i 'cannot be mapped\|error' $vmm_err || fail "minivmm complains"
