# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 120
# on demand: half a minute for what many-devices shows by traffic
# The network card tests itself, with its registers in all patterns and its interrupts in all modes. In the guest the
# tests say what they say on the lab host. The emulated card fails some of them, here as there. The interrupt test is
# not compared, because the emulated card fails it at varying points.
bind e1000e 0000:05:00.0
card=$(basename /sys/bus/pci/devices/0000:05:00.0/net/*)
ip link set $card up
/usr/sbin/ethtool -t $card offline | tee /tmp/selftest
bind vfio-pci 0000:05:00.0
vmm_limit=90
vmm --vfio 05:00.0 $(guest_tools) --append "$(todo net_up,selftest)"
expect_status 0
for test in Register Eeprom Loopback Link; do
	expect_line "^lab: selftest $(grep "^$test" /tmp/selftest)"
done
