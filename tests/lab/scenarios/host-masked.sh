# SPDX-License-Identifier: MIT
# The host is as container engines have it: /proc/interrupts and /sys/firmware are masked, and interrupts have no
# folders. minivmm says what cannot be seen, and that stops nothing.
bind vfio-pci 0000:01:00.0
mount --bind /dev/null /proc/interrupts || fail "mount"
mount -t tmpfs none /sys/firmware || fail "mount"
vmm doctor 01:00.0
expect_status 0
expect_line 'ok    remapping'
mount -t tmpfs none /sys/kernel/irq || fail "mount"
vmm doctor 01:00.0
umount /sys/kernel/irq
umount /sys/firmware
umount /proc/interrupts
expect_status 0
expect_line 'warn  remapping .*cannot be seen from here'
