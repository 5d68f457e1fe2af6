# SPDX-License-Identifier: MIT
# The fuzzers, see tests/README.md. Included by tests.mk.
#
# make fuzz                                 each for FUZZ_SECONDS
# make fuzz FUZZ_TARGETS=user FUZZ_RUNS=10000000

FUZZ := $(B)/fuzz
FUZZ_TARGETS := user vhost guest device virtio kernel arm64 options uefi qmp
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
FUZZ_PROGRAMS = $(FUZZ_TARGETS:%=$(FUZZ)/fuzz_%)
FUZZ_OBJECTS := $(patsubst $(B)/%,$(FUZZ)/obj/%,$(filter-out $(B)/vmm/main.o,$(OBJECTS)))
FUZZ_OBJECTS := $(sort $(FUZZ_OBJECTS) $(patsubst %,$(FUZZ)/obj/firmware/%.o,$(filter-out acpi_arm64,$(FIRMWARE_aarch64))))
$(FUZZ)/obj/firmware/boot_arm64.o: CPPFLAGS += -Dboot_load=boot_load_arm64 -Dboot_load_firmware=boot_load_firmware_arm64 -Dboot_find_release=boot_find_release_arm64
# The stand-ins for KVM and for a device.
FUZZ_SHARED := $(FUZZ)/obj/tests/fuzz/fuzz_check.o $(patsubst %,$(FUZZ)/obj/tests/unit/%.o,\
	call_log fake_backend fake_device fake_kvm fake_vm vfio_rig)

$(FUZZ)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "CC (fuzzed) $<"
	$(Q)$(FUZZ_CC) $(ALL_CFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ)/obj/firmware/guest_init.o: $(B)/firmware/guest_init.o
	@mkdir -p $(@D)
	cp $< $@

$(FUZZ)/libminivmm.a: $(FUZZ_OBJECTS) $(FUZZ_SHARED)
	@echo "AR $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(FUZZ)/fuzz_%: $(FUZZ)/obj/tests/fuzz/fuzz_%.o $(FUZZ)/libminivmm.a
	@echo "LD $@"
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -pthread -o $@ $^ $(TEST_LIBS)

.SECONDARY: $(FUZZ_TARGETS:%=$(FUZZ)/obj/tests/fuzz/fuzz_%.o)
-include $(wildcard $(foreach depth,*/* */*/* */*/*/*,$(FUZZ)/obj/$(depth).d))

.PHONY: fuzz
fuzz: $(FUZZ_PROGRAMS)
	tests/fuzz/run_fuzz.sh $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS),-max_total_time=$(FUZZ_SECONDS)) $(FUZZ_PROGRAMS)
