# SPDX-License-Identifier: MIT
# The tests, see tests/README.md. Included by the Makefile.

UNIT := $(B)/unit
UNIT_TESTS := $(patsubst tests/unit/%.c,$(UNIT)/%,$(wildcard tests/unit/*_test.c))
UNIT_CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
UNIT_OBJECTS := $(patsubst $(B)/%,$(UNIT)/obj/%,$(filter-out $(B)/vmm/main.o,$(OBJECTS)))
# Files of the other architecture that work on any; there is already one boot_load().
UNIT_OBJECTS := $(sort $(UNIT_OBJECTS) $(FIRMWARE_aarch64:%=$(UNIT)/obj/firmware/%.o))
$(UNIT)/obj/firmware/boot_arm64.o: CPPFLAGS += -Dboot_load=boot_load_arm64 -Dboot_load_firmware=boot_load_firmware_arm64 -Dboot_find_release=boot_find_release_arm64
# The tables of arm64 against arm64's map.
UNIT_OBJECTS += $(UNIT)/obj/vmm/aarch64/aarch64_layout.o
$(UNIT)/obj/firmware/acpi_arm64.o: CPPFLAGS += -Dacpi_size=acpi_size_arm64 -Dacpi_write_tables=acpi_write_tables_arm64 \
	-Darch_layout=arch_layout_arm64
$(UNIT)/obj/vmm/aarch64/aarch64_layout.o: CPPFLAGS += -Darch_layout=arch_layout_arm64 -Darch_ram_high=arch_ram_high_arm64
# Libraries of the arm64 firmware, which the tests and the fuzzers of any architecture hold.
TEST_LIBS := -ljansson -lfdt -lz -lzstd -llzma -llz4 -lseccomp
# fake_sysfs.c has functions in place of minivmm's own: only the tests of binding are linked with it.
UNIT_BINDING := fake_sysfs bind_rig
UNIT_BINDING_TESTS := host_bind host_hold host_persist host_record
UNIT_SHARED := $(patsubst tests/unit/%.c,$(UNIT)/obj/tests/unit/%.o,\
	$(filter-out %_test.c $(UNIT_BINDING:%=tests/unit/%.c),$(wildcard tests/unit/*.c)))

# Everything but main(), once more, with the sanitizers: each test program takes from it what it needs.
$(UNIT)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "CC (sanitized) $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT)/obj/firmware/guest_init.o: $(B)/firmware/guest_init.o
	@mkdir -p $(@D)
	cp $< $@

$(UNIT)/libminivmm.a: $(UNIT_OBJECTS)
	@echo "AR $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(UNIT)/%_test: $(UNIT)/obj/tests/unit/%_test.o $(UNIT_SHARED) $(UNIT)/libminivmm.a
	@echo "LD $@"
	$(Q)$(CC) $(UNIT_CFLAGS) -pthread -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcheck -lsubunit -lm -lrt $(TEST_LIBS)

$(UNIT_BINDING_TESTS:%=$(UNIT)/%_test): $(UNIT_BINDING:%=$(UNIT)/obj/tests/unit/%.o)

# Intermediate files in make's eyes; compiled once is enough.
.PRECIOUS: $(UNIT)/obj/%.o
-include $(wildcard $(foreach depth,*/* */*/* */*/*/*,$(UNIT)/obj/$(depth).d))

.PHONY: unit
unit: $(UNIT_TESTS)
	tests/unit/run.sh $(UNIT_TESTS)

# The unit tests that have several threads, under ThreadSanitizer, on demand. (hotplug_test counts open files, and the
# sanitizer has some.)
TSAN_TESTS := bus bus_error file_keeper irq_vector log_limit loop patient_stream prefault trace user user_hostile user_server \
	vfio_owner vhost_user virtio_console virtio_pci vm
TSAN_CFLAGS := -O1 -g -fsanitize=thread -fno-omit-frame-pointer

.PHONY: tsan tsan-run
tsan:
	$(MAKE) UNIT=$(B)/tsan UNIT_CFLAGS='$(TSAN_CFLAGS)' tsan-run

tsan-run: $(TSAN_TESTS:%=$(UNIT)/%_test)
	TSAN_OPTIONS='suppressions=$(CURDIR)/tests/unit/tsan.txt' tests/unit/run.sh $^

# The same under helgrind, which knows other faults: the order of locks, for one. (bus_error_test is about SIGBUS, by
# which valgrind itself would end. file_keeper_test joins by pthread_tryjoin_np(), which valgrind does not know.)
HELGRIND := valgrind --tool=helgrind --error-exitcode=9 --quiet --suppressions=$(CURDIR)/tests/unit/helgrind.supp

.PHONY: helgrind helgrind-run
helgrind:
	$(MAKE) UNIT=$(B)/helgrind UNIT_CFLAGS='-O1 -g' helgrind-run

helgrind-run: $(patsubst %,$(UNIT)/%_test,$(filter-out bus_error file_keeper,$(TSAN_TESTS)))
	UNIT_RUNNER='$(HELGRIND)' tests/unit/run.sh $^

# A client of the control socket, here and on the lab hosts.
$(B)/tests/qmp_client: $(B)/tests/kvm/qmp_client.o
	@echo "LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

include tests/kvm/kvm.mk
include tests/fuzz/fuzz.mk
include tests/devices/devices.mk

# The system calls that threads make beside their filters, by strace; takes as long as kvm-check. The second one adds
# scenarios of the lab, in which each call takes longer: three quarters of an hour. Those of iommufd need its kernel, see lab.mk.
SANDBOX_SCENARIOS := aer aer-guest bar-gate command command-pipes command-terminal command-user cpus-4 dead-device \
	demo-device disk edu firmware firmware-display firmware-refused flr group-busy \
	group-two hammer-bus host-bind-run hotplug hotplug-display hotplug-functions hotplug-surprise inject-vfio \
	intx-shared irq-relay kill9-restart laptop lost-memory many-devices nvme-intx nvme-read nvme-two panic port \
	port-wanted power-button reboot rom sandbox slot-two sriov-igb taken-back trace-nvme unplug wanted-back \
	iommufd iommufd-file iommufd-given iommufd-more iommufd-plug

.PHONY: sandbox-calls sandbox-calls-lab
sandbox-calls: all kvm-guests
	tests/sandbox/compare_calls.py $(B)

sandbox-calls-lab: all kvm-guests lab-images
	-LAB_TRACE=1 LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh run $(SANDBOX_SCENARIOS)
	tests/sandbox/compare_calls.py $(B) $(LAB)/logs/calls

# The kvm suite with a minivmm that looks for races, with ThreadSanitizer or under valgrind's helgrind.
KVM_WAITS := -g -D_GNU_SOURCE -include tests/kvm/known_waits.h
.PHONY: kvm-tsan kvm-helgrind
kvm-tsan: kvm-guests $(B)/guests/demo_device
	$(MAKE) B=$(B)/kvm-tsan LDFLAGS=-fsanitize=thread \
		CFLAGS='$(TSAN_CFLAGS) -Wno-tsan $(KVM_WAITS)' $(B)/kvm-tsan/minivmm
	KVM_GUESTS=$(CURDIR)/$(B) tests/kvm/threads.sh $(B)/kvm-tsan tsan

kvm-helgrind: kvm-guests $(B)/guests/demo_device
	$(MAKE) B=$(B)/kvm-helgrind CFLAGS='-O1 -DKNOWN_TO_HELGRIND $(KVM_WAITS)' $(B)/kvm-helgrind/minivmm
	KVM_GUESTS=$(CURDIR)/$(B) tests/kvm/threads.sh $(B)/kvm-helgrind helgrind

# For as long as one likes: make campaign CAMPAIGN='fuzz=10000000 starts=0'.
.PHONY: campaign
campaign: all kvm-guests $(FUZZ_PROGRAMS)
	tests/campaign/campaign.py $(B) $(CAMPAIGN)

# The whole: what is skipped says why, what fails makes it fail, and the last line counts.
check: deps
	$(MAKE) check-installed

.PHONY: check-installed check-built
check-installed:
	$(MAKE) -j$(shell nproc) check-built
	tests/check.sh $(B)

check-built: all $(UNIT_TESTS) $(FUZZ_PROGRAMS) kvm-guests $(B)/tests/recorder lab-images

# Figures, no verdict: what a start costs, and minivmm beside QEMU on the lab host.
.PHONY: bench
bench: deps
	$(MAKE) bench-installed

# Counts what the emulated machine executes.
BENCH_PLUGIN := $(B)/bench/count_instructions.so
$(BENCH_PLUGIN): tests/bench/count_instructions.c guests/bare/bench_mark.h
	@mkdir -p $(@D)
	@echo "CC (plugin) $<"
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -Wno-missing-prototypes -I. -O2 -g -shared -fPIC -o $@ $<

# Tells it where something begins and ends, on the lab host and in its guests.
BENCH_MARK := $(B)/bench/bench_mark
$(BENCH_MARK): tests/bench/bench_mark.c guests/bare/bench_mark.h
	@mkdir -p $(@D)
	@echo "CC (static) $<"
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -I. -O2 -ffreestanding -fno-stack-protector -fcf-protection=none -fno-pic -no-pie \
		-nostdlib -static -o $@ $<

# How fast RAM is populated, beside the machine's own memory; one GiB, or BENCH_MIB=65536.
BENCH_MIB ?= 1024
BENCH_RATE := $(B)/bench/prefault_rate
$(BENCH_RATE): tests/bench/prefault_rate.c $(addprefix $(B)/vmm/,prefault.o base/pending_signal.o trace/log.o trace/log_limit.o)
	@mkdir -p $(@D)
	@echo "CC (bench) $<"
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -I. -O2 -pthread -o $@ $^

.PHONY: bench-memory
bench-memory: $(BENCH_RATE)
	$(BENCH_RATE) $(BENCH_MIB)

# QEMU of Debian sid, fetched once, is the peer; where it cannot be fetched, Debian 12's is.
.PHONY: bench-peer
bench-peer: | $(NEWEST_QEMU)/.complete
	@[ -e $(NEWEST_QEMU)/.complete ] || \
		echo "bench: counting beside Debian 12's QEMU, for want of the newest; $(B)/fetch-qemu.log tells more"

.PHONY: bench-instructions
bench-instructions: all kvm-guests lab-images bench-peer $(BENCH_PLUGIN) $(BENCH_MARK)
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm tests/bench/instructions.sh $(BENCH_PLUGIN)

.PHONY: bench-installed
bench-installed: all kvm-guests lab-images bench-peer $(BENCH_PLUGIN) $(BENCH_MARK) $(BENCH_RATE)
	$(BENCH_RATE) $(BENCH_MIB)
	tests/bench/syscalls.sh $(B)
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm $(LAB_SRC)/lab.sh bench
	LAB_DIR=$(LAB) LAB_VMM=$(B)/minivmm tests/bench/instructions.sh $(BENCH_PLUGIN)

.PHONY: lint
lint: all
	tests/lint/lint.sh
