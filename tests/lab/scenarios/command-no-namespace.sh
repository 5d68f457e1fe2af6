# SPDX-License-Identifier: MIT
# timeout: 300
# on demand: three starts of a guest; a part needs virtiofsd of Debian 13, see vhost-user.sh
# A command runs without root where user namespaces are refused. Debian 12's virtiofsd does not run there, so the
# command gets its own files alone, and a note says how to change that. Debian 13's virtiofsd does run.
chmod 666 /dev/kvm
echo 0 > /proc/sys/user/max_user_namespaces
as_user()
{
	echo "cd /tmp; exec $vmm_program $*" > /tmp/run
	su user -c 'sh /tmp/run' < /dev/null > $vmm_out 2> $vmm_err && status=0 || status=$?
}
as_user "-- /usr/bin/lspci -n"
expect_status 0
expect_line '1af4:1043'
expect_error 'without root or a user namespace'
expect_error 'fix: sudo sysctl user.max_user_namespaces='
as_user "--share /tmp -- true"
expect_status 125
expect_error '/tmp: ' 'which this host refuses'

[ -e /lab/servers/.complete ] || { echo 10000 > /proc/sys/user/max_user_namespaces; end_scenario; }
cat > /tmp/virtiofsd <<-'END'
	#!/bin/sh
	exec /lab/servers/usr/lib64/ld-linux-x86-64.so.2 --library-path /lab/servers/usr/lib/x86_64-linux-gnu \
		/lab/servers/usr/libexec/virtiofsd "$@"
END
chmod 755 /tmp/virtiofsd
mount --bind /tmp/virtiofsd /usr/lib/qemu/virtiofsd
mkdir /tmp/work
chown user /tmp/work
as_user "--share /tmp/work -- sh -c 'cat /etc/group; echo mine > /tmp/work/file; exit 5'"
umount /usr/lib/qemu/virtiofsd
echo 10000 > /proc/sys/user/max_user_namespaces
expect_status 5
expect_line '^user:x:1000:'
expect_equal 'the file' "$(cat /tmp/work/file)" mine
