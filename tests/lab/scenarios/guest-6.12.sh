# SPDX-License-Identifier: MIT
# timeout: 120
# Debian's 6.12 as guest kernel, with one CPU and with four.
bind vfio-pci 0000:01:00.0
for cpus in 1 4; do
	vmm --vfio 01:00.0 --cpus $cpus $(guest 6.12) --append "$(todo info,read)"
	expect_status 0
	expect_line '^lab: kernel 6\.12'
	expect_line "^lab: cpus $cpus"
	expect_line "^lab: read $(image_md5 1)"
done
