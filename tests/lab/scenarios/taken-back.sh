# SPDX-License-Identifier: MIT
# timeout: 90
# The lab host takes a device back while a guest has it and is busy with another: by unbinding the
# driver, and by removing the device. The command returns at once, and minivmm ends.
# taken_back BDF COMMAND
taken_back()
{
	bind vfio-pci 0000:01:00.0
	bind vfio-pci 0000:05:00.0
	vmm_start --vfio 01:00.0 --vfio 05:00.0 $(guest 6.1-cloud) --append "$(todo busy)"
	wait_line '^lab: busy' 50
	since=$(seconds)
	timeout 20 sh -c "$2" || fail "no end of: $2"
	vmm_limit=10
	vmm_since=$since
	vmm_wait
	expect_equal "promptly: $2" "$(($(seconds) - since <= 5))" 1
	expect_status 4
	expect_error "$1"
}
taken_back 0000:05:00.0 'echo 0000:05:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind'
taken_back 0000:01:00.0 'echo 1 > /sys/bus/pci/devices/0000:01:00.0/remove'
echo 1 > /sys/bus/pci/rescan
