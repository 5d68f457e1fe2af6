# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2054
# The emulated machine, read by lab.sh: which hardware the lab host has. The same everywhere:
#   01:00.0 NVMe with nvme1.img   02:00.0 NVMe with nvme2.img   each alone in its group
#   04:01.0 04:02.0 rtl8139       behind a conventional bridge, hence one group of two
#   05:00.0 e1000e
# with devices=many also, each alone in its group behind a root port of its own:
#   06:00.0 intel-hda   07:00.0 edu         08:00.0 bochs-display   09:00.0 qemu-xhci with usb.img
#   0a:00.0 ich9-ahci with sata.img         0b:00.0 ivshmem-plain, of shared=2G, /out/ivshmem.mem
#   0c:00.0 NVMe with nvme3.img and up to two virtual functions    0d:00.0 virtio-net with AER
#   0e:00.0 0e:00.1 pci-testdev, two functions of one device, hence one group of two
# with devices=igb, which takes qemu=backports or qemu=newest:
#   06:00.0 igb, a network card; 06:10.0 its first virtual function
# with devices=32: 06:00.0 to 09:00.7 NVMe controllers without disks, 32 functions in four groups of eight
# with nodes=2 two NUMA nodes of one CPU (cpus=2) and half of the memory each, with 06:00.0 NVMe next to node 1
# with bits=48 its CPU addresses as many bits as that; its IOMMU has 39.
# with disk=grub or disk=systemd-boot the first NVMe is the disk of an installed system (mkinstalled.sh)
# and what a scenario can ask for. One processor, because the emulator loses interrupts: at VMRUN and at
# an exit from a guest QEMU (7.2, and 10.0 too) changes the word of pending interrupts without its
# lock, and a request that comes at that moment from another thread is gone. It stays in the local
# APIC, though, and is seen when the next interrupt comes; the lab's pulse makes sure that one does.
# With two processors the other one gets no pulse. QEMU 11.1 changes that word atomically, so
# qemu=newest has no pulse unless it is asked for.
machine_emulator="qemu-system-x86_64"
machine_defaults=(bits=40 cpus=1 devices=few disk=nvme1 intremap=on iommu=on kernel=6.1 memory=6G nodes=1 pulse=on qemu=stable
	shared=2G svm=on)

# machine_kernel NAME: prints the kernel to take for it. Where only the newest one with iommufd was built, that is the one.
machine_kernel()
{
	if [ "$1" = iommufd ] && [ ! -e "$LAB_DIR/vmlinux-iommufd" ] && [ -e "$LAB_DIR/vmlinux-iommufd-newest" ]; then
		echo iommufd-newest
	else
		echo "$1"
	fi
}

# machine_config "KEY=VALUE...": the complete configuration, in a fixed order. What it does not name is as
# $LAB_MACHINE says, or the default.
machine_config()
{
	local default key value config='' wanted="${LAB_MACHINE:-} $1"

	[[ " $wanted " != *" qemu=newest "* ]] || wanted="pulse=off $wanted"
	for default in "${machine_defaults[@]}"; do
		key=${default%%=*}
		value=$(echo " $wanted " | sed -n "s/.* $key=\([^ ]*\) .*/\1/p")
		[ "$key" != kernel ] || value=$(machine_kernel "$value")
		config+="${config:+ }$key=${value:-${default#*=}}"
	done
	echo "$config"
}

# These are the devices that scenarios may bind, and that are freed between scenarios.
machine_devices()
{
	printf '0000:%s\n' 01:00.0 02:00.0 04:01.0 04:02.0 05:00.0 06:00.0 07:00.0 08:00.0 09:00.0 \
		06:00.{1..7} 07:00.{1..7} 08:00.{1..7} 09:00.{1..7} 06:10.0 41:00.0 0a:00.0 0b:00.0 0c:00.1 0c:00.2 0c:00.0 0d:00.0 0e:00.0 0e:00.1
}

add()
{
	machine+=("$@")
}

# A folder of this machine, by 9p. It is at a fixed place on the root bus, so that bus numbers stay the same.
add_share()
{
	local tag=$1 path=$2 slot=$3

	add -fsdev "local,id=$tag,path=$path,security_model=none${4:+,$4}" \
		-device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag,addr=$slot"
}

add_shares()
{
	add_share usr "$LAB_USR" 0x10 readonly=on
	add_share lab "$LAB_DIR" 0x11 readonly=on
	add_share out "$LAB_DIR/logs" 0x12
}

# Disks are snapshots: writes are seen until the end of the boot and never reach the image.
add_nvme()
{
	add -drive "file=${2:-nvme$1}.img,if=none,id=disk$1,format=raw,snapshot=on" \
		-device "nvme,id=nvme$1,drive=disk$1,serial=lab$1,bus=${3:-port$1}"
}

# add_disk NAME: adds the other end of a drive that some controller takes.
add_disk()
{
	add -drive "file=$1.img,if=none,id=$1,format=raw,snapshot=on"
}

# Adds one device of every kind that a stock Linux driver knows, or that shows a rare feature: MSI, a display, USB,
# SATA, a BAR of gigabytes, virtual functions, error reporting.
add_many()
{
	local port functions=sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=4

	for port in 5 6 7 8 9 10 11 12 13; do
		add -device "pcie-root-port,id=port$port,slot=$port,addr=$(printf '%x' "$port")"
	done
	# The emulator takes no file that is smaller than it is told.
	rm -f "$LAB_DIR/logs/ivshmem.mem"
	add_disk usb
	add_disk sata
	add_disk nvme3
	add -audiodev wav,id=sound,path=logs/sound.wav -device intel-hda,id=hda,bus=port5 \
		-device hda-output,bus=hda.0,audiodev=sound,mixer=off \
		-device edu,id=edu,bus=port6 \
		-device bochs-display,id=display,bus=port7,xres=640,yres=480 \
		-device qemu-xhci,id=xhci,bus=port8 -device usb-storage,bus=xhci.0,drive=usb \
		-device ich9-ahci,id=ahci,bus=port9 -device ide-hd,bus=ahci.0,drive=sata \
		-object memory-backend-file,id=shared,mem-path=logs/ivshmem.mem,size="$shared",share=on \
		-device ivshmem-plain,id=ivshmem,memdev=shared,bus=port10 \
		-device nvme-subsys,id=subsys3,nqn=lab3 \
		-device "nvme,id=nvme3,serial=lab3,subsys=subsys3,bus=port11,$functions" \
		-device nvme-ns,drive=nvme3,bus=nvme3,nsid=1,shared=on \
		-netdev hubport,id=net3,hubid=0 \
		-device virtio-net-pci,id=virtio,netdev=net3,bus=port12,aer=on,iommu_platform=on,disable-legacy=on \
		-device pci-testdev,bus=port13,addr=0.0,multifunction=on \
		-device pci-testdev,bus=port13,addr=0.1
}

# A network card with virtual functions, at work with Linux' stock drivers for both.
add_igb()
{
	add -device pcie-root-port,id=port5,slot=5,addr=5 \
		-netdev hubport,id=net3,hubid=0 -device igb,id=igb,netdev=net3,bus=port5
}

# Four devices of eight functions each, with a BAR, MSI-X and function-level reset.
add_32()
{
	local port function

	for port in 5 6 7 8; do
		add -device "pcie-root-port,id=port$port,slot=$port,addr=$(printf '%x' "$port")"
		for function in 0 1 2 3 4 5 6 7; do
			add -device "nvme,serial=$port.$function,bus=port$port,addr=0.$function,multifunction=on"
		done
	done
}

# Each node has half of the memory and a CPU. A bus of its own with a third NVMe is next to the second node.
add_nodes()
{
	local half=$((${1%G} * 512))

	add -object "memory-backend-ram,id=ram0,size=${half}M" -object "memory-backend-ram,id=ram1,size=${half}M" \
		-numa node,nodeid=0,cpus=0,memdev=ram0 -numa node,nodeid=1,cpus=1,memdev=ram1 \
		-device pxb-pcie,id=far,bus_nr=64,numa_node=1,bus=pcie.0,addr=0x14 \
		-device pcie-root-port,id=port5,bus=far,slot=5
	add_nvme 3 nvme3 port5
}

# machine_missing CONFIG: prints why this machine cannot be had here, or nothing if it can.
machine_missing()
{
	case $1 in
	*qemu=backports*)
		[ -e "$LAB_DIR/qemu-backports/.complete" ] ||
			echo "no newer QEMU: fetch-qemu.sh found none on the mirror"
		;;
	*qemu=newest*)
		[ -e "$LAB_DIR/qemu-newest/.complete" ] || echo "no newest QEMU: make lab-newest fetches it"
		;;
	*kernel=newest*)
		[ -e "$LAB_DIR/vmlinux-newest" ] || echo "no newest kernel: make lab-newest fetches it"
		;;
	*kernel=iommufd-newest*)
		[ -e "$LAB_DIR/vmlinux-iommufd-newest" ] ||
			echo "no newest kernel with iommufd: make lab-iommufd-newest builds one, in ten minutes"
		;;
	*kernel=iommufd*)
		[ -e "$LAB_DIR/vmlinux-iommufd" ] ||
			echo "no kernel with iommufd: make lab-iommufd builds one, in ten minutes"
		;;
	esac
}

# The other files are those of the installed QEMU.
use_qemu_of_backports()
{
	local root=$LAB_DIR/qemu-backports/usr

	machine_emulator=$root/bin/qemu-system-x86_64
	export QEMU_MODULE_DIR=$root/lib/x86_64-linux-gnu/qemu
	add -L "$root/share/qemu" -L /usr/share/seabios -L /usr/share/qemu
}

# This QEMU has its own libraries and loader, so a script starts it.
use_qemu_of_newest()
{
	# shellcheck disable=SC2154 # lab.sh's folder
	machine_emulator=$here/../devices/newest-qemu.sh
	machine=("$LAB_DIR/qemu-newest" "${machine[@]}")
}

# machine_args CONFIG: sets the array `machine` and $machine_emulator.
machine_args()
{
	local setting port
	# shellcheck disable=SC2034
	local bits cpus devices disk intremap iommu kernel memory nodes pulse qemu shared svm

	for setting in $1; do
		local "${setting?}"
	done
	# EPYC, without what the emulation lacks, because the emulator would warn about that.
	local cpu=EPYC,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext
	# Byte-wise string instructions are slow here. Without erms Linux moves eight bytes at a time.
	cpu+=,-nrip-save,-xsavec,-erms,svm=$svm,npt=$svm,phys-bits=$bits

	machine=(-machine q35 -accel tcg,thread=multi -cpu "$cpu" -smp "$cpus" -m "$memory"
		-nodefaults -display none -no-reboot
		-kernel "vmlinux-$kernel" -initrd "host-$kernel.cpio"
		-append "console=ttyS0 intel_iommu=on no_timer_check loglevel=4 panic=-1 lab.kernel=$kernel")
	machine_emulator="qemu-system-x86_64"
	[ "$qemu" = stable ] || "use_qemu_of_$qemu"
	[ "$iommu" = off ] || add -device "intel-iommu,intremap=$intremap"

	for port in 1 2 3 4; do
		add -device "pcie-root-port,id=port$port,slot=$port,addr=$port"
	done
	add_nvme 1 "$disk"
	add_nvme 2
	add -device pcie-pci-bridge,id=bridge,bus=port3 \
		-netdev hubport,id=net0,hubid=0 -device rtl8139,netdev=net0,bus=bridge,addr=1 \
		-netdev hubport,id=net1,hubid=0 -device rtl8139,netdev=net1,bus=bridge,addr=2 \
		-netdev hubport,id=net2,hubid=0 -device e1000e,id=nic,netdev=net2,bus=port4
	case $devices in
	many) add_many ;;
	igb) add_igb ;;
	32) add_32 ;;
	esac
	add_shares
	# This comes last, because a device that names no bus takes the newest one.
	[ "$nodes" = 1 ] || add_nodes "$memory"
}

# machine_serial CONSOLE RESULTS: the four serial ports, in the emulator's words where the first two go.
# The emulator listens on qmp.lab and its own third serial port is the caller: a scenario can pull its
# own hardware. qmp.sock is for people. The fourth port brings the pulse.
machine_serial()
{
	add -serial "$1" -serial "$2" \
		-chardev socket,id=qmp,path=qmp.lab,server=on,wait=off -mon chardev=qmp,mode=control \
		-chardev socket,id=qmpserial,path=qmp.lab -serial chardev:qmpserial \
		-chardev pipe,id=pulse,path=pulse -serial chardev:pulse \
		-qmp unix:qmp.sock,server=on,wait=off
}
