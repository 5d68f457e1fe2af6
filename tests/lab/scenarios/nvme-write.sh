# SPDX-License-Identifier: MIT
# What a guest writes is what the lab host's own driver reads afterwards.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo write)"
expect_status 0
sum=$(yes "$token" | head -c 65536 | md5sum | cut -d ' ' -f 1)
expect_line "^lab: write 0 $sum"
bind nvme 0000:01:00.0
found=$(dd if="$(disk_of 0000:01:00.0)" bs=64k skip=768 count=1 2>/dev/null | md5sum)
expect_equal "the block on the disk" "${found%% *}" "$sum"
