# SPDX-License-Identifier: MIT
# An uncompressed ELF vmlinux, entered by PVH.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --kernel /lab/vmlinux-6.1 --initrd /lab/guest-6.1.cpio --append "$(todo info,read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
