# SPDX-License-Identifier: MIT
# timeout: 120
# The host wants a device back that is below a root port. The guest is asked, lets go, and runs on with the other one.
# What the host took can be given to the next guest.
bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
vmm_start --vfio 01:00.0,port=on --vfio 02:00.0,port=on,id=second $(guest 6.1-cloud) --append "$(todo busy)"
wait_line '^lab: busy' 60
echo 0000:02:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind
[ ! -e /sys/bus/pci/drivers/vfio-pci/0000:02:00.0 ] || fail "still bound"
cat $vmm_err
kill -0 $vmm_pid || fail "the guest did not run on"
expect_error '02:00.0' 'the host wants the device back'
wait_error 'was taken away from the guest' 20
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
kill $vmm_pid
vmm_wait
expect_status 143
