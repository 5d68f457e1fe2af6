# SPDX-License-Identifier: MIT
# timeout: 240
# The bare-metal guests of tests/kvm run again, on a KVM with hardware behind it.
ln -s /lab/stage/minivmm /tmp/minivmm
ln -s /lab/stage/kvm /tmp/kvm
ln -s /lab/stage/guests /tmp/guests
# Servers of disks start slowly in here, and have a scenario of their own.
export KVM_WITHOUT_DISKS='the lab has the scenario disk'
# A boot takes longer in here, too.
export KVM_BOOTS=20
sh /lab/stage/kvm-run.sh /tmp > /tmp/kvm.out 2>&1
status=$?
cat /tmp/kvm.out
expect_equal "failed tests" "$(sed -n 's/^FAIL \([^:]*\).*/\1/p' /tmp/kvm.out)" ""
expect_equal "exit status" $status 0
expect_equal "eighty tests or more" $(($(grep -c '^PASS' /tmp/kvm.out) >= 80)) 1
