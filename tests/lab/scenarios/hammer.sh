# SPDX-License-Identifier: MIT
# lab: devices=igb qemu=backports
# timeout: 300
# on demand: a CPU that is emulated twice needs a minute
# A network card is put to sleep and reset by its function-level reset, again and again. Meanwhile two more CPUs use
# its registers and its configuration space without a pause. It answers as before, and the host's driver finds it
# whole.
bind vfio-pci 0000:06:00.0
# The card's Ethernet address is at 0x5400, and every reset reads it anew.
vmm_limit=120
vmm --vfio 06:00.0 --cpus 3 --kernel /lab/stage/kvm/hammer.elf --append 'register 21504'
expect_status 0
expect_count 0 '^bad'
expect_line '^done'
bind igb 0000:06:00.0
expect_equal "its driver on the host" "$(driver_of 0000:06:00.0)" igb
