# SPDX-License-Identifier: MIT
# Addresses that no device has, and addresses that are none.
vmm --vfio 0a:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '0a:00.0'
for bdf in 1 01:00 01:00.8 01:20.0 zz:00.0 0000:01:00.0x ''; do
	vmm --vfio "$bdf" $(guest 6.1-cloud) --append "$(todo read)"
	expect_refusal 2 "$bdf"
done
vmm --vfio 01:00.0,nonsense=1 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 2 "unknown property 'nonsense'"
