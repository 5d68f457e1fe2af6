# SPDX-License-Identifier: MIT
#
# make            build build/minivmm
# make demo       the main job: a stock Debian guest reads a PCI device through VFIO
# make demo-gpu   the same with a display: build/demo-gpu.png is what it shows
# make demo-command  a command in a guest that has the device, with this machine's files
# make demo-installed  a system starts from its own disk: firmware, GRUB, Linux
# make check      every test; ends with `N passed, N failed, N skipped`
# make lab        a shell on the lab host, an emulated machine with an IOMMU
# make lab-iommufd  the lab on a kernel with iommufd, which it builds first: ten minutes
# make ARCH=aarch64 [lab]  the same for arm64, on another machine: build/aarch64/minivmm
# make campaign   fuzzers, faults, starts and resets by the thousand; prints a table
# make lint       format, static analysis, layering, shell scripts
# make bench      figures beside QEMU's, in one run
# make install    DESTDIR= PREFIX=/usr/local
# make clean      remove build/

# `make V=1` shows the commands.
V ?= 0
Q0 := @
Q := $(Q$(V))

# ARCH=aarch64 builds for that on another machine, below build/aarch64, against Debian's libraries
# unpacked in there.
HOST_ARCH := $(shell uname -m)
ARCH ?= $(HOST_ARCH)
TRIPLET := $(ARCH)-linux-gnu
ifeq ($(ARCH),$(HOST_ARCH))
B := build
CROSS :=
else
B := build/$(ARCH)
CROSS := $(TRIPLET)-
ROOT := $(B)/root
FOREIGN := $(ROOT)/.packages
endif
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
PREFIX ?= /usr/local
VERSION := 0.1

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wvla -Wwrite-strings -Werror=implicit-function-declaration
CPPFLAGS += -I. -I$(B)/gen -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DMINIVMM_VERSION='"$(VERSION)"'
# What the compiler is told of the other machine; clang is one for all.
TARGET_CFLAGS := $(if $(CROSS),--sysroot=$(ROOT) $(if $(findstring clang,$(CC)),--target=$(TRIPLET)))
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(TARGET_CFLAGS) -pthread -fno-common
LDFLAGS ?= -Wl,-z,relro,-z,now

FIRMWARE_x86_64 := acpi boot_x86 linux_bzimage linux_pvh
FIRMWARE_aarch64 := acpi_arm64 boot_arm64 linux_arm64 unpack device_tree device_tree_firmware device_tree_writer
# JSON, only for --qmp: linked into the program, so that other starts load no library.
LIBS_x86_64 := -l:libjansson.a
# What unpacks a kernel, and what every start needs, is linked into the program: no library is loaded for it.
LIBS_aarch64 := $(LIBS_x86_64) -lfdt -lz -l:libzstd.a -l:liblzma.a -l:liblz4.a
GENERATED := $(patsubst firmware/%.asl,$(B)/gen/%.h,$(wildcard firmware/*.asl)) $(B)/gen/syscall_names.h
FIRMWARE := $(FIRMWARE_$(ARCH)) kernel_file kernel_release initramfs modules acpi_loader acpi_routes acpi_table smbios uefi_format uefi_image uefi_tables uefi_volume
DEMO := $(addprefix guests/demo/,demo_device.c demo_server.c user_server.c)
SOURCES := $(wildcard vmm/*.c vmm/base/*.c vmm/core/*.c vmm/trace/*.c vmm/cli/*.c vmm/sandbox/*.c vmm/$(ARCH)/*.c devices/*.c \
	vfio/*.c vfio/backend/*.c vfio/host/*/*.c) $(FIRMWARE:%=firmware/%.c) $(DEMO)
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/firmware/guest_init.o

.PHONY: all demo check lab lint bench install clean deps
all: $(B)/minivmm $(B)/guests/demo_device

# What a fresh Debian 12 lacks. `make deps` installs it and does nothing, without the network, when it is
# there already.
BUILD_PACKAGES := gcc make libc6-dev libkmod-dev libjansson-dev libpci-dev acpica-tools libfdt-dev zlib1g-dev \
	libzstd-dev liblzma-dev liblz4-dev libseccomp-dev
TEST_PACKAGES := check kmod strace jq python3-jsonschema clang clang-format clang-tidy cppcheck shellcheck pkg-config libclang-rt-14-dev device-tree-compiler \
	gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm
ifeq ($(ARCH),x86_64)
-include tests/lab/lab.mk
else
include tests/lab/lab-arm64.mk
endif
include tests/tests.mk

deps:
	@tests/install_packages.sh $(BUILD_PACKAGES) $(TEST_PACKAGES) $(LAB_PACKAGES)

$(B)/minivmm: $(OBJECTS)
	@echo "LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$(ARCH)) -l:libseccomp.a

$(B)/%.o: %.c | $(GENERATED) $(FOREIGN)
	@mkdir -p $(@D)
	@echo "CC $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The other machine's packages, unpacked: libraries, and what its lab host needs in /usr.
DEBIAN_aarch64 := arm64
DEBIAN_x86_64 := amd64
FOREIGN_PACKAGES := libc6-dev libfdt-dev zlib1g-dev libzstd-dev liblzma-dev liblz4-dev libseccomp-dev libkmod-dev libjansson-dev libpci-dev pci.ids kmod \
	busybox-static
$(FOREIGN): tests/foreign_root.sh Makefile
	@echo "UNPACK $(@D)"
	$(Q)tests/foreign_root.sh $(@D) $(DEBIAN_$(ARCH)) $(FOREIGN_PACKAGES)
	$(Q)touch $@

.PRECIOUS: $(B)/gen/%.h
# ACPI source -> AML -> a C array, NAME_aml_code[].
$(B)/gen/%.h: firmware/%.asl $(wildcard firmware/*.asi)
	@mkdir -p $(@D)
	@echo "IASL $<"
	$(Q)iasl -vr -tc -p $(B)/gen/$* $< > $(B)/gen/$*.log || { cat $(B)/gen/$*.log; exit 1; }
	$(Q)mv $(B)/gen/$*.hex $@

# The names of system calls, by their numbers on this architecture.
$(B)/gen/syscall_names.h: Makefile | $(FOREIGN)
	@mkdir -p $(@D)
	@echo "GEN $@"
	$(Q)echo '#include <asm/unistd.h>' | $(CC) $(TARGET_CFLAGS) -E -dM - | \
		sed -n -e '/__NR_syscalls/d' -e 's/^#define __NR_\([a-z0-9_]*\) ..*/[__NR_\1] = "\1",/p' | sort > $@.part
	$(Q)mv $@.part $@

# The default guest's init, carried inside minivmm as guest_init_start[] .. guest_init_end[].
GUEST_INIT_SOURCES := guests/init.c guests/init_button.c guests/init_command.c guests/init_end.c guests/init_order.c guests/init_pump.c guests/init_report.c guests/init_root.c
$(B)/guests/init: $(GUEST_INIT_SOURCES) $(wildcard guests/*.h) | $(FOREIGN)
	@mkdir -p $(@D)
	@echo "CC $(GUEST_INIT_SOURCES)"
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(TARGET_CFLAGS) -D_GNU_SOURCE -Os -static -s -ffunction-sections -Wl,--gc-sections \
		-o $@ $(GUEST_INIT_SOURCES)

$(B)/firmware/guest_init.o: firmware/guest_init.S $(B)/guests/init
	@mkdir -p $(@D)
	@echo "AS $<"
	$(Q)$(CC) $(ALL_CFLAGS) -DGUEST_INIT='"$(B)/guests/init"' -c -o $@ $<

# The demo device as a vfio-user server of its own, for any client.
DEMO_SERVER := $(DEMO) guests/demo/demo_main.c vfio/backend/user_socket.c vfio/backend/user_message.c \
	vmm/base/unix_socket.c vmm/base/pending_signal.c vmm/trace/log.c vmm/trace/log_limit.c
$(B)/guests/demo_device: $(DEMO_SERVER:%.c=$(B)/%.o)
	@echo "LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

install: all
	install -D -m 755 $(B)/minivmm $(DESTDIR)$(PREFIX)/bin/minivmm
	install -D -m 644 vmm/cli/minivmm.1 $(DESTDIR)$(PREFIX)/share/man/man1/minivmm.1
	install -D -m 644 vmm/cli/minivmm-completion.sh \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/minivmm

# On a device of this machine when one is named, `make demo VFIO=01:00.0`, else in the lab.
demo: deps
	$(MAKE) $(if $(VFIO),demo-host,demo-lab)

.PHONY: demo-host demo-lab
demo-host: all
	$(B)/minivmm --vfio $(VFIO) --append minivmm.poweroff

# The same device, and a command of this machine that uses it.
.PHONY: demo-command demo-command-installed
demo-command: deps
	$(MAKE) demo-command-installed

demo-command-installed: all $(if $(VFIO),,kvm-guests lab-images)
	$(if $(VFIO),$(B)/minivmm --vfio $(VFIO) -- lspci -nnk,LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh demo command)

demo-lab: all kvm-guests lab-images
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh demo

clean:
	rm -rf $(B)

-include $(OBJECTS:.o=.d) $(B)/guests/demo/demo_main.d
