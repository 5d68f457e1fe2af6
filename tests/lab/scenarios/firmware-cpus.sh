# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot memory=3G qemu=newest
# timeout: 240
# on demand: 300 threads on the lab host, a minute and a half
# The firmware starts more CPUs than 8 bits of an APIC id can number, and hands all of them to Linux, which starts the
# second one. The others are left waiting, because one processor runs them all.
bind nvme 0000:01:00.0
printf 'title installed\nlinux /vmlinuz\ninitrd /initrd\noptions console=ttyS0 maxcpus=2\n' > /tmp/lab.conf
/usr/bin/mcopy -o -i "$(disk_of 0000:01:00.0)@@1M" /tmp/lab.conf ::/loader/entries || fail 'no words for the kernel'
bind vfio-pci 0000:01:00.0
# So many threads keep the processor busy that the firmware's next tick would always be waiting: see slow_ticks. Its
# ticks come every five seconds until Linux has a timer of its own. Even so the emulator aborts at times, and
# the lab tries again.
echo 5000000 > /sys/module/kvm/parameters/min_timer_period_us
vmm_limit=230
vmm --vfio 01:00.0 --cpus 300 --memory 512M --no-reboot --firmware /usr/share/OVMF/OVMF_CODE_4M.fd
expect_line 'BdsDxe: starting Boot'
expect_line 'x2apic: enabled by BIOS'
expect_line 'smpboot: Allowing 300 CPUs, 0 hotplug CPUs'
expect_line 'smp: Brought up 1 node, 2 CPUs'
expect_line '^installed: efi 64'
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|APIC\|apic\)'
