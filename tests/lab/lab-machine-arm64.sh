# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2054
# The emulated arm64 machine, read by lab.sh after lab-machine.sh, which it overrides: virtualization, a
# GICv3 with ITS, an SMMUv3, and
#   01:00.0 NVMe with nvme1.img   02:00.0 NVMe with nvme2.img   each alone in its group
#   03:00.0 rtl8139               04:00.0 e1000e, each alone in its group
#   05:00.0 virtio-net            the lab host's end of the same network
# with disk=systemd-boot the first NVMe is the disk of an installed system (mkinstalled.sh).
# The emulator loses no interrupts here, so nobody reads the pulse. One processor all the same: `make check`
# runs it beside the other lab.
machine_emulator=qemu-system-aarch64
machine_defaults=(cpus=1 disk=nvme1 kernel=6.1 memory=3G)

machine_devices()
{
	printf '0000:%s\n' 01:00.0 02:00.0 03:00.0 04:00.0 05:00.0
}

# machine_args CONFIG: sets the array `machine`.
machine_args()
{
	local setting port
	local cpus disk kernel memory

	for setting in $1; do
		local "${setting?}"
	done
	machine=(-machine virt,virtualization=on,gic-version=3,iommu=smmuv3 -accel tcg,thread=multi
		-cpu max,pauth-impdef=on -smp "$cpus" -m "$memory" -nodefaults -display none -no-reboot
		-kernel "$(echo "$LAB_DIR/root-$kernel"/boot/vmlinuz-*)" -initrd "host-$kernel.cpio"
		-append "console=ttyAMA0 loglevel=4 panic=-1 lab.kernel=$kernel")
	for port in 1 2 3 4 5; do
		add -device "pcie-root-port,id=port$port,slot=$port,addr=$port"
	done
	add_nvme 1 "$disk"
	add_nvme 2
	add -netdev hubport,id=net0,hubid=0 -device rtl8139,netdev=net0,bus=port3 \
		-netdev hubport,id=net1,hubid=0 -device e1000e,netdev=net1,bus=port4 \
		-netdev hubport,id=net2,hubid=0 -device virtio-net-pci,netdev=net2,bus=port5
	add_shares
}

# machine_missing CONFIG: why this machine cannot be had here; empty if it can.
machine_missing()
{
	case $1 in
	*disk=systemd-boot*)
		[ -e "$LAB_DIR/systemd-boot.img" ] || echo "no installed system: make lab-host ARCH=aarch64 makes it"
		;;
	esac
}

# machine_serial CONSOLE RESULTS: the machine has one port for the console, so a card brings four more.
machine_serial()
{
	add -serial "$1" -chardev "$2,id=results" \
		-chardev null,id=unused0 -chardev null,id=unused2 -chardev null,id=unused3 \
		-device pci-serial-4x,addr=0x14,chardev1=unused0,chardev2=results,chardev3=unused2,chardev4=unused3
}
