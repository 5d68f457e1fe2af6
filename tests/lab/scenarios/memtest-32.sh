# SPDX-License-Identifier: MIT
# timeout: 120
# on demand: memtest86+ is a package of its own; make lab-memtest fetches it and starts this
# memtest86+ for CPUs of 32 bits is a bzImage that is entered by the boot protocol's 32-bit entry. It finds the
# guest's memory, and goes on from test to test.
memtest=/lab/memtest86+/memtest86+ia32.bin
[ -e $memtest ] || skip "no memtest86+ here: make lab-memtest fetches it"
vmm_limit=90
vmm_start --vfio demo --memory 64M --kernel $memtest --append console=ttyS0,115200
wait_line 'Memtest86+ v[0-9]' 60
wait_line '#3 ' 60
expect_line 'Memory  : *64MB'
expect_equal "screens with errors" "$(grep -c 'Errors: *[1-9]' $vmm_out)" 0
kill "$vmm_pid"
vmm_wait
expect_status 143
