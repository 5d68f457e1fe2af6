# SPDX-License-Identifier: MIT
# A bare guest reads the NVMe's BAR on one CPU. Meanwhile the other CPU switches memory off and on, moves the BAR, and
# puts the device to sleep. The BAR is mapped first; then every access to it is trapped.
bind vfio-pci 0000:01:00.0
for check in command move sleep; do
	for how in '' ,x-no-mmap=on; do
		vmm --vfio 01:00.0$how --cpus 2 --kernel /lab/stage/kvm/bar_gate.elf --append "$check 100"
		expect_status 0
		expect_equal "complaints" "$(grep '^bad' $vmm_out)" ""
		expect_line '^done'
	done
done
