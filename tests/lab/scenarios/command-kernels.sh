# SPDX-License-Identifier: MIT
# timeout: 200
# on demand: two starts of a guest
# A command with kernels that are not the running one: each gets the modules of its own release, by which it finds
# the host's files. One is a bzImage, the other a vmlinux.
vmm_limit=80
rm /lib/modules
mkdir /lib/modules
ln -s /lab/root-6.1/lib/modules/* /lab/root-6.12/lib/modules/* /lib/modules
for kernel in "$(echo /lab/root-6.12/boot/vmlinuz-*)" /lab/vmlinux-6.12; do
	vmm --kernel "$kernel" -- uname -r
	expect_status 0
	expect_line "^$(cat /lab/root-6.12/.release)$"
done
rm -r /lib/modules
ln -s /lab/root-6.1/lib/modules /lib/modules
