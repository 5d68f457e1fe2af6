# SPDX-License-Identifier: MIT
# Files that are no kernels are refused by name, and quickly.
image=$(echo /lab/root-6.1-cloud/boot/vmlinuz-*)
bind vfio-pci 0000:01:00.0
: > /tmp/empty
mkdir /tmp/directory
head -c 1000000 "$image" > /tmp/truncated
head -c 600 "$image" > /tmp/header-only
head -c 65536 /lab/nvme1.img > /tmp/noise
for name in missing empty directory truncated header-only noise; do
	vmm --vfio 01:00.0 --kernel /tmp/$name --append "$(todo read)"
	expect_refusal 1 "/tmp/$name"
done
for name in missing directory; do
	vmm --vfio 01:00.0 --kernel "$image" --initrd /tmp/$name --append "$(todo read)"
	expect_refusal 1 "/tmp/$name"
done
vmm --vfio 01:00.0 --memory 32M --kernel "$image" --append "$(todo read)"
expect_refusal 1 'memory\|too big\|does not fit'
