# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 120
# With x-no-kvm-irqfd the pin, MSI and MSI-X go through minivmm's main loop, which the guest does not notice.
bind_many 06:00.0 01:00.0 04:01.0 04:02.0
network_start
vmm_args=
for device in $vfio_args; do
	[ "$device" = --vfio ] || device=$device,x-no-kvm-irqfd=on
	vmm_args="$vmm_args $device"
done
vmm_limit=110
vmm $vmm_args --stats $(guest_devices) --append "$(todo read,net_up,fetch,sound,irqs)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: sound played 0'
for card in '8139cp 56' '8139cp 57'; do
	expect_line "^lab: fetch $card $(file_md5 /tmp/mib)"
done
expect_error '^  KVM_SIGNAL_MSI  *[1-9][0-9]'
