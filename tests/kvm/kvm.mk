# SPDX-License-Identifier: MIT
# The bare-metal guests that tests/kvm/run.sh starts, see guests/README.md. Included by tests.mk.

KVM_GUESTS := ports pci_space bar_gate interrupts messages dma_copy endings cpus ram edu demo disk walk hammer bus_reset counted
KVM_IMAGES := $(KVM_GUESTS:%=$(B)/kvm/%.elf)
KVM_SHARED := $(patsubst %,$(B)/kvm/%.o,bare_start bare bare_pci bare_irq)
# No libc below, no vector registers (the guest does not switch them on), no red zone (interrupts
# use the same stack). clang warns of handlers that call functions: of vector registers.
# BARE_CPUS_MAX: a power of two, for cpus.c and the stacks in bare_start.S.
KVM_CFLAGS := -DBARE_CPUS_MAX=512 -std=gnu11 $(WARNINGS) -I. -O2 -g -m64 -ffreestanding -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -mno-red-zone -mgeneral-regs-only -fcf-protection=none \
	-Wno-interrupt-service-routine

.PHONY: kvm-guests kvm-check
kvm-guests: $(KVM_IMAGES) $(B)/kvm/firmware.fd $(B)/tests/qmp_client

kvm-check: kvm-guests $(B)/minivmm
	tests/kvm/run.sh $(B)
	tests/kvm/trace.sh $(B)
	tests/kvm/qmp.sh $(B)
	tests/kvm/terminal.py $(B)

$(B)/kvm/%.o: guests/bare/%.c
	@mkdir -p $(@D)
	@echo "CC (guest) $<"
	$(Q)$(CC) $(KVM_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/kvm/%.o: guests/bare/%.S
	@mkdir -p $(@D)
	@echo "AS (guest) $<"
	$(Q)$(CC) $(KVM_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/kvm/walk.elf $(B)/kvm/hammer.elf: $(B)/kvm/walk_space.o

$(B)/kvm/%.elf: $(B)/kvm/%.o $(KVM_SHARED) guests/bare/bare.ld
	@echo "LD (guest) $@"
	$(Q)$(CC) -m64 -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -T guests/bare/bare.ld \
		-o $@ $(filter %.o,$^)

# What starts at the reset vector has 32 bits, and is flat.
FIRMWARE_CFLAGS := $(filter-out -m64 -mno-red-zone,$(KVM_CFLAGS)) -m32
$(B)/kvm/firmware.o $(B)/kvm/firmware_start.o: KVM_CFLAGS := $(FIRMWARE_CFLAGS)

$(B)/kvm/firmware.fd: $(B)/kvm/firmware.o $(B)/kvm/firmware_start.o guests/bare/firmware.ld
	@echo "LD (guest) $@"
	$(Q)$(CC) -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
		-T guests/bare/firmware.ld -o $(B)/kvm/firmware.o.elf $(filter %.o,$^)
	$(Q)objcopy -O binary $(B)/kvm/firmware.o.elf $@

.SECONDARY: $(KVM_SHARED) $(KVM_IMAGES:.elf=.o)
-include $(wildcard $(B)/kvm/*.d)
