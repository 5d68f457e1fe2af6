# SPDX-License-Identifier: MIT
# Two devices of two groups in one container; each disk is the right one.
bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
vmm --vfio 01:00.0 --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read,pci) lab.disk=nvme0n1"
expect_status 0
expect_equal "warnings, such as of peer-to-peer maps" "$(cat $vmm_err)" ""
expect_count 2 '^lab: pci .* 0x1b36:0x0010 nvme'
first=$(sed -n 's/^lab: read \([0-9a-f]*\).*/\1/p' $vmm_out)
vmm --vfio 01:00.0 --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read) lab.disk=nvme1n1"
expect_status 0
second=$(sed -n 's/^lab: read \([0-9a-f]*\).*/\1/p' $vmm_out)
# Which controller the guest calls nvme0 is a race of its own.
expect_equal "the pair of disks" "$(printf '%s\n' "$first" "$second" | sort)" \
	"$(printf '%s\n' "$(image_md5 1)" "$(image_md5 2)" | sort)"
