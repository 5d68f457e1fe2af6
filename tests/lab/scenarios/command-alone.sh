# SPDX-License-Identifier: MIT
# timeout: 250
# A command runs where virtiofsd is not installed, so the guest has its program and its libraries alone. Then commands
# run with a kernel of the caller's, with a device in software, and with a server that is killed.
cd /tmp || fail "no folder to work in"
vmm_limit=60
mount --bind /dev/null /usr/lib/qemu/virtiofsd
vmm -- /usr/bin/lspci -n
umount /usr/lib/qemu/virtiofsd
expect_status 0
expect_line '1af4:1043'
expect_error 'without virtiofsd'
expect_error 'fix: apt-get install virtiofsd'

# shellcheck disable=SC2016 # for the shell in the guest
vmm --vfio demo --kernel "$(echo /boot/vmlinuz-*)" -- sh -c 'uname -r
	for device in /sys/bus/pci/devices/*; do cat $device/device; done'
expect_status 0
expect_line "^$(uname -r)$"
expect_line '^0x0005$'

# A kernel without modules has no way to tell a status.
vmm --kernel "$(echo /lab/root-6.1-cloud/boot/vmlinuz-*)" -- true
expect_status 125
expect_error 'modules/6.1.*cloud-amd64: is missing'
expect_error 'the guest ended before it reported a status'
expect_error 'fix: minivmm --console file:PATH'

vmm_start -- sh -c 'echo started; sleep 100'
wait_line started 40
# shellcheck disable=SC2046 # two processes
kill -9 $(pidof virtiofsd)
vmm_wait
expect_status 125
expect_error '/: its vhost-user server closed the connection'
