# SPDX-License-Identifier: MIT
# timeout: 300
# on demand: needs virtiofsd for arm64: make lab-host ARCH=aarch64
# A command with the host's files below it: its output, its folder, its pipes, its status; and beside a passed-through
# disk. Then the same command without virtiofsd, packed with the libraries that it needs.
[ -x /usr/lib/qemu/virtiofsd ] || skip "no virtiofsd: make lab-host ARCH=aarch64"
cd /tmp || fail "no folder to work in"
vmm_limit=100
vmm -- sh -c 'echo out; echo err >&2; pwd; uname -m; ls /usr/bin/qemu-img; echo new > /etc/passwd; exit 7'
expect_status 7
expect_line '^out$'
expect_line '^/tmp$'
expect_line '^aarch64$'
expect_line '^/usr/bin/qemu-img$'
expect_equal 'standard error' "$(cat $vmm_err)" err
expect_equal 'the host its file' "$(grep -c root /etc/passwd)" 1

vmm -- sh -c 'kill -TERM $$'
expect_status 143
vmm -- /nowhere/program
expect_status 127
vmm -- /etc/passwd
expect_status 126

bind vfio-pci 0000:01:00.0
head -c 1048576 /lab/nvme2.img > /tmp/mib
$vmm_program --vfio 01:00.0 -- sh -c 'cat; dd if=/dev/nvme0n1 bs=64k count=16 iflag=direct | md5sum >&2' < /tmp/mib > /tmp/back 2> $vmm_err
expect_equal "the command's status" $? 0
expect_equal 'a MiB through its pipes' "$(file_md5 /tmp/back)" "$(image_md5 2)"
expect_error "$(image_md5 1)"

mount --bind /dev/null /usr/lib/qemu/virtiofsd
vmm -- qemu-img --version
umount /usr/lib/qemu/virtiofsd
expect_status 0
expect_line '^qemu-img version'
expect_error 'without virtiofsd'
expect_error 'fix: apt-get install virtiofsd'
