# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 120
# Two network cards that are eight slots apart have their pins on one line of the guest. Beside them there are devices
# that interrupt by MSI and MSI-X.
bind_many 04:01.0 01:00.0 02:00.0 05:00.0 06:00.0 07:00.0 09:00.0 0a:00.0 04:02.0
network_start
vmm_limit=110
vmm $vfio_args $(guest_devices) --append "$(todo net_up,fetch,irqs)"
expect_status 0
for card in '8139cp 56' '8139cp 57'; do
	expect_line "^lab: fetch $card $(file_md5 /tmp/mib)"
done
expect_line '^lab: irq .* [1-9][0-9]* .*IO-APIC  *17-fasteoi  *eth[0-9], eth[0-9]'
