# SPDX-License-Identifier: MIT
# The lab of another machine: an emulated arm64 host with real VFIO, see tests/lab/README.md. Included by
# the Makefile for ARCH=aarch64. lab.sh and most scripts are the same, what differs is in
# lab-machine-arm64.sh and in scenarios-arm64.

LAB := $(B)/lab
LAB_SRC := tests/lab
LAB_PACKAGES := qemu-system-arm cpio kmod openssl util-linux mtools dosfstools fdisk e2fsprogs
LAB_IMAGES := $(addprefix $(LAB)/,host-6.1.cpio guest-6.1.cpio guest-6.1.gz nvme1.img nvme2.img)
# The lab host's /usr: what the program was linked with, or that and more, once `make lab-host` has fetched it.
LAB_HOST := $(LAB)/host
LAB_USR = $(if $(wildcard $(LAB_HOST)/.packages),$(LAB_HOST),$(ROOT))/usr
LAB_RUN = LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm LAB_ARCH=arm64 LAB_USR=$(LAB_USR) $(LAB_SRC)/lab.sh

.PHONY: lab lab-check lab-host lab-images

lab: lab-images all
	$(LAB_RUN) shell $(LAB_ARGS)

# All scenarios, or SCENARIOS="nvme reboot".
lab-check: lab-images all
	$(LAB_RUN) run $(SCENARIOS)

lab-images: $(LAB_IMAGES) $(B)/tests/qmp_client

# Debian's kernel for that machine, as host's and as guest's.
$(LAB)/root-6.1/.complete: tests/foreign_root.sh
	tests/foreign_root.sh $(@D) arm64 linux-image-arm64
	ls $(@D)/lib/modules > $(@D)/.release
	depmod -b $(@D) $$(cat $(@D)/.release)
	touch $@

LAB_INITRD := LAB_BUSYBOX=$(ROOT)/bin/busybox $(LAB_SRC)/mkinitrd.sh
LAB_INITRD_DEPENDS := $(LAB_SRC)/mkinitrd.sh $(LAB)/root-6.1/.complete $(FOREIGN)

$(LAB)/host-6.1.cpio: $(LAB_SRC)/host-init.sh $(LAB_INITRD_DEPENDS)
	$(LAB_INITRD) $@ $< $(LAB)/root-6.1 virtio_pci 9pnet_virtio 9p

$(LAB)/guest-6.1.cpio: $(LAB_SRC)/guest-init.sh $(LAB_SRC)/guest-devices.sh $(LAB_INITRD_DEPENDS)
	$(LAB_INITRD) $@ $< $(LAB)/root-6.1 nvme e1000e 8139cp -- $(LAB_SRC)/guest-devices.sh

# The kernel as other distributions pack it.
$(LAB)/guest-6.1.gz: $(LAB)/root-6.1/.complete
	gzip -1c $(LAB)/root-6.1/boot/vmlinuz-* > $@.tmp
	mv $@.tmp $@

$(LAB)/nvme1.img: KEY = 01
$(LAB)/nvme2.img: KEY = 02
$(LAB)/%.img:
	mkdir -p $(LAB)
	openssl enc -aes-128-ctr -K $(KEY) -iv 0 -in /dev/zero 2>/dev/null | head -c 64M > $@.tmp
	mv $@.tmp $@

# For the scenarios that are run on demand: servers for disks and folders, UEFI firmware and a loader for it.
LAB_HOST_PACKAGES := qemu-system-common qemu-utils e2fsprogs qemu-efi-aarch64 systemd-boot-efi
lab-host:
	tests/foreign_root.sh $(LAB_HOST) arm64 $(FOREIGN_PACKAGES) $(LAB_HOST_PACKAGES)
	$(MAKE) $(LAB)/systemd-boot.img

# An installed system for that firmware: its own disk, loader, kernel and init.
$(LAB)/installed.cpio: $(LAB_SRC)/installed-init.sh $(LAB_INITRD_DEPENDS)
	$(LAB_INITRD) $@ $< $(LAB)/root-6.1 nvme ext4 efivarfs virtio_blk virtio_pci

$(LAB)/systemd-boot.img: $(LAB_SRC)/mkinstalled.sh $(LAB_SRC)/installed-init.sh $(LAB)/installed.cpio
	LAB_EFI=aa64 LAB_LOADERS=$(LAB_HOST)/usr/lib/systemd/boot/efi LAB_BUSYBOX=$(ROOT)/bin/busybox \
		$(LAB_SRC)/mkinstalled.sh $@ $(LAB)/root-6.1 $(LAB)/installed.cpio systemd-boot
