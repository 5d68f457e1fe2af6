# SPDX-License-Identifier: MIT
# Real and made-up devices, under minivmm and under QEMU: see tests/devices/README.md. Included by
# tests.mk.

RECORDER := $(addprefix tests/devices/,recorder.c device_file.c device_bits.c) guests/demo/user_server.c \
	vfio/backend/user_socket.c vfio/backend/user_message.c vmm/base/unix_socket.c vmm/base/pending_signal.c \
	vmm/trace/log.c vmm/trace/log_limit.c
$(B)/tests/recorder: $(RECORDER:%.c=$(B)/%.o)
	@echo "LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

-include $(wildcard $(B)/tests/devices/*.d)

# On demand: each device takes some seconds under each.
NEWEST_QEMU := $(LAB)/qemu-newest
$(NEWEST_QEMU)/.complete:
	@echo "FETCH $(NEWEST_QEMU)"
	@tests/lab/fetch-qemu.sh $(LAB) newest > $(B)/fetch-qemu.log 2>&1 || \
		sed -n '/^[WE]: /{s,^,$(NEWEST_QEMU) cannot be fetched: ,p;q}' $(B)/fetch-qemu.log

.PHONY: compare-devices
compare-devices: $(B)/minivmm $(B)/guests/demo_device $(B)/tests/recorder $(B)/kvm/walk.elf | $(NEWEST_QEMU)/.complete
	tests/devices/compare.sh $(B) $(NEWEST_QEMU) $(NAMES)

.PHONY: check-devices
check-devices: $(B)/minivmm $(B)/tests/recorder $(B)/kvm/walk.elf $(B)/kvm/hammer.elf
	tests/devices/check.sh $(B)
