# SPDX-License-Identifier: MIT
# lab: devices=igb qemu=backports
# timeout: 120
# The physical function is one guest's, opened with a token. Its virtual function goes to a second guest if that guest
# is started with the same token. Without a token, or with another one, it is refused, with the line that fixes it.
secret=2ab74924-c335-45f4-9b16-8569e5b08258
echo 1 > /sys/module/vfio_pci/parameters/enable_sriov
bind vfio-pci 0000:06:00.0
vmm_start --vfio 06:00.0,vf-token=$secret $(guest 6.1-cloud) --append "$(todo pci,wait)"
wait_line '^lab: waiting' 60
expect_line '^lab: pci .* 0x8086:0x10c9'
first_pid=$vmm_pid
echo 1 > /sys/bus/pci/devices/0000:06:00.0/sriov_numvfs
bind vfio-pci 0000:06:10.0
vmm_out=/tmp/second.out vmm_err=/tmp/second.err
vmm --vfio 06:10.0 $(guest 6.1-cloud) --append "$(todo pci)"
expect_refusal 1 '06:10.0' 'permission denied'
expect_error 'fix: --vfio 0000:06:10.0,vf-token=UUID'
vmm --vfio 06:10.0,vf-token=00000000-c335-45f4-9b16-8569e5b08258 $(guest 6.1-cloud) --append "$(todo pci)"
expect_refusal 1 '06:10.0' 'permission denied'
expect_error 'fix: vf-token= must be the UUID'
vmm --vfio 06:10.0,vf-token=$secret $(guest 6.1-cloud) --append "$(todo pci)"
expect_status 0
expect_line '^lab: pci .* 0x8086:0x10ca'
expect_equal "the first guest" "$(kill -0 "$first_pid" && echo running)" running
kill "$first_pid"
wait "$first_pid" && status=0 || status=$?
expect_status 143
echo 0 > /sys/module/vfio_pci/parameters/enable_sriov
