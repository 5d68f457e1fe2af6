# SPDX-License-Identifier: MIT
# timeout: 150
# on demand: memtest86+ is a package of its own; make lab-memtest fetches it and starts this
# Debian's memtest86+ is the guest's kernel: a bzImage that is no Linux. Its screen is on the serial port. It finds
# the guest's memory, and no error in the tests up to the last one, which waits for bits to fade.
memtest=/lab/memtest86+/memtest86+x64.bin
[ -e $memtest ] || skip "no memtest86+ here: make lab-memtest fetches it"
bind vfio-pci 0000:01:00.0
vmm_limit=120
vmm_start --vfio 01:00.0 --memory 64M --kernel $memtest --append console=ttyS0,115200
wait_line 'Memtest86+ v[0-9]' 60
wait_line '#10 \[Bit fade' 60
expect_line 'Memory  : *64MB'
expect_equal "screens with errors" "$(grep -c 'Errors: *[1-9]' $vmm_out)" 0
# It knows no power button, so SIGTERM ends it at once.
kill "$vmm_pid"
vmm_wait
expect_status 143
