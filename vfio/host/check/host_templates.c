/* SPDX-License-Identifier: MIT */
/*
 * Templates that stand within the words of findings: how a kernel parameter is set on each
 * distribution, why devices share a group, and how each monitor is told to give its guest more.
 */
#include "host_words.h"

/* ---- kernel parameters ---- */

/*
 * A line at the end of the file adds to what the lines above have set. It works however they are
 * written, and if there is none.
 */
#define GRUB_ADD                                                                                   \
	"echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX {parameter}\"' | sudo tee -a "             \
	"/etc/default/grub && "
#define GRUB_DEL "sudo sed -i '/^GRUB_CMDLINE_LINUX/s/{parameter}//' /etc/default/grub && "
#define FILE_ADD "sudo sed -i '1s/$/ {parameter}/' /etc/kernel/cmdline && "
#define FILE_DEL "sudo sed -i '1s/{parameter}//' /etc/kernel/cmdline && "
#define NIXOS    " boot.kernelParams in /etc/nixos/configuration.nix, then: sudo nixos-rebuild boot"
/* Debian keeps its kernels in /boot, for kernel-install too. */
#define INSTALL                                                                                    \
	"sudo kernel-install add $(uname -r) $(ls /lib/modules/$(uname -r)/vmlinuz "               \
	"/boot/vmlinuz-$(uname -r) 2>/dev/null | head -n 1)"
#define REBOOT " && sudo reboot"

const struct host_loader_words host_loader_words[HOST_LOADERS] = {
	[HOST_LOADER_OSTREE] = { "sudo rpm-ostree kargs --append-if-missing={parameter}" REBOOT,
				 "sudo rpm-ostree kargs --delete-if-present={parameter}" REBOOT },
	[HOST_LOADER_PROXMOX] = { FILE_ADD "sudo proxmox-boot-tool refresh" REBOOT,
				  FILE_DEL "sudo proxmox-boot-tool refresh" REBOOT },
	[HOST_LOADER_KERNELSTUB] = { "sudo kernelstub -a {parameter}" REBOOT,
				     "sudo kernelstub -d {parameter}" REBOOT },
	[HOST_LOADER_GRUB_DEBIAN] = { GRUB_ADD "sudo update-grub" REBOOT,
				      GRUB_DEL "sudo update-grub" REBOOT },
	[HOST_LOADER_GRUBBY] = { "sudo grubby --update-kernel=ALL --args={parameter}" REBOOT,
				 "sudo grubby --update-kernel=ALL "
				 "--remove-args={parameter}" REBOOT },
	[HOST_LOADER_GRUB] = { GRUB_ADD "sudo grub-mkconfig -o /boot/grub/grub.cfg" REBOOT,
			       GRUB_DEL "sudo grub-mkconfig -o /boot/grub/grub.cfg" REBOOT },
	[HOST_LOADER_GRUB2] = { GRUB_ADD "sudo grub2-mkconfig -o /boot/grub2/grub.cfg" REBOOT,
				GRUB_DEL "sudo grub2-mkconfig -o /boot/grub2/grub.cfg" REBOOT },
	[HOST_LOADER_NIXOS] = { "add {parameter} to" NIXOS REBOOT,
				"remove {parameter} from" NIXOS REBOOT },
	[HOST_LOADER_MKINITCPIO] = { FILE_ADD "sudo mkinitcpio -P" REBOOT,
				     FILE_DEL "sudo mkinitcpio -P" REBOOT },
	[HOST_LOADER_KERNEL_INSTALL] = { FILE_ADD INSTALL REBOOT, FILE_DEL INSTALL REBOOT },
	[HOST_LOADER_UNKNOWN] = { "add {parameter} to the kernel command line in the boot loader's "
				  "settings, then reboot",
				  "remove {parameter} from the kernel command line in the boot "
				  "loader's settings, then reboot" },
};

/* ---- why a group is shared ---- */

const char *const host_sharing_words[SHARING_COUNT] = {
	[SHARING_ONE_CHIP] = "the functions of one chip, or of a root complex without ACS",
	[SHARING_WITHOUT_ACS] =
		"the port {port} above them lacks ACS, so they could reach each other",
	[SHARING_CONVENTIONAL] = "behind {port}, a bridge to conventional PCI, they look like one",
	[SHARING_UNSEEN] = "run as root to see which port above them, {port} or another, lacks ACS",
};

/* ---- monitors that this host may be a guest of ---- */

#define WHOLE_MACHINE "run minivmm on the machine itself, not in its virtual machine"

const struct host_monitor_words host_monitor_words[HOST_MONITORS] = {
	[HOST_MONITOR_OTHER] = { "turn nested virtualization on outside, such as by QEMU's -cpu "
				 "host",
				 "give it a virtual IOMMU outside, such as by QEMU's -machine "
				 "q35,kernel-irqchip=split -device "
				 "intel-iommu,intremap=on,caching-mode=on" },
	[HOST_MONITOR_WSL] = { "set nestedVirtualization=true below wsl2 in .wslconfig of the "
			       "Windows user, then: wsl --shutdown",
			       "start Linux on the machine itself: WSL gives no device to a "
			       "guest" },
	[HOST_MONITOR_HYPERV] = { "Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions "
				  "$true"
				  "   # on the Hyper-V host; on Azure: a size with nested "
				  "virtualization",
				  WHOLE_MACHINE ": Hyper-V has no virtual IOMMU" },
	[HOST_MONITOR_VMWARE] = { "tick \"Expose hardware assisted virtualization to the guest "
				  "OS\" (vhv.enable = TRUE)",
				  "tick \"Expose IOMMU to the guest OS\" (vvtd.enable = TRUE)" },
	[HOST_MONITOR_VIRTUALBOX] = { "VBoxManage modifyvm NAME --nested-hw-virt on   # outside",
				      "VBoxManage modifyvm NAME --chipset ich9 --iommu automatic   "
				      "# outside" },
	[HOST_MONITOR_XEN] = { "set nestedhvm=1 in this guest's configuration in dom0",
			       WHOLE_MACHINE ", without Xen: its guests get no IOMMU" },
	[HOST_MONITOR_CLOUD] = { "rent a whole machine (a bare-metal instance), or an instance "
				 "with nested virtualization",
				 "rent a whole machine (a bare-metal instance)" },
};

/* ---- who sees more ---- */

const char *const host_seers[SEERS] = {
	[SEER_ROOT] = "root",
	[SEER_OUTSIDE] = "outside",
};
