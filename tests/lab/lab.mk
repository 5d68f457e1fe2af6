# SPDX-License-Identifier: MIT
# The lab: an emulated host with real VFIO, see tests/lab/README.md. Included by the Makefile.

LAB := $(B)/lab
LAB_SRC := tests/lab
LAB_PACKAGES := qemu-system-x86 qemu-system-common qemu-utils e2fsprogs bsdutils busybox-static cpio kmod openssl zstd xz-utils lz4 util-linux strace jq \
	ethtool fio iperf3 nvme-cli pciutils ovmf mtools dosfstools fdisk e2fsprogs grub-common \
	grub-efi-amd64-bin systemd-boot-efi
LAB_KERNELS := 6.1 6.1-cloud 6.12
LAB_IMAGES := $(addprefix $(LAB)/,host-6.1.cpio host-6.12.cpio vmlinux-6.1 vmlinux-6.12 \
	$(LAB_KERNELS:%=guest-%.cpio) guest-devices.cpio guest-tools.cpio guest-power.cpio \
	nvme1.img nvme2.img nvme3.img sata.img usb.img grub.img systemd-boot.img \
	display.rom read-rom.cpio)
LAB_FETCHED := $(LAB_KERNELS:%=$(LAB)/root-%/.complete)

.PHONY: demo-gpu demo-gpu-installed demo-installed demo-installed-built lab lab-check lab-fetch lab-images

# A shell on the lab host; LAB_ARGS="iommu=off kernel=6.12" for another machine.
lab: lab-images kvm-guests $(B)/minivmm
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh shell $(LAB_ARGS)

# All scenarios, or SCENARIOS="nvme-read reboot".
lab-check: lab-images kvm-guests $(B)/minivmm
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run $(SCENARIOS)

# What a passed-through display shows: build/demo-gpu.png.
demo-gpu: deps
	$(MAKE) demo-gpu-installed

demo-gpu-installed: lab-images kvm-guests $(B)/minivmm
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run display
	cp $(LAB)/logs/demo-gpu.png $(B)/demo-gpu.png

# README's way from top to bottom, on a terminal; and what its first two steps print, as pictures in the tree.
.PHONY: lab-pictures lab-pictures-installed
lab-pictures: deps
	$(MAKE) lab-pictures-installed

lab-pictures-installed: lab-images kvm-guests $(B)/minivmm
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run walk
	$(LAB_SRC)/terminal_svg.py 'minivmm list' < $(LAB)/logs/walk-list-after.txt > $(LAB_SRC)/list.svg
	$(LAB_SRC)/terminal_svg.py 'minivmm doctor 01:00.0' < $(LAB)/logs/walk-doctor.txt > $(LAB_SRC)/doctor.svg

# A system that starts from its own disk, as it looks on the console.
demo-installed: deps
	$(MAKE) demo-installed-built

demo-installed-built: lab-images kvm-guests $(B)/minivmm
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh demo-installed

lab-images: $(LAB_IMAGES)

lab-fetch: $(LAB_FETCHED)

# The kernel that Debian has not: built here, when asked for.
IOMMUFD_PACKAGES := bc bison flex libelf-dev
IOMMUFD_SCENARIOS = $(basename $(notdir $(wildcard $(LAB_SRC)/scenarios/iommufd*.sh)))

.PHONY: lab-iommufd lab-iommufd-installed
lab-iommufd: deps
	@tests/install_packages.sh $(IOMMUFD_PACKAGES)
	$(MAKE) lab-iommufd-installed

lab-iommufd-installed: lab-images kvm-guests $(B)/minivmm $(LAB)/host-iommufd.cpio $(LAB)/vmlinux-iommufd
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run $(IOMMUFD_SCENARIOS)

$(LAB)/root-iommufd/.complete: $(LAB_SRC)/iommufd-kernel.sh $(LAB_SRC)/iommufd.config
	$(LAB_SRC)/iommufd-kernel.sh $(@D)

$(LAB)/host-iommufd.cpio $(LAB)/host-iommufd-newest.cpio: $(LAB)/host-%.cpio: \
		$(LAB_SRC)/host-init.sh $(LAB_SRC)/mkinitrd.sh $(LAB)/root-%/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-$*

# The same from Debian sid's source, which maps guest RAM by its file.
.PHONY: lab-iommufd-newest lab-iommufd-newest-installed
lab-iommufd-newest: deps
	@tests/install_packages.sh $(IOMMUFD_PACKAGES)
	$(MAKE) lab-iommufd-newest-installed

lab-iommufd-newest-installed: lab-images kvm-guests $(B)/minivmm $(LAB)/host-iommufd-newest.cpio $(LAB)/vmlinux-iommufd-newest
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run $(IOMMUFD_SCENARIOS)

$(LAB)/root-iommufd-newest/.complete: $(LAB_SRC)/iommufd-kernel.sh $(LAB_SRC)/iommufd.config
	$(LAB_SRC)/iommufd-kernel.sh $(@D) newest

# memtest86+ in a guest; unpacked, not installed: its package would add entries to this machine's boot menu.
.PHONY: lab-memtest lab-memtest-installed
lab-memtest: deps
	$(MAKE) lab-memtest-installed

lab-memtest-installed: lab-images kvm-guests $(B)/minivmm $(LAB)/memtest86+/.complete
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run memtest memtest-32

$(LAB)/memtest86+/.complete: $(LAB_SRC)/fetch-memtest.sh
	$(LAB_SRC)/fetch-memtest.sh $(LAB)

# Only for some scenarios, which are skipped without it.
LAB_QEMU := $(LAB)/qemu-backports/.complete
lab-images: $(LAB_QEMU)
$(LAB_QEMU): $(LAB_SRC)/fetch-qemu.sh
	-$(LAB_SRC)/fetch-qemu.sh $(LAB)

# The newest of both, Debian sid's, for the lab host and for its emulator: on demand.
# LAB_MACHINE="pulse=off" changes the machine further.
LAB_NEWEST := $(LAB)/root-newest/.complete $(LAB)/qemu-newest/.complete
LAB_NEWEST_IMAGES := $(addprefix $(LAB)/,host-newest.cpio vmlinux-newest guest-newest.cpio)
.PHONY: lab-newest
lab-newest: lab-images kvm-guests $(B)/minivmm $(LAB_NEWEST) $(LAB_NEWEST_IMAGES)
	LAB_MACHINE="qemu=newest kernel=newest $(LAB_MACHINE)" LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm \
		$(LAB_SRC)/lab.sh run $(SCENARIOS)

# Devices of the lab under minivmm and under the newest QEMU, beside each other: NAMES="nvme igb" for some.
.PHONY: compare-lab
compare-lab: lab-images kvm-guests $(B)/minivmm | $(LAB)/qemu-newest/.complete
	rm -rf $(LAB)/logs/compare
	LAB_CASE="$(NAMES)" LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run compare-igb compare
	tests/devices/compare-lab.sh $(LAB)/logs/compare

$(LAB)/root-newest/.complete: $(LAB_SRC)/fetch-newest-kernel.sh $(LAB_SRC)/private-apt.sh
	$(LAB_SRC)/fetch-newest-kernel.sh $(LAB)

# One run of fetch.sh makes them all; it does nothing for those that are there.
$(LAB_FETCHED) &: $(LAB_SRC)/fetch.sh
	$(LAB_SRC)/fetch.sh $(LAB)
	touch $(LAB_FETCHED)

$(LAB)/vmlinux-%: $(LAB)/root-%/.complete $(LAB_SRC)/vmlinux.sh
	$(LAB_SRC)/vmlinux.sh $(LAB)/root-$*/boot/vmlinuz-* $@

$(LAB)/host-%.cpio: $(LAB_SRC)/host-init.sh $(LAB_SRC)/mkinitrd.sh $(LAB)/root-%/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-$* virtio_pci 9pnet_virtio 9p

$(LAB)/guest-%.cpio: $(LAB_SRC)/guest-init.sh $(LAB_SRC)/mkinitrd.sh $(LAB_SRC)/lab.mk $(LAB)/root-%/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-$* nvme pvpanic-mmio pvpanic-pci uio_pci_generic virtio_blk virtio_pci

# A system that has a journal to lose, and hears the power button.
$(LAB)/guest-power.cpio: $(LAB_SRC)/guest-init.sh $(LAB_SRC)/mkinitrd.sh $(LAB_SRC)/lab.mk $(LAB)/root-6.1-cloud/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-6.1-cloud nvme ext4 button evdev

# An installed system: its own disk, loader, kernel and init.
$(LAB)/installed.cpio: $(LAB_SRC)/installed-init.sh $(LAB_SRC)/mkinitrd.sh $(LAB)/root-6.1-cloud/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-6.1-cloud nvme ext4 efivarfs virtio_blk virtio_pci

$(LAB)/grub.img $(LAB)/systemd-boot.img: $(LAB)/%.img: $(LAB_SRC)/mkinstalled.sh $(LAB_SRC)/installed-init.sh $(LAB)/installed.cpio
	$(LAB_SRC)/mkinstalled.sh $@ $(LAB)/root-6.1-cloud $(LAB)/installed.cpio $*

# An expansion ROM with a display's driver for UEFI. clang has UEFI's calling convention, GNU's linker its format.
UEFI_CFLAGS := --target=x86_64-unknown-windows -std=gnu11 $(WARNINGS) -I. -O2 -ffreestanding -fno-stack-protector \
	-mno-red-zone
$(LAB)/display.rom: guests/uefi/display_rom.S guests/uefi/display_driver.c guests/uefi/display_ids.h guests/uefi/uefi_abi.h
	@mkdir -p $(@D)
	@echo "CC (firmware) guests/uefi/display_driver.c"
	$(Q)clang $(UEFI_CFLAGS) -c -o $@.o guests/uefi/display_driver.c
	$(Q)ld -m i386pep --subsystem 11 --image-base 0 -e efi_main -s -o $@.efi $@.o
	$(Q)$(CC) -I. -DDRIVER='"$@.efi"' -c -o $@.o $<
	$(Q)objcopy -O binary -j .rodata $@.o $@
	$(Q)rm $@.o $@.efi

# An ACPI table for a guest, where Linux looks for such in its initrd.
$(LAB)/read-rom.cpio: $(LAB_SRC)/read_rom.asl
	@mkdir -p $@.tree/kernel/firmware/acpi
	$(Q)iasl -p $@.tree/kernel/firmware/acpi/read_rom $< > $@.log || { cat $@.log; exit 1; }
	$(Q)(cd $@.tree && find kernel | sort | cpio --quiet -o -H newc -R 0:0) > $@.tmp
	$(Q)rm -r $@.tree $@.log
	$(Q)mv $@.tmp $@

# Guests for devices of every kind: Debian's full kernel with their drivers, and tools that judge.
LAB_DRIVERS := 8139cp ac ahci battery bochs e1000e igbvf nvme pvpanic-mmio pvpanic-pci sd_mod snd-hda-codec-generic \
	snd-hda-intel snd-pcm-oss uas usb-storage xhci-pci
LAB_TOOLS := $(addprefix /usr/,bin/fio bin/iperf3 sbin/ethtool)

$(LAB)/guest-devices.cpio $(LAB)/guest-tools.cpio: $(LAB)/guest-%.cpio: $(LAB_SRC)/guest-init.sh \
		$(LAB_SRC)/guest-devices.sh $(LAB_SRC)/mkinitrd.sh $(LAB)/root-6.1/.complete
	$(LAB_SRC)/mkinitrd.sh $@ $< $(LAB)/root-6.1 $(LAB_DRIVERS) -- $(LAB_SRC)/guest-devices.sh \
		/usr/bin/lspci $(if $(filter tools,$*),$(LAB_TOOLS))

# The same bytes on every machine: AES counter mode over zeros, each disk with a key of its own.
$(LAB)/nvme1.img: KEY = 01
$(LAB)/nvme2.img: KEY = 02
$(LAB)/nvme3.img: KEY = 03
$(LAB)/sata.img: KEY = 04
$(LAB)/usb.img: KEY = 05
$(LAB)/%.img:
	mkdir -p $(LAB)
	openssl enc -aes-128-ctr -K $(KEY) -iv 0 -in /dev/zero 2>/dev/null | head -c 64M > $@.tmp
	mv $@.tmp $@
