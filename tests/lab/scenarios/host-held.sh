# SPDX-License-Identifier: MIT
# timeout: 90
# Whoever has a device open is named: for a disk before the disk is bound, and for VFIO's own file before the device
# is given back. A holder that is frozen keeps vfio-pci waiting, and minivmm says so. SIGTERM leaves what restore
# mends.
bind nvme 0000:02:00.0
disk=$(disk_of 0000:02:00.0)
( exec 3< "$disk"; exec sleep 60 ) &
holder=$!
vmm bind 02:00.0
expect_refusal 1 "(pid $holder) has $disk open"
vmm doctor 02:00.0
expect_line "fail  driver .*(pid $holder) has $disk open"
vmm list
expect_line '^0000:02:00.0.*in use'
kill $holder
wait $holder
vmm bind 02:00.0
expect_status 0
vmm_start --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo pci)"
guest_pid=$vmm_pid
tries=0
until for file in "/proc/$guest_pid/fd/"*; do readlink "$file"; done | grep -q "/dev/vfio/[0-9]"; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || fail "the guest never opened the group"
	usleep 100000
done
kill -STOP $guest_pid
vmm restore 02:00.0
expect_refusal 1 "in use by minivmm (pid $guest_pid)"
vmm_start restore --force 02:00.0
usleep 4000000
grep -q "has not let it go yet: it waits for minivmm (pid $guest_pid)" $vmm_err || fail "nothing was said of the wait"
kill -TERM $vmm_pid
vmm_wait
kill -9 $guest_pid
wait $guest_pid
vmm restore 02:00.0
expect_status 0
expect_equal "the driver in the end" "$(driver_of 0000:02:00.0)" nvme
expect_equal "records left" "$(ls /run/minivmm)" ''
