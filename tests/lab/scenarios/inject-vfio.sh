# SPDX-License-Identifier: MIT
# timeout: 280
# Each VFIO ioctl of a whole start fails in turn, and the device's configuration space goes dead at some point. Each
# time there is one clear message, and the device can be started again.
vmm_limit=60
bind vfio-pci 0000:01:00.0
image="--kernel /lab/stage/kvm/endings.elf --append poweroff --memory 16M"
vmm --vfio 01:00.0 $image --trace /tmp/trace.json
expect_status 0

# inject FAULT: the start may be refused, or may go on without what failed.
inject()
{
	vmm --vfio 01:00.0 $image --inject "$1"
	expectations=$((expectations + 1))
	errors=$(grep -c '^minivmm: error: ' $vmm_err)
	case $status in
	0) [ "$errors" -le 1 ] || fail "$1: $errors messages though the guest ran" ;;
	1) [ "$errors" -ge 1 ] || fail "$1: refused without a word" ;;
	*) fail "$1: exit status $status" ;;
	esac
	walked=$((walked + 1))
}

walked=0
jq -r '.[] | select(.ph == "X") | .name' /tmp/trace.json | grep '^VFIO_' | sort | uniq -c > /tmp/calls
while read -r count call; do
	for n in $(seq "$count"); do
		inject "$call#$n=EIO"
	done
done < /tmp/calls
for n in 1 2; do
	inject "config#$n=ffff"
done
expect_equal "thirty faults or more" $((walked >= 30)) 1

# Nothing was left behind: the group is free, and so is the driver.
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
