# SPDX-License-Identifier: MIT
# timeout: 200
# on demand: needs passt and virtiofsd of Debian 13: tests/lab/fetch-qemu.sh build/lab servers
# Servers run already. The guest gets an address by DHCP and fetches a MiB through passt. It reads and writes the
# files of a virtiofsd that is not Debian 12's. Its drivers come twice. Then a server is killed.
servers=/lab/servers
[ -e $servers/.complete ] || skip "no servers of Debian 13 in build/lab"
vmm_limit=80

# The servers are newer than this machine's libraries, so they run with their own.
loader="$servers/usr/lib64/ld-linux-x86-64.so.2 --library-path $servers/usr/lib/x86_64-linux-gnu"

wait_socket()
{
	tries=0
	until [ -S "$1" ]; do
		[ $tries -lt 200 ] || fail "no server at $1"
		tries=$((tries + 1))
		usleep 50000
	done
}

# passt wants a way out of this machine. It also wants a root file system that it can leave, and the kernel's first
# one cannot be left.
serve_network()
{
	network_start 05:00.0 e1000e
	mkdir /tmp/root
	# shellcheck disable=SC2016 # for the shell in the namespace
	unshare -m sh -c '
		mount --rbind / /tmp/root && cd /tmp/root && mount --move . / && exec chroot . "$@"' - \
		$loader $servers/usr/bin/passt --vhost-user --foreground --socket /tmp/net \
		--runas 1000:1000 --interface "$network_card" --address 10.9.9.2 --netmask 24 --gateway 10.9.9.1 \
		--mtu 1500 > /out/passt.log 2>&1 &
	passt=$!
	wait_socket /tmp/net
}

serve_folder()
{
	mkdir /tmp/folder
	cp /tmp/mib /tmp/folder
	$loader $servers/usr/libexec/virtiofsd --socket-path=/tmp/fs --shared-dir=/tmp/folder --sandbox=chroot > /out/virtiofsd.log 2>&1 &
	virtiofsd=$!
	wait_socket /tmp/fs
}

serve_network
serve_folder
httpd -p 8080 -h /tmp/folder
cat > /tmp/lease <<-'END'
	[ "$1" = bound ] || exit 0
	ip addr add $ip/$mask dev $interface
	echo "lease $ip"
END
# What a driver left when it went is no use to the next one, so both come twice. passt shows the lab host as the
# router.
cat > /tmp/commands <<-'END'
	meet()
	{
		ip link set eth0 up
		udhcpc -i eth0 -n -q -s /tmp/lease
		wget -q -O - http://10.9.9.1:8080/mib | md5sum
		mount -t virtiofs data /tmp/m
		md5sum /tmp/m/mib
		cp /tmp/m/mib /tmp/m/copy$1
		umount /tmp/m
	}
	mkdir /tmp/m
	meet 1
	# The first of each kind: the root is the second folder.
	for driver in virtio_net virtiofs; do
		cd /sys/bus/virtio/drivers/$driver
		set -- virtio*
		echo $1 > unbind
		echo $1 > bind
	done
	cd /
	meet 2
END
chmod +x /tmp/lease
vmm --vhost-user net,socket=/tmp/net --vhost-user fs,socket=/tmp/fs,tag=data -- sh /tmp/commands
expect_status 0
expect_count 2 '^lease 10.9.9.2$'
expect_count 4 "^$(image_md5 1)  "
expect_equal 'a copy by the guest' "$(file_md5 /tmp/folder/copy2)" "$(image_md5 1)"

# passt takes the next guest, and then it is lost.
vmm_start --vhost-user net,socket=/tmp/net
wait_line 'driver virtio-pci' 40
kill -9 $passt
vmm_wait
expect_status 4
expect_error '/tmp/net: its vhost-user server closed the connection: the guest is stopped'
