# SPDX-License-Identifier: MIT
# timeout: 150
# Root gave an ordinary user the group's file and /dev/kvm, and nothing else. If one KiB of locked memory is missing,
# doctor and the start refuse beforehand. If nothing is missing, the guest starts.
"$vmm_program" bind 01:00.0 || fail "bind"
chmod 666 /dev/vfio/vfio
chmod 777 /tmp
node=/dev/vfio/$(group_of 0000:01:00.0)
vmm_runner='/usr/bin/prlimit --memlock=268434432:268434432
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm list
expect_status 0
expect_line '^0000:01:00.0.*no access'
vmm doctor --memory 256M 01:00.0
expect_status 1
expect_line 'fail  kvm .*Permission denied'
expect_line 'fail  memlock .*256 MiB'
expect_line "fail  node .*$node.*Permission denied"
expect_line "fix: sudo chown \$USER $node"
vmm bind 02:00.0
expect_status 1
expect_error 'needs root'
expect_error 'fix: sudo .*minivmm bind 0000:02:00.0'
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 "$node" 'permission denied'
chown user "$node" /dev/kvm
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'lock' '256 MiB'
vmm_runner='/usr/bin/prlimit --memlock=268435456:268435456
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm doctor --memory 256M 01:00.0
expect_status 0
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
# Root of a user namespace of that user has the same rights, and no sudo helps. The memory limit is that of the user
# outside.
vmm_runner='/usr/bin/prlimit --memlock=268434432:268434432
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups /bin/busybox unshare -U -r'
vmm doctor --memory 256M 01:00.0
expect_status 1
expect_line 'fail  memlock .*256 MiB'
expect_line 'warn  msix .*user namespace'
expect_line 'fix: .*doctor 0000:01:00.0   # as root outside'
vmm bind 02:00.0
expect_status 1
expect_error 'needs root outside this user namespace'
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'lock' '256 MiB'
vmm_runner=''
vmm restore 01:00.0
expect_status 0
