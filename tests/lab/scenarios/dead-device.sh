# SPDX-License-Identifier: MIT
# The device answers all-ones. For this the bridge above it is told to forward another bus, as if the link were down.
bus_number()
{
	printf '%b' "$1" | dd of=/sys/bus/pci/devices/0000:00:02.0/config bs=1 seek=25 conv=notrunc 2>/dev/null
}
bind vfio-pci 0000:02:00.0
trap 'bus_number "\0002"' EXIT
bus_number '\0077'
vmm --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '02:00.0'
