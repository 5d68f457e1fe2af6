# SPDX-License-Identifier: MIT
# timeout: 120
# The host wants one of a guest's two devices back: by unbinding it, then by removing it. It gets it
# within two seconds, the guest is stopped, and both devices are fit for the next one.
centiseconds()
{
	sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\2/' /proc/uptime
}

# take_back FILE TEXT BDF: minivmm must have let go of the device by the time that the host has it.
take_back()
{
	vmm_start --vfio 01:00.0 --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo busy)"
	wait_line '^lab: busy' 60
	since=$(centiseconds)
	echo "$2" > "$1"
	took=$(($(centiseconds) - since))
	echo "--- given back after $took hundredths of a second"
	vmm_wait
	expect_status 4
	expect_error "$3" 'the host wants the device back'
	expect_equal "given back within two seconds" $((took <= 200)) 1
}

bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
take_back /sys/bus/pci/drivers/vfio-pci/unbind 0000:02:00.0 02:00.0
bind vfio-pci 0000:02:00.0
take_back /sys/bus/pci/devices/0000:01:00.0/remove 1 01:00.0
echo 1 > /sys/bus/pci/rescan
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read,pci)"
expect_status 0
expect_count 2 '^lab: pci .* 0x1b36:0x0010 nvme'
