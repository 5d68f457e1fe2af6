# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 300
# One guest has eleven devices at once, each with the stock driver that there is. Tools that know nothing of virtual
# machines judge them. Before that the guest is rebooted, after which minivmm has no more than it had, and every
# driver is reloaded twice.
words=lab2,boots,settle,reboots,reload,pci,disks,nvme_disks,net_up,fetch,load,sound,paint,shared_memory,fio,irqs
places='0x0 0x3ffffff0 0x40000000 0x7fffff00'
functions_start
bind_many $many_devices
network_start
recorded=$(wc -c < /out/sound.wav)
for offset in $places; do
	poke $offset '\0001\0002\0003\0004\0005\0006\0007\0010'
done
vmm_limit=290
vmm_start $vfio_args $(guest_tools) --append "$(todo $words) lab.mib=8 lab.rounds=2"
for boot in 1 2; do
	wait_line "^lab: settled $boot" 120
	holdings | tee -a /tmp/holdings
done
wait_line '^lab: painted' 150
screendump many
vmm_wait
expect_status 0
expect_equal "what it holds after the reboot" "$(tail -n 1 /tmp/holdings)" "$(head -n 1 /tmp/holdings)"
expect_equal "interrupts that VFIO still has on the lab host" "$(grep -c vfio /proc/interrupts)" 0
expect_line '^lab: reloaded 2'
expect_count 12 '^lab: pci .* \(8139cp\|e1000e\|snd_hda_intel\|bochs-drm\|xhci_hcd\|ahci\|nvme\|none\)'

expect_line "^lab: disk usb $(file_md5 /lab/usb.img)"
expect_line "^lab: disk sata $(file_md5 /lab/sata.img)"
expect_line "^lab: nvme .* lab2 $(file_md5 /lab/nvme2.img)"
expect_line "^lab: nvme .* lab3 $(file_md5 /lab/nvme3.img)"
for card in '8139cp 56' '8139cp 57' 'e1000e 58'; do
	expect_line "^lab: fetch $card $(file_md5 /tmp/mib)"
done
expect_line '^lab: load .*receiver'
expect_line '^lab: sound played 0'
sound=$(tail -c +$((recorded + 1)) /out/sound.wav | tr -d '\0' | wc -c)
expect_equal "a second of sound or more, $sound bytes" $((sound >= 100000)) 1
expect_count 2 '^lab: fio nvme.n1 0'

# A MiB is 700 packets. On a slow machine dozens of them share an interrupt. The interrupts of the others are counted
# where they should come.
expect_count 2 '^lab: irq .* [1-9][0-9][0-9]* .*IO-APIC.*eth'
expect_line '^lab: irq .* [1-9][0-9]* .*PCI-MSI.*snd_hda_intel'
expect_line '^lab: irq .* [1-9][0-9]* .*PCI-MSI.*ahci'
expect_line '^lab: irq .* [1-9][0-9]* .*PCI-MSI.*xhci_hcd'

# The guest drew three bands with a line of text in each.
expect_equal "the red band" "$(pixels many 40)" aa0000
expect_equal "the green band" "$(pixels many 200)" 00aa00
expect_equal "the blue band" "$(pixels many 360)" 0000aa
expect_equal "text in the red band" "$(pixels many 87)" 'aa0000 aaaaaa'

for offset in $places; do
	expect_line "^lab: shared $offset 0x0807060504030201"
	expect_equal "the guest's word at $offset" "$(peek $((offset + 8)))" \
		"$(printf '%016x' $((0x1122334400000000 + offset)))"
done
