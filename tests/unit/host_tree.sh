#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # the situations are called by name
# host_tree.sh DIR SITUATION [READY]: makes DIR the root of a host that does not exist, for
# MINIVMM_HOST_ROOT. Every tree is the same healthy machine, then one thing is done to it: the
# function named like the situation, with `-` as `_`. READY is a tree of the situation `ready`, to
# be copied rather than made anew. `host_tree.sh list` prints all situations.
#
# The machine: Intel, Debian, VT-d of 39 bits.
#   01:00.0  NVMe disk, bound to vfio-pci, alone in group 1, below the root port 00:01.0
#   02:00.0  NVMe disk, bound to nvme, alone in group 2, below the root port 00:02.0
#   03:00.0  network card, bound to e1000e, alone in group 3, below the root port 00:03.0
#   00:1f.2  SATA, bound to ahci
#   04:00.0 04:00.1  GPU and its audio function, group 4, below the root port 00:04.0; and 05:00.0,
#            the GPU that the host uses
set -eu
umask 022

# --- what trees are made of

# bytes FILE OFFSET HEX...: writes the bytes into the file, at that place.
bytes()
{
	bytes_file=$1 bytes_offset=$2 bytes_text=
	shift 2
	for byte; do
		bytes_text=$bytes_text$(printf '\\0%03o' "0x$byte")
	done
	printf '%b' "$bytes_text" |
		dd of="$bytes_file" bs=1 seek="$bytes_offset" conv=notrunc status=none
}

# device PATH VENDOR DEVICE CLASS GROUP DRIVER: makes a folder below sys/devices/pci0000:00, an endpoint with power
# management, MSI-X and PCI Express. GROUP and DRIVER may be `-`.
device()
{
	dir=sys/devices/pci0000:00/$1 bdf=${1##*/}
	mkdir -p "$dir/power"
	echo "0x$2" > "$dir/vendor"
	echo "0x$3" > "$dir/device"
	echo "0x$4" > "$dir/class"
	echo '(null)' > "$dir/driver_override"
	echo "pci:v0000$2d0000$3" > "$dir/modalias"
	echo D0 > "$dir/power_state"
	echo active > "$dir/power/runtime_status"
	echo 1 > "$dir/d3cold_allowed"
	echo flr bus > "$dir/reset_method"
	: > "$dir/reset"
	head -c 4096 /dev/zero > "$dir/config"
	# The status says that there is a list of capabilities. It begins at 0x40 with MSI-X of 8 vectors, whose table
	# is at 0x2000 of BAR 0.
	bytes "$dir/config" 0 86 80 34 12 00 00 10 00
	bytes "$dir/config" $((0x34)) 40
	bytes "$dir/config" $((0x40)) 11 60 07 00 00 20 00 00 00 30 00 00
	# PCI Express comes next, as an endpoint.
	bytes "$dir/config" $((0x60)) 10 00 02 00
	printf '0x%016x 0x%016x 0x%016x\n' \
		$((0x6000000000)) $((0x6000003fff)) $((0x140204)) 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 \
		0 0 0 > "$dir/resource"
	mkdir -p sys/bus/pci/devices
	ln -sf "../../../devices/pci0000:00/$1" "sys/bus/pci/devices/$bdf"
	[ "$5" = - ] || group "$bdf" "$5"
	[ "$6" = - ] || driver "$bdf" "$6"
}

at()
{
	echo "sys/bus/pci/devices/0000:$1"
}

group()
{
	mkdir -p "sys/kernel/iommu_groups/$2/devices"
	ln -sfn "/sys/kernel/iommu_groups/$2" "sys/bus/pci/devices/$1/iommu_group"
	ln -sfn "../../../../bus/pci/devices/$1" "sys/kernel/iommu_groups/$2/devices/$1"
	echo '0x00000000fee00000 0x00000000feefffff msi' \
		> "sys/kernel/iommu_groups/$2/reserved_regions"
}

driver()
{
	mkdir -p "sys/bus/pci/drivers/$2"
	: > "sys/bus/pci/drivers/$2/bind"
	: > "sys/bus/pci/drivers/$2/unbind"
	rm -f "sys/bus/pci/devices/$1/driver"
	[ "$2" = - ] || ln -s "../../../bus/pci/drivers/$2" "sys/bus/pci/devices/$1/driver"
}

# port PATH GROUP: makes a root port with ACS.
port()
{
	device "$1" 8086 a340 060400 "$2" pcieport
	bytes "$dir/config" $((0x40)) 10 00 42 00
	bytes "$dir/config" $((0x100)) 0d 00 01 00
}

# no_acs PATH
no_acs()
{
	bytes "sys/devices/pci0000:00/$1/config" $((0x100)) 00 00 00 00
}

# disk BDF PATH NAME NUMBER: makes a disk of a device. PATH is where below the device the disk is.
disk()
{
	mkdir -p "$(at "$1")/$2/$3/holders" sys/class/block
	echo "$4" > "$(at "$1")/$2/$3/dev"
	real=$(readlink "$(at "$1")")
	ln -s "../../${real#../../../}/$2/$3" "sys/class/block/$3"
}

# upper NAME NUMBER LOWER: makes a virtual disk that stands on another one.
upper()
{
	mkdir -p "sys/devices/virtual/block/$1/holders" "sys/devices/virtual/block/$1/slaves"
	echo "$2" > "sys/devices/virtual/block/$1/dev"
	ln -s "../../devices/virtual/block/$1" "sys/class/block/$1"
	ln -s "../../../../virtual/block/$1" "sys/class/block/$3/holders/$1"
	: > "sys/devices/virtual/block/$1/slaves/$3"
}

mounted()
{
	printf '40 28 %s / %s rw,relatime shared:1 - ext4 %s rw\n' "$@" >> proc/self/mountinfo
}

# netdev BDF NAME
netdev()
{
	mkdir -p "$(at "$1")/net/$2" sys/class/net
	real=$(readlink "$(at "$1")")
	ln -s "../../${real#../../../}/net/$2" "sys/class/net/$2"
}

cmdline()
{
	echo "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro $*" > proc/cmdline
}

modules()
{
	mkdir -p "lib/modules/$(uname -r)"
	echo "$1" > "lib/modules/$(uname -r)/modules.dep"
	echo "${2:-}" > "lib/modules/$(uname -r)/modules.builtin"
}

# process PID NAME FILE...: makes a process that has the files open.
process()
{
	mkdir -p "proc/$1/fd"
	echo "$2" > "proc/$1/comm"
	process_pid=$1 process_fd=3
	ln -s /dev/null "proc/$1/fd/0"
	shift 2
	for file; do
		ln -s "$file" "proc/$process_pid/fd/$process_fd"
		process_fd=$((process_fd + 1))
	done
}

# node BDF FOLDER NAME: makes a file in /dev that the device has. The folder's uevent tells so.
node()
{
	mkdir -p "$(at "$1")/$2"
	printf 'MAJOR=1\nMINOR=2\nDEVNAME=%s\n' "$3" > "$(at "$1")/$2/uevent"
}

# --- the healthy machine

healthy()
{
	mkdir -p proc/self proc/net etc/default etc/modprobe.d dev/vfio sys/firmware/acpi/tables \
		sys/class/iommu/dmar0/intel-iommu sys/module/vfio_iommu_type1/parameters \
		sys/bus/pci/drivers usr/share/misc run
	printf 'vendor_id\t: GenuineIntel\nflags\t\t: fpu vmx sse\n\n' > proc/cpuinfo
	cmdline intel_iommu=on
	echo ' 24: 0 IR-PCI-MSI 512000-edge ahci' > proc/interrupts
	echo '28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw' > proc/self/mountinfo
	printf 'Filename\tType\tSize\tUsed\tPriority\n' > proc/swaps
	printf 'Iface\tDestination\tGateway\tFlags\n' > proc/net/route
	: > proc/net/ipv6_route
	printf '%s: %8s kB\n' MemTotal 16384000 MemFree 100000 MemAvailable 8192000 SwapFree 0 \
		> proc/meminfo
	echo 0::/user.slice/session.scope > proc/self/cgroup
	initial_namespace
	printf 'PRETTY_NAME="Debian"\nID=debian\n' > etc/os-release
	: > etc/default/grub
	: > dev/kvm
	: > dev/vfio/vfio
	: > dev/vfio/1
	: > sys/firmware/acpi/tables/DMAR
	# Bits 16 to 21 hold 38, one less than the width.
	echo d2008c40660462 > sys/class/iommu/dmar0/intel-iommu/cap
	echo N > sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	modules 'kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz'
	: > sys/bus/pci/drivers_probe
	printf '8086  Intel Corporation\n\ta808  A disk "of" test\n\t10d3  82574L\n%s\n' \
		'C 01  Mass storage controller' > usr/share/misc/pci.ids
	printf '\t08  Non-Volatile memory controller\n' >> usr/share/misc/pci.ids
	port 0000:00:01.0 11
	device 0000:00:01.0/0000:01:00.0 8086 a808 010802 1 vfio-pci
	port 0000:00:02.0 12
	device 0000:00:02.0/0000:02:00.0 8086 a808 010802 2 nvme
	disk 02:00.0 nvme/nvme0 nvme0n1 259:0
	port 0000:00:03.0 13
	device 0000:00:03.0/0000:03:00.0 8086 10d3 020000 3 e1000e
	netdev 03:00.0 eth0
	device 0000:00:1f.2 8086 a352 010601 5 ahci
	port 0000:00:04.0 14
	device 0000:00:04.0/0000:04:00.0 8086 1b80 030000 4 vfio-pci
	echo 0 > "$dir/boot_vga"
	device 0000:00:04.0/0000:04:00.1 8086 10f0 040300 4 vfio-pci
	: > dev/vfio/4
	port 0000:00:05.0 15
	device 0000:00:05.0/0000:05:00.0 8086 3e92 030000 6 i915
	echo 1 > "$dir/boot_vga"
	chmod 666 dev/kvm dev/vfio/*
}

# --- situations: the host

ready() { :; }
kvm_missing() { rm dev/kvm; }
kvm_missing_and_off() { rm dev/kvm; printf 'vendor_id\t: AuthenticAMD\nflags\t: fpu\n\n' > proc/cpuinfo; }
kvm_missing_on_arm()
{
	rm dev/kvm
	printf 'processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\n' > proc/cpuinfo
}
kvm_denied() { chmod 0 dev/kvm; }
kvm_nested() { printf 'vendor_id\t: GenuineIntel\nflags\t\t: vmx hypervisor\n\n' > proc/cpuinfo; }
kvm_software() { printf 'vendor_id\t: GenuineIntel\nflags\t\t: fpu\n\n' > proc/cpuinfo; }
no_groups() { rm -r sys/kernel/iommu_groups sys/class/iommu; rm sys/bus/pci/devices/*/iommu_group; }
iommu_not_in_firmware_intel() { no_groups; rm sys/firmware/acpi/tables/DMAR; }
iommu_not_in_firmware_amd()
{
	iommu_not_in_firmware_intel
	printf 'vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n\n' > proc/cpuinfo
}
iommu_left_off() { no_groups; cmdline quiet; }
iommu_left_off_fedora()
{
	iommu_left_off
	printf 'ID=nobara\nID_LIKE="rhel fedora"\n' > etc/os-release
	mkdir -p usr/sbin
	: > usr/sbin/grubby
}
iommu_left_off_arch() { iommu_left_off; echo 'ID=arch' > etc/os-release; }
iommu_left_off_proxmox()
{
	no_groups
	rm etc/default/grub
	mkdir -p usr/sbin etc/kernel
	: > usr/sbin/proxmox-boot-tool
	echo 1234-ABCD > etc/kernel/proxmox-boot-uuids
	echo quiet > etc/kernel/cmdline
	printf '%s\n' 'initrd=\EFI\proxmox\6.8.12\initrd.img quiet' > proc/cmdline
}
iommu_left_off_proxmox_on_ext4() { iommu_left_off; mkdir -p usr/sbin; : > usr/sbin/proxmox-boot-tool; }
iommu_left_off_silverblue()
{
	iommu_left_off_fedora
	: > run/ostree-booted
}
iommu_left_off_systemd_boot()
{
	no_groups
	rm etc/default/grub
	mkdir -p etc/kernel
	echo quiet > etc/kernel/cmdline
	printf '%s\n' 'initrd=\loader\initrd quiet' > proc/cmdline
}
iommu_left_off_unknown() { iommu_left_off; rm etc/os-release; }
iommu_switched_off() { no_groups; cmdline intel_iommu=off; }
iommu_switched_off_amd()
{
	no_groups
	mv sys/firmware/acpi/tables/DMAR sys/firmware/acpi/tables/IVRS
	cmdline amd_iommu=off
}
iommu_failed() { no_groups; }
virtual_machine_without_iommu()
{
	iommu_not_in_firmware_intel
	printf 'vendor_id\t: GenuineIntel\nflags\t\t: vmx hypervisor\n\n' > proc/cpuinfo
}
virtual_machine_without_kvm()
{
	rm dev/kvm
	printf 'vendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor\n\n' > proc/cpuinfo
}
virtual_machine_without_remapping()
{
	kvm_nested
	remapping_missing
}
virtual_machine_of_arm()
{
	kvm_missing_on_arm
	: > dev/kvm
	chmod 666 dev/kvm
	mkdir -p proc/device-tree/hypervisor
}
virtual_machine_of_arm_without_iommu()
{
	virtual_machine_of_arm
	no_groups
	rm sys/firmware/acpi/tables/DMAR
}
arm_without_its()
{
	kvm_missing_on_arm
	remapping_missing
}
arm_without_vfio()
{
	kvm_missing_on_arm
	vfio_absent
}
# Container engines mask these files, and give no folder of modules.
container()
{
	: > run/.containerenv
	: > proc/interrupts
	rm -r sys/firmware lib/modules
}
container_with_irq_folders()
{
	container
	mkdir -p sys/kernel/irq/9 sys/kernel/irq/24
	echo IO-APIC > sys/kernel/irq/9/chip_name
	echo IR-PCI-MSI > sys/kernel/irq/24/chip_name
}
container_without_remapping()
{
	container_with_irq_folders
	echo PCI-MSI > sys/kernel/irq/24/chip_name
}
container_without_iommu()
{
	container
	no_groups
	cmdline quiet
}
container_without_vfio()
{
	container
	vfio_not_loaded
}
# Kubernetes' engine leaves none of the usual signs, but mounts over files of /proc.
container_of_kubernetes()
{
	: > proc/interrupts
	echo '90 80 0:5 /null /proc/keys rw,nosuid - tmpfs tmpfs rw' >> proc/self/mountinfo
}
container_without_kvm() { container; rm dev/kvm; }
container_without_kvm_on_host_with_kvm() { container_without_kvm; mkdir -p sys/devices/virtual/misc/kvm; }
container_without_vfio_files() { container; rm dev/vfio/vfio; }
chroot_without_sysfs() { rm -r sys; mkdir sys; }
# monitor VENDOR PRODUCT: makes the host a guest of this monitor, without an IOMMU.
monitor()
{
	virtual_machine_without_iommu
	mkdir -p sys/class/dmi/id
	echo "$1" > sys/class/dmi/id/sys_vendor
	echo "$2" > sys/class/dmi/id/product_name
}
# An old or strange monitor, whose CPUs do not tell of it.
guest_of()
{
	monitor "$@"
	printf 'vendor_id\t: GenuineIntel\nflags\t\t: vmx\n\n' > proc/cpuinfo
}
guest_of_openstack() { guest_of 'OpenStack Foundation' 'OpenStack Nova'; }
guest_of_hetzner() { guest_of Hetzner vServer; }
guest_of_bhyve() { guest_of FreeBSD BHYVE; }
guest_of_nutanix() { guest_of Nutanix AHV; }
groups_masked()
{
	rm -r sys/kernel/iommu_groups
	mkdir sys/kernel/iommu_groups
}
pci_masked() { rm -r sys/bus/pci; }
guest_of_vmware() { monitor 'VMware, Inc.' 'VMware20,1'; }
guest_of_virtualbox() { monitor 'innotek GmbH' VirtualBox; }
guest_of_hyperv() { monitor 'Microsoft Corporation' 'Virtual Machine'; }
guest_of_amazon() { monitor 'Amazon EC2' m7i.large; }
guest_of_google() { monitor Google 'Google Compute Engine'; }
guest_of_xen() { monitor Xen 'HVM domU'; }
guest_of_wsl()
{
	virtual_machine_without_iommu
	echo 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@1234)' > proc/version
}
guest_of_vmware_without_kvm() { guest_of_vmware; guest_without_kvm; }
guest_of_wsl_without_kvm() { guest_of_wsl; guest_without_kvm; }
guest_without_kvm()
{
	rm dev/kvm
	printf 'vendor_id\t: GenuineIntel\nflags\t\t: fpu hypervisor\n\n' > proc/cpuinfo
}
xen_dom0()
{
	virtual_machine_without_iommu
	rm dev/kvm
	mkdir -p proc/xen sys/hypervisor
	echo xen > sys/hypervisor/type
	echo control_d > proc/xen/capabilities
}
xen_dom0_by_its_features()
{
	xen_dom0
	rm -r proc/xen
	mkdir -p sys/hypervisor/properties
	echo 00000b81 > sys/hypervisor/properties/features
}
machine_of_amazon()
{
	mkdir -p sys/class/dmi/id
	echo 'Amazon EC2' > sys/class/dmi/id/sys_vendor
}
kvm_file_is_stale()
{
	rm dev/kvm
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dev/kvm")'
	chmod 666 dev/kvm
}
kvm_missing_on_hygon()
{
	rm dev/kvm
	printf 'vendor_id\t: HygonGenuine\nflags\t\t: fpu svm\n\n' > proc/cpuinfo
}
# The permissions that everybody sees allow it. In a fake host nothing else can forbid it.
iommu_on_with_more_words() { no_groups; cmdline intel_iommu=on,sm_on; }
iommu_switched_off_in_a_list() { no_groups; cmdline intel_iommu=strict,off; }
iommu_switched_off_and_on() { no_groups; cmdline intel_iommu=off intel_iommu=on; }
iommu_off_without_acpi() { no_groups; rm -r sys/firmware/acpi/tables/DMAR; cmdline acpi=off; }
# iort FIRST...: makes a table of Arm: 36 bytes, the offset of the first node, then nodes.
arm_without_iommu()
{
	kvm_missing_on_arm
	no_groups
	rm sys/firmware/acpi/tables/DMAR
	head -c 48 /dev/zero > sys/firmware/acpi/tables/IORT
	bytes sys/firmware/acpi/tables/IORT 36 30
	# an ITS of 24 bytes
	printf '\000\030\000' > node
	head -c 21 /dev/zero | cat node - >> sys/firmware/acpi/tables/IORT
	rm node
}
# The group comes with the first driver that takes the device.
arm_on_which_no_driver_took_it()
{
	kvm_missing_on_arm
	: > dev/kvm
	rm "$(at 02:00.0)/iommu_group" "$(at 02:00.0)/driver"
	rm -r sys/kernel/iommu_groups/2
}
no_driver_took_it()
{
	rm "$(at 02:00.0)/iommu_group" "$(at 02:00.0)/driver"
	rm -r sys/kernel/iommu_groups/2
}
arm_with_iommu_that_failed()
{
	arm_without_iommu
	printf '\004\010\000\000\000\000\000\000' >> sys/firmware/acpi/tables/IORT
}
arm_with_broken_tables()
{
	arm_without_iommu
	bytes sys/firmware/acpi/tables/IORT 48 00 00 00
}
iommu_left_off_gentoo() { iommu_left_off; echo 'ID=gentoo' > etc/os-release; }
iommu_left_off_rocky()
{
	iommu_left_off_fedora
	printf "ID='rocky'\nID_LIKE='rhel centos fedora'\n" > etc/os-release
}
iommu_left_off_arch_unified()
{
	iommu_left_off_systemd_boot
	echo ID=arch > etc/os-release
}
arm_on_which_nothing_uses_msi()
{
	kvm_missing_on_arm
	printf '           CPU0\n 11:  100 GICv3 27 Level arch_timer\n' > proc/interrupts
}
remapping_missing_but_of_iommu()
{
	printf ' 24: 0 DMAR-MSI 0-edge dmar0\n 25: 0 PCI-MSI 1-edge ahci\n' > proc/interrupts
}
interrupts_of_iommu_alone() { printf ' 24: 0 DMAR-MSI 0-edge dmar0\n' > proc/interrupts; }
remapping_switched_off_by_old_word() { remapping_missing; cmdline nointremap; }
no_iommu_mode()
{
	no_groups
	group 0000:01:00.0 0
	echo vfio-noiommu > sys/kernel/iommu_groups/0/name
	: > dev/vfio/noiommu-0
}
remapping_missing() { echo ' 24: 0 PCI-MSI 512000-edge ahci' > proc/interrupts; }
remapping_switched_off() { remapping_missing; cmdline intel_iommu=on intremap=off; }
remapping_unsafe()
{
	remapping_missing
	echo Y > sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
}
vfio_not_loaded() { rm -r sys/bus/pci/drivers/vfio-pci; }
vfio_blacklisted() { vfio_not_loaded; echo 'blacklist vfio_pci' > etc/modprobe.d/local.conf; }
vfio_blocked() { vfio_not_loaded; echo 'install vfio-pci /bin/false' > etc/modprobe.d/local.conf; }
vfio_blocked_no_more() { vfio_not_loaded; echo 'install vfio-pci /bin/false' > etc/modprobe.d/local.conf.bak; }
vfio_blocked_by_the_distribution_alone()
{
	vfio_not_loaded
	mkdir -p usr/lib/modprobe.d
	echo 'install vfio-pci /bin/false' > usr/lib/modprobe.d/hard.conf
	: > etc/modprobe.d/hard.conf
}
vfio_with_install_line()
{
	vfio_not_loaded
	echo 'install vfio-pci /sbin/modprobe --ignore-install vfio-pci ids=8086:1234' \
		> etc/modprobe.d/local.conf
}
vfio_blocked_on_hardened_host()
{
	vfio_not_loaded
	mkdir -p proc/sys/kernel
	echo 1 > proc/sys/kernel/modules_disabled
}
vfio_of_vendor_alone()
{
	driver_of_vendor
	rm -r sys/bus/pci/drivers/vfio-pci
}
# NixOS keeps modules elsewhere, and so does a system that has only /usr.
vfio_not_loaded_on_nixos()
{
	vfio_not_loaded
	mkdir -p run/booted-system/kernel-modules/lib
	mv lib/modules run/booted-system/kernel-modules/lib
}
vfio_not_loaded_without_lib() { vfio_not_loaded; mv lib usr; }
# A Linux without modules. What it has is built in.
kernel_without_modules() { rm -r lib/modules; }
vfio_blocked_by_kernel() { vfio_not_loaded; cmdline module_blacklist=floppy,vfio_pci; }
vfio_absent() { vfio_not_loaded; modules 'kernel/drivers/vfio/pci/vfio-pci-core.ko:'; }
vfio_built_in() { modules '' kernel/drivers/vfio/pci/vfio-pci.ko; }
vfio_without_container() { rm dev/vfio/vfio; }

# available KIB SWAP
available()
{
	printf '%s: %8s kB\n' MemTotal 2048000 MemFree 1000 MemAvailable "$1" SwapFree "$2" \
		> proc/meminfo
}
user_namespace() { echo '         0       1000          1' > proc/self/uid_map; }
initial_namespace() { echo '         0          0 4294967295' > proc/self/uid_map; }
memory_short() { available 300000 100000; }
memory_swaps() { available 300000 900000; }
memory_unseen() { rm proc/meminfo; }
# A limit of version 2 is MAX USED FILES, at a folder of minivmm's own.
memory_limited()
{
	mkdir -p sys/fs/cgroup/user.slice/session.scope
	echo max > sys/fs/cgroup/user.slice/session.scope/memory.max
	echo 629145600 > sys/fs/cgroup/user.slice/memory.max
	echo 314572800 > sys/fs/cgroup/user.slice/memory.current
	printf 'anon 209715200\nfile 104857600\n' > sys/fs/cgroup/user.slice/memory.stat
}
memory_limited_but_enough()
{
	memory_limited
	echo 6291456000 > sys/fs/cgroup/user.slice/memory.max
}
memory_limited_by_version_1()
{
	printf '5:cpu,cpuacct:/\n4:memory:/docker/1234\n0::/\n' > proc/self/cgroup
	mkdir -p sys/fs/cgroup/memory
	echo 268435456 > sys/fs/cgroup/memory/memory.limit_in_bytes
	echo 104857600 > sys/fs/cgroup/memory/memory.usage_in_bytes
	printf 'cache 1\ntotal_cache 52428800\n' > sys/fs/cgroup/memory/memory.stat
}
memory_unlimited_by_version_1()
{
	memory_limited_by_version_1
	echo 9223372036854771712 > sys/fs/cgroup/memory/memory.limit_in_bytes
}

# ZFS caches 4 GiB, and keeps 512 MiB of them.
memory_in_zfs()
{
	memory_short
	mkdir -p proc/spl/kstat/zfs
	printf '13 1 0x01\nname type data\nsize 4 4294967296\nc_min 4 536870912\nc_max 4 9\n' \
		> proc/spl/kstat/zfs/arcstats
}
memory_in_zfs_that_stays()
{
	memory_in_zfs
	printf 'size 4 536870912\nc_min 4 536870912\n' > proc/spl/kstat/zfs/arcstats
}
memory_is_nonsense() { available -5 x; }
memory_strict()
{
	mkdir -p proc/sys/vm
	echo 2 > proc/sys/vm/overcommit_memory
	printf '%s: %8s kB\n' CommitLimit 8000000 Committed_AS 7900000 >> proc/meminfo
}
memory_limited_of_root()
{
	echo 0::/ > proc/self/cgroup
	mkdir -p sys/fs/cgroup
	echo 268435456 > sys/fs/cgroup/memory.max
}
memory_limit_is_nonsense() { memory_limited; echo -1 > sys/fs/cgroup/user.slice/memory.max; }
# pool KIB TOTAL FREE RESERVED OVERCOMMIT
pool()
{
	mkdir -p "sys/kernel/mm/hugepages/hugepages-$1kB"
	for pool_file in nr:$2 free:$3 resv:$4 nr_overcommit:$5 surplus:0; do
		echo "${pool_file#*:}" \
			> "sys/kernel/mm/hugepages/hugepages-$1kB/${pool_file%:*}_hugepages"
	done
}
pool_of_other_size() { pool 2048 10 10 0 0; pool 1048576 4 3 0 0; }
pool_short() { pool 2048 600 300 100 0; pool 1048576 0 0 0 0; }
pool_that_grows() { pool 2048 0 0 0 1024; }
pool_enough() { pool 2048 600 500 100 0; }
pool_is_nonsense() { pool 2048 -3 x 0 0; }

# --- situations: one device

ids_are_nonsense()
{
	echo -1 > "$(at 01:00.0)/class"
	echo hello > "$(at 01:00.0)/vendor"
	echo 0xfffffffff > "$(at 01:00.0)/device"
	ln -sfn /sys/kernel/iommu_groups/many "$(at 01:00.0)/iommu_group"
}
domain_of_five_digits() { device 0000:00:06.0/10000:01:00.0 8086 a808 010802 21 vfio-pci; : > dev/vfio/21; chmod 666 dev/vfio/21; }
override_of_others() { echo pci-stub > "$(at 01:00.0)/driver_override"; }
config_all_ones() { head -c 4096 /dev/zero | tr '\000' '\377' > "$(at 01:00.0)/config"; }
config_gpu_asleep()
{
	head -c 4096 /dev/zero | tr '\000' '\377' > "$(at 04:00.0)/config"
	echo D3cold > "$(at 04:00.0)/power_state"
	echo suspended > "$(at 04:00.0)/power/runtime_status"
}
config_half_dead()
{
	head -c 4096 /dev/zero | tr '\000' '\377' > config
	head -c 64 "$(at 01:00.0)/config" | dd of=config conv=notrunc status=none
	mv config "$(at 01:00.0)/config"
}
virtual_function()
{
	bytes "$(at 01:00.0)/config" 0 ff ff ff ff
	bytes "$(at 01:00.0)/config" $((0x10)) 00 00 00 00
	bytes "$(at 01:00.0)/config" $((0x3c)) 00 01
	ln -s .. "$(at 01:00.0)/physfn"
}
# The device is behind Intel's VMD, which makes a domain of its own without groups.
behind_vmd()
{
	device 0000:00:0e.0 8086 467f 010400 8 vmd
	device 0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0 8086 a808 010802 - nvme
}
config_for_users()
{
	head -c 64 "$(at 01:00.0)/config" > config
	mv config "$(at 01:00.0)/config"
}
config_for_users_in_user_namespace() { config_for_users; user_namespace; }
open_screen_of_others_in_user_namespace() { open_screen_of_others; user_namespace; }
group_missing() { rm "$(at 01:00.0)/iommu_group"; }
firmware_keeps_memory()
{
	echo '0x000000007a000000 0x000000007bffffff direct' \
		>> sys/kernel/iommu_groups/1/reserved_regions
}
firmware_kept_memory()
{
	echo '0x000000007a000000 0x000000007bffffff direct-relaxable' \
		>> sys/kernel/iommu_groups/1/reserved_regions
}
driver_of_vendor()
{
	driver 0000:01:00.0 mlx5_vfio_pci
	mkdir -p "$(at 01:00.0)/vfio-dev/vfio0"
}
driver_of_vendor_by_its_folder()
{
	driver 0000:01:00.0 nvgrace_pci
	mkdir -p "$(at 01:00.0)/vfio-dev/vfio0"
}
driver_refuses()
{
	driver_missing
	echo 0x37c8 > "$(at 01:00.0)/device"
}
driver_refuses_no_more()
{
	driver_refuses
	mkdir -p sys/module/vfio_pci/parameters
	echo Y > sys/module/vfio_pci/parameters/disable_denylist
}
group_with_driver_of_vendor() { device 0000:00:01.0/0000:01:00.1 15b3 101e 020000 1 mlx5_vfio_pci; }
driver_missing() { rm "$(at 01:00.0)/driver"; }
disk_mounted() { mounted 259:0 /srv/data /dev/nvme0n1; }
disk_mounted_btrfs() { mounted 0:31 /srv/data /dev/nvme0n1; }
disk_partition_mounted() { disk 02:00.0 nvme/nvme0/nvme0n1 nvme0n1p1 259:1; mounted 259:1 /home /dev/nvme0n1p1; }
disk_mounted_through_lvm()
{
	disk 02:00.0 nvme/nvme0/nvme0n1 nvme0n1p1 259:1
	upper dm-0 253:0 nvme0n1p1
	upper dm-1 253:1 dm-0
	mounted 253:1 /home /dev/mapper/vg-home
}
disk_mounted_multipath()
{
	rm -r "$(at 02:00.0)/nvme" sys/class/block/nvme0n1
	disk 02:00.0 nvme/nvme0 nvme0c0n1 0:0
	mkdir -p sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1
	echo 259:0 > sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/dev
	ln -s ../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1 sys/class/block/nvme0n1
	mounted 259:0 /srv/data /dev/nvme0n1
}
disk_in_raid() { upper md0 9:0 nvme0n1; }
disk_is_swap() { printf '/dev/nvme0n1\tpartition\t1048572\t0\t-2\n' >> proc/swaps; }
default_route() { printf 'eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n' >> proc/net/route; }
default_route_is_down() { printf 'eth0\t00000000\t0102A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n' >> proc/net/route; }
default_route_over_bridge()
{
	mkdir -p sys/devices/virtual/net/br0
	ln -s ../../devices/virtual/net/br0 sys/class/net/br0
	: > "$(at 03:00.0)/net/eth0/upper_br0"
	printf 'br0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n' >> proc/net/route
}
default_route_ipv6()
{
	zero=00000000000000000000000000000000
	echo "$zero 00 $zero 00 fe80000000000000000000000000000 00000400 00000001 00000000 00000003 eth0" \
		>> proc/net/ipv6_route
}
other_route() { printf 'eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n' >> proc/net/route; }
virtual_functions_nonsense() { echo -4 > "$(at 03:00.0)/sriov_numvfs"; }
disk_mounted_with_blanks() { mounted 259:0 '/srv/my\040data' /dev/nvme0n1; }
virtual_functions() { echo 4 > "$(at 03:00.0)/sriov_numvfs"; }
display_is_the_only_one()
{
	rm -r sys/devices/pci0000:00/0000:00:04.0/0000:04:00.0
	rm sys/bus/pci/devices/0000:04:00.0
}
# An accelerator, class 3D controller, without a connector or boot_vga, and no other display.
accelerator_is_the_only_display()
{
	display_is_the_only_one
	bdf=0000:05:00.0
	dir=sys/devices/pci0000:00/0000:00:05.0/$bdf
	echo 0x030200 > "$dir/class"
	rm "$dir/boot_vga"
	driver $bdf nvidia
}
display_with_screen_is_the_only_one()
{
	accelerator_is_the_only_display
	mkdir -p "$dir/drm/card0/card0-HDMI-A-1" sys/class/drm
	echo connected > "$dir/drm/card0/card0-HDMI-A-1/status"
	ln -s ../../devices/pci0000:00/0000:00:05.0/$bdf/drm/card0/card0-HDMI-A-1 sys/class/drm/
}
open_screen()
{
	node 05:00.0 drm/card0 dri/card0
	node 05:00.0 drm/renderD128 dri/renderD128
	process 800 sshd /dev/null
	process 812 Xorg /dev/tty7 /dev/dri/card0
	process 1044 firefox /dev/dri/renderD128
}
open_screen_of_hidden()
{
	open_screen
	rm -r proc/800 proc/812 proc/1044
	echo '25 28 0:23 / /proc rw,nosuid shared:1 - proc proc rw,hidepid=invisible' \
		>> proc/self/mountinfo
}
open_screen_outside_container()
{
	open_screen
	rm -r proc/800 proc/812 proc/1044
	container
}
open_screen_of_others()
{
	open_screen
	rm -r proc/812 proc/1044
	chmod 0 proc/800/fd
}
open_nvidia()
{
	driver 0000:05:00.0 nvidia
	mkdir -p proc/driver/nvidia/gpus/0000:05:00.0
	printf 'Model: \t\t NVIDIA H200\nDevice Minor: \t 1\n' \
		> proc/driver/nvidia/gpus/0000:05:00.0/information
	process 900 nvidia-persiste /dev/nvidiactl /dev/nvidia1
	process 901 other /dev/nvidia0
}
open_sound()
{
	driver 0000:04:00.1 snd_hda_intel
	node 04:00.1 sound/card1/controlC1 snd/controlC1
	process 1200 pipewire /dev/snd/controlC1
}
open_disk() { node 02:00.0 nvme/nvme0/nvme0n1 nvme0n1; process 77 dd /dev/nvme0n1; }
open_macvtap()
{
	mkdir -p sys/devices/virtual/net/macvtap0/tap7
	echo DEVNAME=tap7 > sys/devices/virtual/net/macvtap0/tap7/uevent
	ln -s ../../devices/virtual/net/macvtap0 sys/class/net/macvtap0
	: > "$(at 03:00.0)/net/eth0/upper_macvtap0"
	process 555 qemu-system-x86 /dev/tap7
}
open_cdev()
{
	node_both
	node 01:00.0 vfio-dev/vfio0 vfio/devices/vfio0
	process 666 minivmm /dev/vfio/devices/vfio0
}
# There are a module whose alias names the device, one that names the vendor, and vfio-pci, which takes all.
vendor_driver()
{
	: > "lib/modules/$(uname -r)/modules.alias"
	for line in 'pci:v00008086d0000a808* nvme' 'vfio_pci:v*d* vfio_pci' \
		'vfio_pci:v00008086d* rough_vfio_pci' 'vfio_pci:v00008086d0000a808 exact_vfio_pci' \
		'vfio_pci:v000015B3d* mlx5_vfio_pci'; do
		echo "alias $line" >> "lib/modules/$(uname -r)/modules.alias"
	done
	driver 0000:01:00.0 exact-vfio-pci
	driver 0000:01:00.0 vfio-pci
	mkdir -p sys/module/exact_vfio_pci/drivers
	ln -s ../../../bus/pci/drivers/exact-vfio-pci \
		sys/module/exact_vfio_pci/drivers/pci:exact-vfio-pci
}
vendor_driver_not_loaded()
{
	vendor_driver
	rm -r sys/module/exact_vfio_pci
}
vendor_driver_of_others()
{
	vendor_driver
	sed -i /8086/d "lib/modules/$(uname -r)/modules.alias"
}
persistent()
{
	mkdir -p etc/udev/rules.d
	: > etc/udev/rules.d/60-minivmm-0000:01:00.0.rules
}
with_initramfs_tools() { mkdir -p etc/udev/rules.d etc/initramfs-tools/hooks; }
with_dracut() { mkdir -p etc/udev/rules.d etc/dracut.conf.d; }
with_mkinitcpio() { mkdir -p etc/udev/rules.d etc/mkinitcpio.conf.d; }
group_without_acs() { no_acs 0000:00:01.0; device 0000:00:01.0/0000:01:00.1 8086 1234 0c0330 1 xhci_hcd; }
group_without_acs_for_users()
{
	group_without_acs
	: > sys/devices/pci0000:00/0000:00:01.0/config
}
group_behind_bridge()
{
	device 0000:00:01.0/0000:01:00.1 8086 244e 060401 1 -
	bytes "$dir/config" $((0x34)) 00
	device 0000:00:01.0/0000:01:00.1/0000:07:00.0 8086 1234 020000 7 e100
	device 0000:00:01.0/0000:01:00.1/0000:07:01.0 8086 1234 020000 7 vfio-pci
	: > dev/vfio/7
}
group_with_bridge() { group 0000:00:01.0 1; }
group_with_bridge_and_driver()
{
	device 0000:00:01.0/0000:01:00.1 8086 244e 060401 1 shpchp
	bytes "$dir/config" $((0x34)) 00
}
group_with_stub() { device 0000:00:01.0/0000:01:00.1 8086 1234 0c0330 1 pci-stub; }
node_missing() { rm dev/vfio/1; }
node_denied() { chmod 0 dev/vfio/1; }
# A kernel that has a file for each device, beside the files of the groups or in their place.
node_both()
{
	mkdir -p dev/vfio/devices "$(at 01:00.0)/vfio-dev/vfio0"
	: > dev/iommu
	: > dev/vfio/devices/vfio0
	chmod 666 dev/iommu dev/vfio/devices/*
}
node_own()
{
	node_both
	rm dev/vfio/vfio dev/vfio/1
}
node_own_denied()
{
	node_own
	chmod 0 dev/vfio/devices/vfio0
}
node_own_missing()
{
	node_own
	rm dev/vfio/devices/vfio0
}
node_iommu_denied()
{
	node_own
	chmod 0 dev/iommu
}
node_strange() { mkdir -p "$(at 01:00.0)"/vfio-dev/vfio0 "$(at 01:00.0)"/vfio-dev/vfio1; }
reset_missing() { rm "$(at 01:00.0)/reset" "$(at 01:00.0)/reset_method"; }
reset_of_bus_only()
{
	echo bus > "$(at 01:00.0)/reset_method"
	device 0000:00:01.0/0000:01:00.1 8086 1234 0c0330 1 vfio-pci
}
reset_switched_off() { : > "$(at 01:00.0)/reset_method"; }
reset_on_old_kernel() { rm "$(at 01:00.0)/reset_method"; }
bar_unassigned()
{
	printf '0x%016x 0x%016x 0x%016x\n' 0 $((0xfffffff)) $((0x20140204)) > "$(at 01:00.0)/resource"
}
bars_need_low_addresses()
{
	printf '0x%016x 0x%016x 0x%016x\n' $((0x80000000)) $((0xbfffffff)) $((0x40200)) \
		> "$(at 01:00.0)/resource"
}
bars_exceed_addresses()
{
	printf '0x%016x 0x%016x 0x%016x\n' $((0x8000000000)) $((0xffffffffff)) $((0x140204)) \
		> "$(at 01:00.0)/resource"
}
bars_garbage() { echo 'no numbers here' > "$(at 01:00.0)/resource"; }
msix_shares_page() { bytes "$(at 01:00.0)/config" $((0x44)) 00 28; }
msix_outside_bar() { bytes "$(at 01:00.0)/config" $((0x44)) 00 00 10; }
msix_circle() { bytes "$(at 01:00.0)/config" $((0x40)) 09 40; }
rom_shadowed()
{
	i=0
	: > "$(at 04:00.0)/rom"
	while [ $i -lt 7 ]; do
		[ $i = 6 ] && printf '0x%016x 0x%016x 0x%016x\n' $((0xc0000)) $((0xdffff)) $((0x212)) ||
			echo '0x0000000000000000 0x0000000000000000 0x0000000000000000'
		i=$((i + 1))
	done > "$(at 04:00.0)/resource"
}
display_booted_on() { echo 1 > "$(at 04:00.0)/boot_vga"; }
# The firmware's screen lies in this device, whatever boot_vga says. Users see no addresses.
display_holds_firmware_screen()
{
	printf '%s\n' '00000000-00000000 : PCI Bus 0000:00' '  00000000-00000000 : PCI Bus 0000:04' \
		'    00000000-00000000 : 0000:04:00.0' '      00000000-00000000 : BOOTFB' \
		'    00000000-00000000 : 0000:04:00.1' > proc/iomem
}
display_of_others_holds_it()
{
	display_holds_firmware_screen
	sed -i s/04:00.0/05:00.0/ proc/iomem
}
# connector BDF NAME STATUS
connector()
{
	mkdir -p "$(at "$1")/drm/card1/$2" sys/class/drm
	echo "$3" > "$(at "$1")/drm/card1/$2/status"
	ln -s "../../$(readlink "$(at "$1")" | cut -c 10-)/drm/card1/$2" sys/class/drm/
}
display_booted_on_without_screen()
{
	display_booted_on
	connector 04:00.0 card1-DP-1 disconnected
}
display_with_screen() { connector 04:00.0 card1-DP-1 connected; }
display_has_console()
{
	display_booted_on
	mkdir -p sys/class/graphics/fb0
	echo 'EFI VGA' > sys/class/graphics/fb0/name
}

# --- situations: what is not seen, and what only looks like something else

config_masked() { rm "$(at 01:00.0)/config"; }
kernel_of_its_own()
{
	mkdir -p proc/sys/kernel
	echo 6.8.0-45-generic > proc/sys/kernel/osrelease
	mv "lib/modules/$(uname -r)" lib/modules/6.8.0-45-generic
	vfio_not_loaded
}
proc_masked() { rm proc/self/mountinfo; }
cpus_masked() { rm proc/cpuinfo dev/kvm; }
container_of_nspawn()
{
	mkdir -p run/host
	echo systemd-nspawn > run/host/container-manager
}
container_of_incus() { mkdir -p dev/incus; : > dev/incus/sock; }
virtual_machine_of_arm_by_its_board()
{
	kvm_missing_on_arm
	: > dev/kvm
	chmod 666 dev/kvm
	mkdir -p proc/device-tree
	printf 'linux,dummy-virt\0' > proc/device-tree/compatible
}
rented_part_of_arm_machine()
{
	virtual_machine_of_arm_by_its_board
	rm proc/device-tree/compatible
	mkdir -p sys/class/dmi/id
	echo 'Amazon EC2' > sys/class/dmi/id/sys_vendor
	echo m7g.large > sys/class/dmi/id/product_name
}
rented_whole_arm_machine()
{
	rented_part_of_arm_machine
	echo m7g.metal > sys/class/dmi/id/product_name
}
# smmu STATUS: makes a board with a device tree and no ACPI.
arm_board()
{
	arm_without_iommu
	rm -r sys/firmware/acpi
	mkdir -p sys/firmware/devicetree/base/soc/iommu@fc900000
	printf 'rockchip,rk3588-mmu\0arm,smmu-v3\0' \
		> sys/firmware/devicetree/base/soc/iommu@fc900000/compatible
	printf '%s\0' "$1" > sys/firmware/devicetree/base/soc/iommu@fc900000/status
}
arm_board_with_iommu_off_in_tree() { arm_board disabled; }
arm_board_with_iommu_that_failed() { arm_board okay; }
arm_board_without_iommu() { arm_board okay; rm -r sys/firmware/devicetree/base/soc; }
vfio_without_type1()
{
	rm -r sys/module/vfio_iommu_type1
	mkdir -p sys/module/vfio
}
disk_holds_root() { mounted 259:0 / /dev/nvme0n1; }
# The second disk of a btrfs. A mount names the first one alone.
disk_in_btrfs_of_several()
{
	mkdir -p sys/fs/btrfs/7f0c-11/devices
	: > sys/fs/btrfs/7f0c-11/devices/nvme0n1
}
disk_in_zfs_pool()
{
	disk 02:00.0 nvme/nvme0/nvme0n1 nvme0n1p3 259:3
	mkdir -p run/udev/data proc/spl/kstat/zfs/rpool
	printf 'E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=rpool\n' > run/udev/data/b259:3
}
disk_in_zfs_pool_that_was_exported() { disk_in_zfs_pool; rm -r proc/spl; }
default_route_over_open_vswitch()
{
	: > "$(at 03:00.0)/net/eth0/upper_ovs-system"
	printf 'br-ex\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n' >> proc/net/route
}
network_card_in_other_namespace() { rm -r "$(at 03:00.0)/net" sys/class/net/eth0; }
open_by_other_guest() { process 4711 qemu-system-x86 /dev/vfio/1 /dev/kvm; }
# An accelerator beside the one GPU that has a screen, and a second GPU that a guest has.
display_beside_accelerator()
{
	echo 0x030200 > "$(at 04:00.0)/class"
	rm "$(at 04:00.0)/boot_vga"
	driver 0000:04:00.0 nvidia
}
display_beside_one_of_a_guest() { connector 05:00.0 card1-DP-1 connected; }
displays_two() { driver 0000:04:00.0 amdgpu; }
# Since Linux 6.9 the firmware's framebuffer lies below the device.
display_has_framebuffer_below_it()
{
	mkdir -p "$(at 04:00.0)/simple-framebuffer.0/graphics/fb0" sys/class/graphics
	echo simple > "$(at 04:00.0)/simple-framebuffer.0/graphics/fb0/name"
	ln -s ../.. "$(at 04:00.0)/simple-framebuffer.0/graphics/fb0/device"
	ln -s "../../$(readlink "$(at 04:00.0)" | cut -c 10-)/simple-framebuffer.0/graphics/fb0" \
		sys/class/graphics/fb0
}
display_has_console_of_its_driver()
{
	mkdir -p sys/class/graphics/fb0
	echo i915drmfb > sys/class/graphics/fb0/name
	ln -s ../../../bus/pci/devices/0000:05:00.0 sys/class/graphics/fb0/device
}
pool_limited()
{
	pool_enough
	mkdir -p sys/fs/cgroup/user.slice
	echo 268435456 > sys/fs/cgroup/user.slice/hugetlb.2MB.max
	echo 2097152 > sys/fs/cgroup/user.slice/hugetlb.2MB.current
}
pool_limited_by_version_1()
{
	pool_enough
	echo 7:hugetlb:/docker/1234 > proc/self/cgroup
	mkdir -p sys/fs/cgroup/hugetlb/docker/1234
	echo 268435456 > sys/fs/cgroup/hugetlb/docker/1234/hugetlb.2MB.limit_in_bytes
}
pool_limited_but_enough() { pool_limited; echo max > sys/fs/cgroup/user.slice/hugetlb.2MB.max; }

if [ "$1" = list ]; then
	sed -n '/^# --- situations/,$s/^\([a-z0-9_]*\)()$/\1/p; /^# --- situations/,$s/^\([a-z0-9_]*\)() .*/\1/p' "$0" |
		tr _ -
	exit
fi
mkdir -p "$1"
chmod 755 "$1"
cd "$1"
if [ $# -gt 2 ]; then
	cp -a "$3/." .
else
	healthy
fi
"$(echo "$2" | tr - _)"
