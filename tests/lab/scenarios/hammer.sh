# SPDX-License-Identifier: MIT
# lab: devices=igb qemu=backports
# timeout: 600
# on demand: a CPU that is emulated twice needs minutes
# A network card is put to sleep and reset by its function-level reset, again and again. Meanwhile two more CPUs use
# its registers and its configuration space without a pause. It answers as before, and the host's driver finds it
# whole. The same is done with the reset that the root port above it makes in the guest.
bind vfio-pci 0000:06:00.0
vmm_limit=120
# hammer GUEST CHECK OPTIONS
hammer()
{
	vmm --vfio "06:00.0$3" --cpus 3 --kernel "/lab/stage/kvm/$1.elf" --append "$2"
	expect_status 0
	expect_count 0 '^bad'
	expect_line '^done'
}
# The card's Ethernet address is at 0x5400, and every reset reads it anew.
hammer hammer 'register 21504' ''
# By a reset of the guest's bus, for which the host has the function's own.
hammer bus_reset 'bus 10' ,port=on
bind igb 0000:06:00.0
expect_equal "its driver on the host" "$(driver_of 0000:06:00.0)" igb
