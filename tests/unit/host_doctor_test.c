/* SPDX-License-Identifier: MIT */
/*
 * vfio/host/check/host_doctor.c and its checks, on hosts that do not exist. Each situation of
 * host_tree.sh is told from the others, with the advice that is right for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/check/host_doctor.h"

#define NVME     "0000:01:00.0"
#define HOST_SSD "0000:02:00.0"
#define NIC      "0000:03:00.0"
#define GPU      "0000:04:00.0"
#define SOUND    "0000:04:00.1"
#define HOST_GPU "0000:05:00.0"
#define VMD_DISK "10000:e1:00.0"

static const struct situation {
	const char *name;
	const char *bdf; /* NULL: the host */
	const char *check;
	enum host_status status;
	const char *detail;
	const char *fix; /* in one of its lines; NULL: there is none */
} situations[] = {
	{ "ready", NULL, "kvm", HOST_OK, "/dev/kvm can be opened", NULL },
	{ "ready", NULL, "iommu", HOST_OK, "Intel VT-d is on, 11 groups", NULL },
	{ "ready", NULL, "remapping", HOST_OK, "remapped", NULL },
	{ "ready", NULL, "vfio", HOST_OK, "vfio-pci is loaded", NULL },
	{ "ready", NVME, "device", HOST_OK, "8086:a808", NULL },
	{ "ready", NVME, "config", HOST_OK, "answers", NULL },
	{ "ready", NVME, "iommu", HOST_OK, "group 1", NULL },
	{ "ready", NVME, "driver", HOST_OK, "bound to vfio-pci", NULL },
	{ "ready", NVME, "group", HOST_OK, "alone", NULL },
	{ "ready", NVME, "node", HOST_OK, "/dev/vfio/1 can be opened", NULL },
	{ "ready", NVME, "reset", HOST_OK, "function-level", NULL },
	{ "ready", NVME, "bars", HOST_OK, "16 KiB of 64-bit", NULL },
	{ "ready", NVME, "msix", HOST_OK, "8 vectors, table at 0x2000 of BAR 0", NULL },
	{ "ready", NVME, "rom", HOST_OK, "none", NULL },
	{ "ready", GPU, "group", HOST_OK, "0000:04:00.1", NULL },
	{ "ready", GPU, "rom", HOST_WARN, "none that can be read", "romfile=" },
	{ "ready", GPU, "display", HOST_OK, "not the one", NULL },

	{ "kvm-missing", NULL, "kvm", HOST_FAIL, "not loaded", "sudo modprobe kvm_intel" },
	{ "kvm-missing-and-off", NULL, "kvm", HOST_FAIL, "switched off", "SVM" },
	{ "kvm-missing-on-arm", NULL, "kvm", HOST_FAIL, "EL2", "dmesg" },
	{ "kvm-denied", NULL, "kvm", HOST_FAIL, "Permission denied", "usermod -aG kvm" },
	{ "kvm-nested", NULL, "kvm", HOST_WARN, "virtual machine itself", NULL },
	{ "virtual-machine-of-arm", NULL, "kvm", HOST_WARN, "virtual machine itself", NULL },
	{ "virtual-machine-without-kvm", NULL, "kvm", HOST_FAIL, "its own monitor shows it no",
	  "-cpu host" },
	{ "kvm-software", NULL, "kvm", HOST_WARN, "it is emulated", NULL },

	{ "kvm-missing-on-hygon", NULL, "kvm", HOST_FAIL, "not loaded", "sudo modprobe kvm_amd" },
	{ "kvm-file-is-stale", NULL, "kvm", HOST_FAIL, "(No such device or address): KVM is not",
	  "sudo modprobe kvm_intel" },
	{ "container-without-kvm", NULL, "kvm", HOST_FAIL, "cannot be seen", "--device /dev/kvm" },
	{ "container-without-kvm-on-host-with-kvm", NULL, "kvm", HOST_FAIL, "KVM is loaded, but",
	  "--device /dev/kvm" },
	{ "guest-of-vmware-without-kvm", NULL, "kvm", HOST_FAIL, "its own monitor", "vhv.enable" },
	{ "guest-of-wsl-without-kvm", NULL, "kvm", HOST_FAIL, "its own monitor", ".wslconfig" },
	{ "xen-dom0", NULL, "kvm", HOST_FAIL, "Xen's dom0", "without Xen" },

	{ "guest-of-vmware", NULL, "iommu", HOST_FAIL, "its own monitor", "vvtd.enable" },
	{ "guest-of-openstack", NULL, "iommu", HOST_FAIL, "its own monitor",
	  "virtual IOMMU outside" },
	{ "guest-of-hetzner", NULL, "iommu", HOST_FAIL, "its own monitor",
	  "virtual IOMMU outside" },
	{ "guest-of-bhyve", NULL, "iommu", HOST_FAIL, "its own monitor", "virtual IOMMU outside" },
	{ "guest-of-nutanix", NULL, "iommu", HOST_FAIL, "its own monitor",
	  "virtual IOMMU outside" },
	{ "groups-masked", NULL, "iommu", HOST_OK, "Intel VT-d is on", NULL },
	{ "pci-masked", NVME, "device", HOST_FAIL, "cannot be seen from here", "outside" },
	{ "chroot-without-sysfs", NVME, "device", HOST_FAIL, "cannot be seen from here",
	  "outside" },
	{ "guest-of-virtualbox", NULL, "iommu", HOST_FAIL, "its own monitor", "--iommu automatic" },
	{ "guest-of-hyperv", NULL, "iommu", HOST_FAIL, "its own monitor", "Hyper-V has no" },
	{ "guest-of-amazon", NULL, "iommu", HOST_FAIL, "its own monitor", "bare-metal" },
	{ "guest-of-google", NULL, "iommu", HOST_FAIL, "its own monitor", "bare-metal" },
	{ "guest-of-xen", NULL, "iommu", HOST_FAIL, "its own monitor", "without Xen" },
	{ "guest-of-wsl", NULL, "iommu", HOST_FAIL, "its own monitor", "WSL gives no device" },
	{ "xen-dom0", NULL, "iommu", HOST_FAIL, "Xen's dom0", "without Xen" },
	{ "xen-dom0-by-its-features", NULL, "iommu", HOST_FAIL, "Xen's dom0", "without Xen" },
	{ "machine-of-amazon", NULL, "kvm", HOST_OK, "can be opened", NULL },
	{ "chroot-without-sysfs", NULL, "iommu", HOST_FAIL, "/sys is not mounted",
	  "mount -t sysfs" },
	{ "iommu-on-with-more-words", NULL, "iommu", HOST_FAIL, "could not start it", "dmesg" },
	{ "iommu-switched-off-in-a-list", NULL, "iommu", HOST_FAIL, "switches it off", "s/intel" },
	{ "iommu-switched-off-and-on", NULL, "iommu", HOST_FAIL, "could not start it", "dmesg" },
	{ "iommu-off-without-acpi", NULL, "iommu", HOST_FAIL, "acpi=off switches it off",
	  "s/acpi=off//" },
	{ "arm-without-iommu", NULL, "iommu", HOST_FAIL, "shows none: Arm SMMU",
	  "turn the SMMU on" },
	{ "arm-with-iommu-that-failed", NULL, "iommu", HOST_FAIL, "could not start it", "dmesg" },
	{ "arm-with-broken-tables", NULL, "iommu", HOST_FAIL, "shows none: Arm SMMU", "SMMU" },
	{ "iommu-left-off-gentoo", NULL, "iommu", HOST_FAIL, "leaves it off", "grub-mkconfig" },
	{ "iommu-left-off-rocky", NULL, "iommu", HOST_FAIL, "leaves it off", "grubby" },
	{ "iommu-left-off-arch-unified", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "/etc/kernel/cmdline && sudo mkinitcpio -P" },
	{ "iommu-not-in-firmware-intel", NULL, "iommu", HOST_FAIL, "shows none: Intel VT-d",
	  "VT-d (" },
	{ "iommu-not-in-firmware-amd", NULL, "iommu", HOST_FAIL, "shows none: AMD-Vi", "AMD CBS" },
	{ "iommu-left-off", NULL, "iommu", HOST_FAIL, "kernel leaves it off",
	  "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX intel_iommu=on\"' | sudo tee -a "
	  "/etc/default/grub && sudo update-grub && sudo reboot" },
	{ "iommu-left-off-fedora", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "sudo grubby --update-kernel=ALL --args=intel_iommu=on" },
	{ "iommu-left-off-arch", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "sudo grub-mkconfig -o /boot/grub/grub.cfg" },
	{ "iommu-left-off-proxmox", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "/etc/kernel/cmdline && sudo proxmox-boot-tool refresh" },
	{ "iommu-left-off-proxmox-on-ext4", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "/etc/default/grub && sudo update-grub" },
	{ "iommu-left-off-silverblue", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "sudo rpm-ostree kargs --append-if-missing=intel_iommu=on" },
	{ "iommu-left-off-systemd-boot", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "/etc/kernel/cmdline && sudo kernel-install" },
	{ "iommu-left-off-unknown", NULL, "iommu", HOST_FAIL, "leaves it off",
	  "add intel_iommu=on to the kernel command line" },
	{ "iommu-switched-off", NULL, "iommu", HOST_FAIL, "intel_iommu=off switches it off",
	  "/etc/default/grub" },
	{ "iommu-switched-off-amd", NULL, "iommu", HOST_FAIL, "amd_iommu=off switches it off",
	  "s/amd_iommu=off//" },
	{ "virtual-machine-without-iommu", NULL, "iommu", HOST_FAIL, "no IOMMU, such as Intel VT-d",
	  "-device intel-iommu" },
	{ "virtual-machine-of-arm-without-iommu", NULL, "iommu", HOST_FAIL, "Arm SMMU",
	  "iommu=smmuv3" },
	{ "container-without-iommu", NULL, "iommu", HOST_FAIL, "cannot be seen from here",
	  "outside this container" },
	{ "no-iommu-mode", NULL, "iommu", HOST_FAIL, "no IOMMU", "dmesg" },
	{ "no-iommu-mode", NVME, "iommu", HOST_FAIL, "no-IOMMU mode", "doctor" },
	{ "behind-vmd", VMD_DISK, "iommu", HOST_FAIL, "belongs to 0000:00:0e.0 (vmd)",
	  "bind 0000:00:0e.0" },
	{ "arm-on-which-no-driver-took-it", HOST_SSD, "iommu", HOST_WARN, "in no IOMMU group yet",
	  NULL },
	{ "no-driver-took-it", HOST_SSD, "iommu", HOST_FAIL, "does not cover it", NULL },
	{ "iommu-failed", NULL, "iommu", HOST_FAIL, "could not start it", "dmesg" },

	{ "arm-on-which-nothing-uses-msi", NULL, "remapping", HOST_UNSEEN, "cannot be seen",
	  "dmesg" },
	{ "interrupts-of-iommu-alone", NULL, "remapping", HOST_UNSEEN, "cannot be seen", "dmesg" },
	{ "remapping-missing-but-of-iommu", NULL, "remapping", HOST_FAIL, "forge", "firmware" },
	{ "remapping-switched-off-by-old-word", NULL, "remapping", HOST_FAIL, "forge",
	  "s/nointremap//" },
	{ "container-of-kubernetes", NULL, "remapping", HOST_UNSEEN, "cannot be seen", "outside" },
	{ "container-of-kubernetes", HOST_SSD, "driver", HOST_UNSEEN, "inside a container",
	  "outside" },
	{ "remapping-missing", NULL, "remapping", HOST_FAIL, "forge interrupts", "firmware setup" },
	{ "remapping-switched-off", NULL, "remapping", HOST_FAIL, "allow_unsafe_interrupts",
	  "s/intremap=off//" },
	{ "remapping-unsafe", NULL, "remapping", HOST_WARN, "guests that you trust", NULL },

	{ "virtual-machine-without-remapping", NULL, "remapping", HOST_FAIL, "forge interrupts",
	  "intremap=on" },
	{ "arm-without-its", NULL, "remapping", HOST_FAIL, "forge interrupts", "ITS" },
	{ "container", NULL, "remapping", HOST_UNSEEN, "cannot be seen from here",
	  "outside this container" },
	{ "container-with-irq-folders", NULL, "remapping", HOST_OK, "remapped", NULL },
	{ "container-without-remapping", NULL, "remapping", HOST_FAIL, "forge interrupts",
	  "firmware setup" },
	{ "container-without-vfio", NULL, "vfio", HOST_FAIL, "cannot be seen from here",
	  "sudo modprobe vfio-pci   # outside this container" },
	{ "arm-without-vfio", NULL, "vfio", HOST_FAIL, "this kernel has no vfio-pci",
	  "linux-image-arm64" },
	{ "container", HOST_SSD, "driver", HOST_UNSEEN, "inside a container", "outside" },
	{ "config-half-dead", NVME, "config", HOST_FAIL, "everything after it reads all-ones",
	  "rescan" },
	{ "config-for-users", NVME, "msix", HOST_UNSEEN, "only root", "sudo" },
	{ "driver-of-vendor", NVME, "driver", HOST_OK, "bound to mlx5_vfio_pci", NULL },
	{ "driver-of-vendor-by-its-folder", NVME, "driver", HOST_OK, "nvgrace_pci", NULL },
	{ "group-with-driver-of-vendor", NVME, "group", HOST_OK, "mlx5_vfio_pci", NULL },
	{ "driver-refuses", NVME, "driver", HOST_FAIL, "refuses this model, 8086:37c8",
	  "disable_denylist=1" },
	{ "driver-refuses-no-more", NVME, "driver", HOST_FAIL, "not bound to vfio-pci", "bind" },
	{ "display-with-screen-is-the-only-one", HOST_GPU, "driver", HOST_FAIL, "only display",
	  NULL },
	{ "open-screen", HOST_GPU, "driver", HOST_FAIL, "Xorg (pid 812) has /dev/dri/card0 open",
	  "kill 812" },
	{ "open-screen", HOST_GPU, "driver", HOST_FAIL, "firefox (pid 1044) has", "kill 1044" },
	{ "open-screen-of-hidden", HOST_GPU, "driver", HOST_UNSEEN, "only root", "sudo" },
	{ "open-screen-outside-container", HOST_GPU, "driver", HOST_UNSEEN, "processes are hidden",
	  "outside" },
	{ "open-screen-of-others", HOST_GPU, "driver", HOST_UNSEEN, "only root", "sudo" },
	{ "open-nvidia", HOST_GPU, "driver", HOST_FAIL, "(pid 900) has /dev/nvidia1 open", "kill" },
	{ "open-sound", SOUND, "driver", HOST_FAIL, "pipewire (pid 1200) has /dev/snd/", "kill" },
	{ "open-disk", HOST_SSD, "driver", HOST_FAIL, "dd (pid 77) has /dev/nvme0n1 open", "kill" },
	{ "open-macvtap", NIC, "driver", HOST_FAIL, "(pid 555) has /dev/tap7 open", "kill" },
	{ "vfio-not-loaded", NULL, "vfio", HOST_FAIL, "vfio-pci is not loaded",
	  "sudo modprobe vfio-pci" },
	{ "vfio-blacklisted", NULL, "vfio", HOST_FAIL, "/etc/modprobe.d/local.conf",
	  "works nevertheless" },
	{ "vfio-blocked", NULL, "vfio", HOST_FAIL,
	  "install vfio-pci /bin/false in /etc/modprobe.d/local.conf", "undo that" },
	{ "vfio-blocked-by-kernel", NULL, "vfio", HOST_FAIL, "module_blacklist=floppy,vfio_pci",
	  "undo that" },
	{ "vfio-blocked-no-more", NULL, "vfio", HOST_FAIL, "is not loaded", "sudo modprobe" },
	{ "vfio-blocked-by-the-distribution-alone", NULL, "vfio", HOST_FAIL, "is not loaded",
	  "sudo modprobe" },
	{ "vfio-with-install-line", NULL, "vfio", HOST_FAIL, "is not loaded", "sudo modprobe" },
	{ "vfio-blocked-on-hardened-host", NULL, "vfio", HOST_FAIL, "modules_disabled is 1",
	  "undo that" },
	{ "vfio-of-vendor-alone", NULL, "vfio", HOST_OK, "mlx5_vfio_pci is loaded", NULL },
	{ "vfio-not-loaded-on-nixos", NULL, "vfio", HOST_FAIL, "vfio-pci is not loaded",
	  "sudo modprobe vfio-pci" },
	{ "vfio-not-loaded-without-lib", NULL, "vfio", HOST_FAIL, "vfio-pci is not loaded",
	  "sudo modprobe vfio-pci" },
	{ "kernel-without-modules", NULL, "vfio", HOST_OK, "vfio-pci", NULL },
	{ "container-without-vfio-files", NULL, "vfio", HOST_FAIL, "was not given", "--device" },
	{ "vfio-absent", NULL, "vfio", HOST_FAIL, "this kernel has no vfio-pci", "full kernel" },
	{ "vfio-built-in", NULL, "vfio", HOST_OK, "built into the kernel", NULL },
	{ "vfio-without-container", NULL, "vfio", HOST_FAIL, "/dev/vfio/vfio is not there",
	  "sudo modprobe vfio" },

	{ "ready", "0000:0a:00.0", "device", HOST_FAIL, "no such PCI device", "list --all" },
	{ "ready", "0000:00:01.0", "device", HOST_FAIL, "a PCI bridge", NULL },
	{ "config-all-ones", NVME, "config", HOST_FAIL, "rev ff", "/rescan" },
	{ "config-gpu-asleep", GPU, "config", HOST_FAIL, "power state D3cold", "vgaswitcheroo" },
	{ "config-gpu-asleep", GPU, "config", HOST_FAIL, "runtime power management: suspended",
	  "echo 0 | sudo tee /sys/bus/pci/devices/0000:04:00.0/d3cold_allowed" },
	{ "ids-are-nonsense", NVME, "device", HOST_OK, "0000:0000, class 000000", NULL },
	{ "ids-are-nonsense", NVME, "iommu", HOST_FAIL, "in no IOMMU group", NULL },
	{ "domain-of-five-digits", "10000:01:00.0", "node", HOST_OK, "/dev/vfio/21 can be opened",
	  NULL },
	{ "override-of-others", NVME, "driver", HOST_OK, "bound to vfio-pci", NULL },
	{ "group-missing", NVME, "iommu", HOST_FAIL, "in no IOMMU group", NULL },
	{ "iommu-left-off", NVME, "iommu", HOST_FAIL, "leaves it off", "update-grub" },
	{ "firmware-keeps-memory", NVME, "iommu", HOST_FAIL, "RMRR", "firmware setup" },
	{ "firmware-kept-memory", NVME, "iommu", HOST_OK, "group 1", NULL },

	{ "driver-missing", NVME, "driver", HOST_FAIL, "no driver has it", "bind 0000:01:00.0" },
	{ "ready", HOST_SSD, "driver", HOST_FAIL, "the host's driver nvme", "bind 0000:02:00.0" },
	{ "disk-mounted", HOST_SSD, "driver", HOST_FAIL, "/dev/nvme0n1 is mounted on /srv/data",
	  "sudo umount /srv/data" },
	{ "disk-mounted-with-blanks", HOST_SSD, "driver", HOST_FAIL, "mounted on '/srv/my data'",
	  "sudo umount '/srv/my data'" },
	{ "disk-mounted-btrfs", HOST_SSD, "driver", HOST_FAIL, "mounted on /srv/data",
	  "sudo umount /srv/data" },
	{ "disk-partition-mounted", HOST_SSD, "driver", HOST_FAIL,
	  "/dev/nvme0n1p1 is mounted on /home", "sudo umount /home" },
	{ "disk-mounted-through-lvm", HOST_SSD, "driver", HOST_FAIL,
	  "/dev/dm-1 is mounted on /home", "sudo umount /home" },
	{ "disk-mounted-multipath", HOST_SSD, "driver", HOST_FAIL, "/dev/nvme0n1 is mounted",
	  "sudo umount" },
	{ "disk-in-raid", HOST_SSD, "driver", HOST_FAIL, "/dev/md0 is built on its disk", NULL },
	{ "disk-is-swap", HOST_SSD, "driver", HOST_FAIL, "/dev/nvme0n1 is swap",
	  "sudo swapoff /dev/nvme0n1" },
	{ "default-route", NIC, "driver", HOST_FAIL, "default route (IPv4) goes over eth0", NULL },
	{ "default-route-over-bridge", NIC, "driver", HOST_FAIL, "(IPv4) goes over br0", NULL },
	{ "default-route-ipv6", NIC, "driver", HOST_FAIL, "default route (IPv6) goes over eth0",
	  NULL },
	{ "virtual-functions", NIC, "driver", HOST_FAIL, "its 4 virtual functions",
	  "echo 0 | sudo tee /sys/bus/pci/devices/0000:03:00.0/sriov_numvfs" },
	{ "display-is-the-only-one", HOST_GPU, "driver", HOST_FAIL, "only display", NULL },

	{ "group-without-acs", NVME, "group", HOST_FAIL,
	  "0000:01:00.1 [8086:1234] bound to xhci_hcd", "bind 0000:01:00.1" },
	{ "group-without-acs", NVME, "group", HOST_FAIL, "port 0000:00:01.0 above them lacks ACS",
	  "bind 0000:01:00.1" },
	{ "group-without-acs-for-users", NVME, "group", HOST_FAIL, "run as root to see which port",
	  "bind" },
	{ "group-behind-bridge", "0000:07:01.0", "group", HOST_FAIL,
	  "behind 0000:01:00.1, a bridge to conventional PCI", "bind 0000:07:00.0" },
	{ "group-with-bridge", NVME, "group", HOST_OK, "alone in IOMMU group 1", NULL },
	{ "group-with-bridge-and-driver", NVME, "group", HOST_FAIL,
	  "0000:01:00.1 [8086:244e] bound to shpchp",
	  "echo 0000:01:00.1 | sudo tee /sys/bus/pci/drivers/shpchp/unbind" },
	{ "group-with-stub", NVME, "group", HOST_OK, "bound to pci-stub", NULL },
	{ "node-missing", NVME, "node", HOST_FAIL, "/dev/vfio/1 is not there", "udevadm trigger" },
	{ "node-denied", NVME, "node", HOST_FAIL, "/dev/vfio/1: open: Permission denied",
	  "sudo chown $USER /dev/vfio/1" },
	{ "node-both", NVME, "node", HOST_OK, "/dev/vfio/1 can be opened", NULL },
	{ "node-own", NVME, "node", HOST_OK, "/dev/iommu can be opened", NULL },
	{ "node-own", NVME, "node", HOST_OK, "/dev/vfio/devices/vfio0 can be opened", NULL },
	{ "node-own", NULL, "vfio", HOST_OK, "vfio-pci is loaded", NULL },
	{ "node-own-denied", NVME, "node", HOST_FAIL,
	  "/dev/vfio/devices/vfio0: open: Permission denied", "vfio-dev" },
	{ "node-own-missing", NVME, "node", HOST_FAIL, "/dev/vfio/devices/vfio0 is not there",
	  "udevadm trigger -s vfio-dev" },
	{ "node-iommu-denied", NVME, "node", HOST_FAIL, "/dev/iommu: open: Permission denied",
	  "sudo chown $USER /dev/iommu" },
	{ "node-strange", NVME, "node", HOST_OK, "/dev/vfio/1 can be opened", NULL },

	{ "reset-missing", NVME, "reset", HOST_WARN, "none: a guest finds it", NULL },
	{ "reset-of-bus-only", NVME, "reset", HOST_WARN, "also resets 0000:01:00.1", NULL },
	{ "reset-switched-off", NVME, "reset", HOST_WARN, "none: a guest finds it", NULL },
	{ "reset-on-old-kernel", NVME, "reset", HOST_OK, "has a method", NULL },
	{ "bar-unassigned", NVME, "bars", HOST_FAIL, "BAR 0 of 256 MiB has no address",
	  "Above 4G Decoding" },
	{ "bars-need-low-addresses", NVME, "bars", HOST_FAIL,
	  "1 GiB of 32-bit addresses, but the guest has room for 768 MiB", NULL },
	{ "bars-exceed-addresses", NVME, "bars", HOST_FAIL, "exceed the 39 address bits",
	  "--memory" },
	{ "bars-garbage", NVME, "bars", HOST_OK, "0 bytes of 64-bit", NULL },
	{ "msix-shares-page", NVME, "msix", HOST_WARN, "shares a page of BAR 0", NULL },
	{ "msix-outside-bar", NVME, "msix", HOST_FAIL, "outside its BAR 0", NULL },
	{ "msix-circle", NVME, "msix", HOST_OK, "none", NULL },
	{ "rom-shadowed", GPU, "rom", HOST_WARN, "shadowed", "romfile=" },
	{ "display-holds-firmware-screen", GPU, "display", HOST_WARN, "framebuffer BOOTFB lies",
	  "sysfb_init" },
	{ "display-of-others-holds-it", GPU, "display", HOST_OK, "not the one", NULL },
	{ "display-booted-on-without-screen", GPU, "display", HOST_OK, "no screen is connected",
	  NULL },
	{ "display-with-screen", GPU, "display", HOST_WARN, "a screen is connected", NULL },
	{ "display-booted-on", GPU, "display", HOST_WARN, "booted on it", NULL },
	{ "display-has-framebuffer-below-it", GPU, "display", HOST_WARN, "fb0 (simple) lies in it",
	  "sysfb_init" },
	{ "display-has-console-of-its-driver", HOST_GPU, "display", HOST_WARN,
	  "fb0 (i915drmfb) is on it, by its driver i915", "vtconsole" },
	{ "display-beside-accelerator", HOST_GPU, "driver", HOST_FAIL, "only display", NULL },
	{ "display-beside-one-of-a-guest", HOST_GPU, "driver", HOST_FAIL, "only display", NULL },

	{ "config-for-users-in-user-namespace", NVME, "msix", HOST_UNSEEN, "user namespace",
	  "as root outside" },
	{ "open-screen-of-others-in-user-namespace", HOST_GPU, "driver", HOST_UNSEEN,
	  "user namespace", "as root outside" },
	{ "config-masked", NVME, "config", HOST_UNSEEN, "cannot be seen from here", "outside" },
	{ "kernel-of-its-own", NULL, "vfio", HOST_FAIL, "vfio-pci is not loaded", "modprobe" },
	{ "proc-masked", HOST_SSD, "driver", HOST_UNSEEN, "/proc is not mounted", "outside" },
	{ "cpus-masked", NULL, "kvm", HOST_FAIL, "KVM is not loaded", "modprobe kvm" },
	{ "container-of-nspawn", HOST_SSD, "driver", HOST_UNSEEN, "inside a container", "outside" },
	{ "container-of-incus", HOST_SSD, "driver", HOST_UNSEEN, "inside a container", "outside" },
	{ "virtual-machine-of-arm-by-its-board", NULL, "kvm", HOST_WARN, "a virtual machine itself",
	  NULL },
	{ "rented-part-of-arm-machine", NULL, "kvm", HOST_WARN, "a virtual machine itself", NULL },
	{ "rented-whole-arm-machine", NULL, "kvm", HOST_OK, "can be opened", NULL },
	{ "arm-board-with-iommu-off-in-tree", NULL, "iommu", HOST_FAIL, "status is disabled",
	  "device tree" },
	{ "arm-board-with-iommu-that-failed", NULL, "iommu", HOST_FAIL, "could not start it",
	  "dmesg" },
	{ "arm-board-without-iommu", NULL, "iommu", HOST_FAIL, "shows none: Arm SMMU", "SMMU" },
	{ "vfio-without-type1", NULL, "vfio", HOST_WARN, "vfio_iommu_type1 is not",
	  "sudo modprobe vfio_iommu_type1" },
	{ "disk-holds-root", HOST_SSD, "driver", HOST_FAIL, "on /: this host runs from it", NULL },
	{ "disk-in-btrfs-of-several", HOST_SSD, "driver", HOST_FAIL, "a part of btrfs 7f0c-11",
	  NULL },
	{ "disk-in-zfs-pool", HOST_SSD, "driver", HOST_FAIL,
	  "/dev/nvme0n1p3 is a part of ZFS pool rpool", NULL },
	{ "default-route-over-open-vswitch", NIC, "driver", HOST_UNSEEN,
	  "eth0 is a port of Open vSwitch: whether the default route, over br-ex", "ovs-vsctl" },
	{ "network-card-in-other-namespace", NIC, "driver", HOST_UNSEEN,
	  "another network namespace", "doctor" },
	{ "open-by-other-guest", NVME, "node", HOST_FAIL, "qemu-system-x86 (pid 4711)", "fuser" },
	{ "open-cdev", NVME, "node", HOST_FAIL, "minivmm (pid 666)", "fuser" },
	{ "display-has-console", GPU, "display", HOST_WARN, "console framebuffer fb0 (EFI VGA)",
	  "vtconsole" },
};

static void examine(struct host_report *report, const char *bdf)
{
	host_tree_become_user();
	if (bdf)
		host_examine_device(report, bdf, &host_tree_demand);
	else
		host_examine(report, &host_tree_demand);
	host_tree_become_root();
}

static const char *check_of(const struct host_finding *finding)
{
	return host_check_name(host_words_find(finding->found)->check);
}

/* Returns whether the sentence of the finding has the words. */
static bool says(const struct host_finding *finding, const char *words)
{
	char *text = host_finding_text(finding);
	bool found = strstr(text, words) != NULL;

	free(text);
	return found;
}

/*
 * Returns whether one of its fixes has the words. Without words it returns whether there is no
 * fix.
 */
static bool has_fix(const struct host_finding *finding, const char *words)
{
	bool found = false;
	unsigned int i;
	char *fix;

	for (i = 0; (fix = host_finding_fix(finding, i)); i++) {
		found |= words && strstr(fix, words);
		free(fix);
	}
	return words ? found : i == 0;
}

static bool is_expected(const struct host_finding *finding, const struct situation *situation)
{
	return strcmp(check_of(finding), situation->check) == 0 &&
	       host_words_find(finding->found)->status == situation->status &&
	       says(finding, situation->detail) && has_fix(finding, situation->fix);
}

START_TEST(each_situation)
{
	const struct situation *situation = &situations[_i];
	struct host_report report;
	bool found = false;

	host_tree_make(situation->name);
	examine(&report, situation->bdf);
	for (unsigned int i = 0; i < report.count; i++)
		found |= is_expected(&report.findings[i], situation);
	if (!found)
		host_report_print(&report, 0, stderr);
	ck_assert_msg(found, "%s: no such finding of %s", situation->name, situation->check);
	host_report_destroy(&report);
}
END_TEST

/* One thing is wrong, so one check fails. What follows from it is not reported as well. */
static const struct {
	const char *name, *bdf, *only; /* the check that alone fails; NULL: none */
} failures[] = {
	{ "ready", NVME, NULL },
	{ "ready", GPU, NULL },
	{ "ready", NULL, NULL },
	{ "ready", "0000:0a:00.0", "device" },
	{ "iommu-left-off", NULL, "iommu" },
	{ "remapping-missing", NULL, "remapping" },
	{ "vfio-not-loaded", NULL, "vfio" },
	{ "ready", HOST_SSD, "driver" },
	{ "config-all-ones", NVME, "config" },
	{ "node-denied", NVME, "node" },
	{ "node-own", NVME, NULL },
	{ "node-iommu-denied", NVME, "node" },
	{ "group-without-acs", NVME, "group" },
	{ "default-route-is-down", NIC, "driver" },
	{ "other-route", NIC, "driver" },
	{ "virtual-functions-nonsense", NIC, "driver" },
	{ "vfio-of-vendor-alone", NULL, NULL },
	{ "chroot-without-sysfs", NULL, "iommu" },
	{ "vfio-of-vendor-alone", NVME, NULL },
	{ "arm-on-which-nothing-uses-msi", NULL, "kvm" },
	{ "kernel-without-modules", NULL, NULL },
	{ "domain-of-five-digits", "10000:01:00.0", NULL },
	{ "container", NULL, NULL },
	{ "container", NVME, NULL },
	{ "driver-refuses", NVME, "driver" },
	{ "no-iommu-mode", NVME, "iommu" },
	{ "accelerator-is-the-only-display", HOST_GPU, "driver" },
	{ "config-masked", NVME, NULL },
	{ "displays-two", HOST_GPU, "driver" },
	{ "disk-in-zfs-pool-that-was-exported", HOST_SSD, "driver" },
	{ "vfio-without-type1", NULL, NULL },
	{ "open-by-other-guest", NVME, "node" },
	{ "network-card-in-other-namespace", NIC, "driver" },
};

START_TEST(one_cause_one_failure)
{
	struct host_report report;

	host_tree_make(failures[_i].name);
	examine(&report, failures[_i].bdf);
	for (unsigned int i = 0; i < report.count; i++) {
		const struct host_finding *finding = &report.findings[i];

		if (host_words_find(finding->found)->status != HOST_FAIL)
			continue;
		ck_assert_msg(failures[_i].only, "%s fails", check_of(finding));
		ck_assert_str_eq(check_of(finding), failures[_i].only);
		ck_assert(!says(finding, "default route"));
		ck_assert(!says(finding, "only display"));
		ck_assert(!says(finding, "a part of"));
	}
	ck_assert_int_eq(host_report_failure(&report) != NULL, failures[_i].only != NULL);
	host_report_destroy(&report);
}
END_TEST

/* The RAM is at 64-bit addresses that the IOMMU does not reach. */
START_TEST(rule_13_iommu_is_narrow)
{
	struct host_demand demand = host_tree_demand;
	struct host_report report;

	demand.memory_end = (1ull << 39) + 1;
	host_tree_make("ready");
	host_examine(&report, &demand);
	ck_assert_ptr_nonnull(host_report_failure(&report));
	ck_assert_str_eq(check_of(host_report_failure(&report)), "iommu");
	ck_assert(says(host_report_failure(&report), "39 bits"));
	host_report_destroy(&report);
}
END_TEST

/* The start stops at what doctor finds, with the same words. */
static const struct {
	const char *name, *bdf;
	int ret;
	const char *words;
} starts[] = {
	{ "ready", NVME, 0, "" },
	{ "ready", "0000:0a:00.0", -ENODEV, "no such PCI device" },
	{ "config-all-ones", NVME, -ENODEV, "rev ff" },
	{ "iommu-left-off", NVME, -ENODEV, "| sudo tee -a /etc/default/grub" },
	{ "ready", HOST_SSD, -EBUSY, "the host's driver nvme" },
	{ "disk-mounted", HOST_SSD, -EBUSY, "fix: sudo umount /srv/data" },
	{ "group-without-acs", NVME, -EPERM, "not viable" },
	{ "node-denied", NVME, -EACCES, "fix: sudo chown $USER /dev/vfio/1" },
	{ "node-own-denied", NVME, -EACCES, "fix: sudo chown $USER /dev/vfio/devices/vfio0" },
};

START_TEST(start_says_what_doctor_says)
{
	struct host_device device;
	struct stderr_text caught;
	int ret;

	host_tree_make(starts[_i].name);
	host_tree_become_user();
	stderr_begin(&caught);
	ret = host_check_device(starts[_i].bdf, &host_tree_demand, &device);
	stderr_end(&caught);
	host_tree_become_root();
	ck_assert_int_eq(ret, starts[_i].ret);
	stderr_holds(&caught, starts[_i].words);
	if (ret < 0)
		stderr_holds(&caught, starts[_i].bdf);
	else
		ck_assert_str_eq(caught.text, "");
}
END_TEST

/*
 * What the user asked for, on a host that has it or not. What is opened if the user has no wish.
 */
static const struct {
	const char *name;
	enum host_access asked, chosen;
	int ret;
	const char *words;
	bool iommu_given, device_given;
	int group; /* one that this guest has open already, or 0 */
} ways[] = {
	{ "ready", HOST_ACCESS_ANY, HOST_ACCESS_GROUP, 0, "", false, false, 0 },
	{ "node-both", HOST_ACCESS_ANY, HOST_ACCESS_GROUP, 0, "", false, false, 0 },
	{ "node-own", HOST_ACCESS_ANY, HOST_ACCESS_IOMMUFD, 0, "", false, false, 0 },
	{ "node-both", HOST_ACCESS_GROUP, HOST_ACCESS_GROUP, 0, "", false, false, 0 },
	{ "node-own", HOST_ACCESS_GROUP, HOST_ACCESS_GROUP, -EACCES, "/dev/vfio/1 is not there",
	  false, false, 0 },
	{ "node-own", HOST_ACCESS_GROUP, HOST_ACCESS_GROUP, 0, "", false, false, 1 },
	{ "node-own", HOST_ACCESS_GROUP, HOST_ACCESS_GROUP, -EACCES, "/dev/vfio/1 is not there",
	  false, false, 2 },
	{ "node-both", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, 0, "", false, false, 0 },
	{ "ready", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, -EACCES, "fix: sudo modprobe iommufd",
	  false, false, 0 },
	{ "node-strange", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, -EACCES,
	  "/dev/iommu: open: No such", false, false, 0 },
	/* what was given is not opened; the other one is */
	{ "node-own-denied", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, 0, "", true, true, 0 },
	{ "node-iommu-denied", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, 0, "", true, false, 0 },
	{ "node-own-denied", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, -EACCES,
	  "fix: sudo chown $USER /dev/vfio/devices/vfio0", true, false, 0 },
	{ "node-iommu-denied", HOST_ACCESS_IOMMUFD, HOST_ACCESS_IOMMUFD, -EACCES,
	  "fix: sudo chown $USER /dev/iommu", false, true, 0 },
};

START_TEST(by_group_or_by_device)
{
	struct host_demand demand = host_tree_demand;
	struct host_device device;
	struct stderr_text caught;
	int ret;

	demand.access = ways[_i].asked;
	demand.iommu_given = ways[_i].iommu_given;
	demand.device_given = ways[_i].device_given;
	demand.groups[0] = ways[_i].group;
	demand.group_count = ways[_i].group > 0;
	host_tree_make(ways[_i].name);
	host_tree_become_user();
	stderr_begin(&caught);
	ret = host_check_device(NVME, &demand, &device);
	stderr_end(&caught);
	host_tree_become_root();
	ck_assert_int_eq(ret, ways[_i].ret);
	ck_assert_int_eq(host_choose_access(&device, demand.access), ways[_i].chosen);
	stderr_holds(&caught, ways[_i].words);
}
END_TEST

/*
 * After a failure the rest is looked at: the host as a whole, and KVM alone if there is no
 * device.
 */
START_TEST(failed_start_is_explained)
{
	struct host_device device;
	struct stderr_text caught;

	host_tree_make("remapping-missing");
	host_read_device(NVME, &device);
	stderr_begin(&caught);
	host_explain_failure(&device, 1, &host_tree_demand);
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: error: host: no interrupt remapping");
	stderr_begin(&caught);
	host_explain_failure(NULL, 0, &host_tree_demand);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "");
	host_tree_make("kvm-missing");
	stderr_begin(&caught);
	host_explain_failure(NULL, 0, &host_tree_demand);
	stderr_end(&caught);
	stderr_holds(&caught, "  fix: sudo modprobe kvm_intel");
}
END_TEST

/* The sentence of a finding is folded. A command stays whole, and its comment goes below it. */
START_TEST(report_fits_a_terminal)
{
	struct host_report report;
	char *text = NULL, *next, *line;
	unsigned int comments = 0, lines = 0;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	host_tree_make("group-without-acs");
	examine(&report, NVME);
	host_report_print(&report, 60, out);
	host_report_destroy(&report);
	examine(&report, GPU);
	host_report_print(&report, 60, out);
	host_report_destroy(&report);
	fclose(out);
	for (next = text; (line = strsep(&next, "\n")); lines++) {
		comments += strncmp(line, "                        # ", 26) == 0;
		ck_assert_msg(strlen(line) <= 60 || strstr(line, "fix: "), "%s", line);
	}
	ck_assert_uint_eq(comments, 1);
	ck_assert_uint_gt(lines, 25);
	free(text);
}
END_TEST

/* More findings than there is room for are left out, not written past the end. */
START_TEST(report_is_bounded)
{
	struct host_report report = { .object = "host" };

	for (unsigned int i = 0; i < 2 * HOST_FINDINGS_MAX; i++)
		host_report_add(&report,
				i == HOST_FINDINGS_MAX - 1 ? FOUND_KVM_NOT_LOADED : FOUND_KVM,
				HOST_NO_FACTS);
	ck_assert_uint_eq(report.count, HOST_FINDINGS_MAX);
	ck_assert_ptr_nonnull(host_report_failure(&report));
	host_report_destroy(&report);
	host_report_destroy(&report);
	ck_assert_uint_eq(report.count, 0);
}
END_TEST

/* The last test. */
START_TEST(trees_are_removed)
{
	host_tree_remove();
	ck_assert_str_eq(host_root(), "");
}
END_TEST

UNIT_MAIN("host_doctor", { each_situation, UNIT_COUNT(situations) },
	  { one_cause_one_failure, UNIT_COUNT(failures) }, { rule_13_iommu_is_narrow, 0 },
	  { start_says_what_doctor_says, UNIT_COUNT(starts) },
	  { by_group_or_by_device, UNIT_COUNT(ways) }, { failed_start_is_explained, 0 },
	  { report_fits_a_terminal, 0 }, { report_is_bounded, 0 }, { trees_are_removed, 0 })
