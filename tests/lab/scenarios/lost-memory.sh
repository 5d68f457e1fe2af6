# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# timeout: 60
# on demand: takes pages of the lab host's memory away for the rest of the boot
# Pages of guest RAM have uncorrectable errors while the device and the guest use them. The machine ends in order,
# says where the error was, and the device is free for the next guest.
bind vfio-pci 0000:01:00.0
echo never > /sys/kernel/mm/transparent_hugepage/enabled
vmm_start --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo busy) nokaslr"
wait_line '^lab: busy' 60

# The largest mapping is guest RAM. The guest's kernel begins 16 MiB into it. pagemap has 8 bytes for each page.
from=$(awk '{ split($1, at, "-"); print length(at[2]), $1 }' "/proc/$vmm_pid/maps" | while read -r _ range; do
	echo $((0x${range#*-} - 0x${range%-*})) "${range%-*}"
done | sort -n | tail -n 1 | cut -d ' ' -f 2)
# The pages are all over the kernel's code, because some of it runs all the time.
for page in $(seq 4096 64 7168); do
	frame=$(dd if="/proc/$vmm_pid/pagemap" bs=8 skip=$((0x$from / 4096 + page)) count=1 2>/dev/null |
		od -An -tx8 | tr -d ' ')
	[ -n "$frame" ] || break
	echo $(((0x$frame & 0x7fffffffffffff) * 4096)) > /sys/devices/system/memory/hard_offline_page
done
vmm_wait
expect_status 1
expect_error '^minivmm: error: ' 'memory'
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
