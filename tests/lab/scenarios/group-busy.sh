# SPDX-License-Identifier: MIT
# The group is open in another minivmm, whose guest goes on undisturbed.
bind vfio-pci 0000:01:00.0
vmm_start --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo busy)" --grace 0
wait_line '^lab: busy' 50
first_pid=$vmm_pid
vmm_out=/tmp/second.out vmm_err=/tmp/second.err
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'busy\|in use'
sleep 1
expect_equal "the first guest" "$(kill -0 "$first_pid" && echo running)" running
kill "$first_pid"
wait "$first_pid" && status=0 || status=$?
expect_status 143
