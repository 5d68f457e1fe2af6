# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot memory=5G
# timeout: 900
# on demand: needs AAVMF and qemu-storage-daemon for arm64: make lab-host ARCH=aarch64
# UEFI firmware starts a system from a disk image, its files named as QEMU's users do; with RAM on both sides of 4 GiB and
# two CPUs. Beside a passed-through disk that can be started, too, the first on the command line is it. Files that
# are no firmware, or no variables, are told in a line each.
share=/usr/share/AAVMF
[ -e $share/AAVMF_CODE.fd ] || skip "no AAVMF: make lab-host ARCH=aarch64"
vmm_limit=400
qemu-img convert -f raw -O qcow2 /lab/systemd-boot.img /tmp/disk.qcow2
truncate -s 1M /tmp/vars.fd
vmm --disk /tmp/disk.qcow2 -m 3400M -smp 2 -drive if=pflash,format=raw,readonly=on,file=$share/AAVMF_CODE.fd \
	-drive if=pflash,format=raw,file=/tmp/vars.fd --dump-dtb /tmp/guest.dtb
expect_status 0
expect_line '^installed: efi 64'
expect_line '^installed: memory 3[34][0-9]* kB'
expect_line 'installed: start 2'
expect_line "^installed: kept 'start 1'"
expect_equal "the device tree's first word" "$(od -An -tx1 -N4 /tmp/guest.dtb | tr -d ' ')" d00dfeed

bind vfio-pci 0000:01:00.0
for order in '--disk /tmp/disk.qcow2 --vfio 01:00.0' '--vfio 01:00.0 --disk /tmp/disk.qcow2'; do
	# shellcheck disable=SC2086 # words
	vmm_start $order --memory 512M --firmware /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
	wait_line 'BdsDxe: starting Boot' 120
	case $order in
	--disk*) expect_count 0 'BdsDxe: starting Boot.*NVMe' ;;
	*) expect_line 'BdsDxe: starting Boot.*NVMe' ;;
	esac
	kill -9 "$vmm_pid"
	vmm_wait
done

refused()
{
	vmm --firmware "$1"
	shift
	expect_refusal 1 "$@"
}

dd if=$share/AAVMF_CODE.fd of=/tmp/truncated.fd bs=64k count=16 2> /dev/null
truncate -s 1M /tmp/zero.fd
refused /tmp/truncated.fd 'is truncated'
refused /tmp/zero.fd 'is not UEFI firmware'
refused "$(echo /lab/root-6.1/boot/vmlinuz-*)" 'is a kernel'
cp $share/AAVMF_CODE.fd /tmp/code.fd # /usr cannot be written to
refused $share/AAVMF_CODE.fd,vars=/tmp/code.fd "firmware's code, not its variables"
refused $share/AAVMF_CODE.fd,vars=/tmp/truncated.fd "firmware's code, not its variables"
