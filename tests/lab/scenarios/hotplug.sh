# SPDX-License-Identifier: MIT
# timeout: 180
# A disk is plugged in, read, and taken away while it is being read, twice. The control socket asks for it, and a
# stock guest lets go when the button of its port is pressed. With --bind the disk goes back to its driver each time.
# A minivmm that sudo started goes on as the caller of sudo, and opens the disk all the same.
add='{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"01:00.0","id":"disk"}}'
del='{"execute":"device_del","arguments":{"id":"disk"}}'
bind nvme 0000:01:00.0
bind nvme 0000:02:00.0
vmm_limit=170
export SUDO_UID=1000 SUDO_GID=1000
vmm_start --bind --vfio 02:00.0,port=on --ports 1 --qmp unix:/tmp/qmp $(guest 6.1-cloud) \
	--append "$(todo hotplug) lab.disk=nvme1n1 lab.rounds=2"
for round in 1 2; do
	wait_line "^lab: waits $round" 60
	control "$add"
	wait_line "^lab: plugged $round 2" 20
	for status in /proc/"$vmm_pid"/task/*/status; do
		expect_equal "filters of $status" "$(sed -n 's/^Seccomp:[[:space:]]*//p' "$status")" 2
		expect_equal "the user of $status" "$(sed -n 's/^Uid:[[:space:]]*//p' "$status" | cut -f 1)" 1000
	done
	control "$del" event:DEVICE_DELETED
	wait_line "^lab: unplugged $round" 20
	expect_equal "its driver on the host" "$(driver_of 0000:01:00.0)" nvme
done
vmm_wait
unset SUDO_UID SUDO_GID
expect_status 0
expect_count 2 "^lab: read $(image_md5 1)"
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
true
