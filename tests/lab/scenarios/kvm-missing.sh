# SPDX-License-Identifier: MIT
# First this host has no KVM. Then it has a KVM that this user may not open.
bind vfio-pci 0000:01:00.0
rmmod kvm-amd
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
/usr/sbin/modprobe kvm-amd
expect_refusal 1 '/dev/kvm'
chown user "/dev/vfio/$(group_of 0000:01:00.0)"
chmod 777 /tmp
vmm_runner='/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '/dev/kvm' 'permission denied'
