/* SPDX-License-Identifier: MIT */
/* vmm/trace/trace_text.c and the decoders: the text of a start, word by word. */
#include <ctype.h>
#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdlib.h>

#include "fake_kvm.h"
#include "trace_file.h"
#include "unit.h"
#include "vfio_rig.h"

/* Behind these words there are numbers that differ from run to run. */
static const char *const unsteady[] = { "hva ", "eventfd ", " fd ", "pins " };

static const char *skip_number(const char *from)
{
	if (strncmp(from, "0x", 2) == 0)
		from += 2;
	while (isxdigit((unsigned char)*from))
		from++;
	return from;
}

/* Read one line, without its time, its duration and unsteady numbers. */
static void steady_line(char *to, const char *from, size_t length)
{
	const char *end = from + length;

	if (length > 11 && isdigit((unsigned char)from[9]) && from[10] == ' ')
		from += 11;
	while (from < end) {
		if (strncmp(from, " (", 2) == 0 && isdigit((unsigned char)from[2]) &&
		    end[-1] == ')')
			break;
		*to++ = *from++;
		for (size_t i = 0; i < UNIT_COUNT(unsteady); i++) {
			size_t word = strlen(unsteady[i]);

			if (from - word >= end - length &&
			    strncmp(from - word, unsteady[i], word) == 0 &&
			    isdigit((unsigned char)*from)) {
				from = skip_number(from);
				*to++ = 'N';
			}
		}
	}
	*to = '\0';
}

/* Read all lines, without comments and reasons if only calls are wanted. */
static void expect_text(const struct trace_file *caught, const char *expected)
{
	static char all[64 * 1024];
	size_t used = 0;

	for (const char *line = caught->text; *line;) {
		size_t length = strcspn(line, "\n");
		char words[2048];

		steady_line(words, line, length);
		if (line[0] != '#')
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s\n", words);
		line += length + (line[length] == '\n');
	}
	ck_assert_msg(strcmp(all, expected) == 0, "expected:\n%sbut there was:\n%s", expected, all);
}

static const char golden_start[] =
	"\n"
	"== open devices\n"
	"main   KVM_CREATE_DEVICE on VM: type VFIO = fd N\n"
	"                      KVM's link to VFIO, to be told of the groups whose "
	"devices the guest has\n"
	"main   KVM_SET_DEVICE_ATTR on KVM device: do add file, fd N = 0\n"
	"                      KVM learns that a device does DMA here: caching and "
	"wbinvd count now\n"
	"main   KVM_IRQFD on VM: eventfd N, GSI 17, flags RESAMPLE, resample eventfd N = 0\n"
	"                      two eventfds: one raises the pin, the other tells that the guest "
	"has acknowledged it\n"
	"\n"
	"== the guest runs\n"
	"main   config read on 0000:01:00.0: register Vendor ID, offset 0, size 4 = 0x00101b36\n"
	"main   config read on 0000:01:00.0: register Command, offset 0x4, size 4 = 0x00100000\n"
	"main   config read on 0000:01:00.0: area configuration space, offset 0x1ff, "
	"size 1 = 0x00\n"
	"main   config write on 0000:01:00.0: register Command, offset 0x4, size 2, "
	"value 0x0007 IO|MEMORY|MASTER\n"
	"main       memory comes: what BAR 0 of 0000:01:00.0, gpa 0x100000000, size 8 "
	"KiB, file offset 0\n"
	"main           KVM_SET_USER_MEMORY_REGION on VM: slot 0, gpa 0x100000000, size "
	"8 KiB, hva N = 0\n"
	"                              these pages of minivmm are the guest's from now "
	"on: no exit when it touches them\n"
	"main   BAR write on 0000:01:00.0: BAR 0, register MSI-X table, vector 1 "
	"address, offset 0x2010, size 4, value 0xfee00000\n"
	"main   BAR write on 0000:01:00.0: BAR 0, register MSI-X table, vector 1 "
	"address, high half, offset 0x2014, size 4, value 0x00000000\n"
	"main   BAR write on 0000:01:00.0: BAR 0, register MSI-X table, vector 1 data, "
	"offset 0x2018, size 4, value 0x00000041\n"
	"main   BAR write on 0000:01:00.0: BAR 0, register MSI-X table, vector 1 vector "
	"control, offset 0x201c, size 4, value 0x00000000\n"
	"main   config write on 0000:01:00.0: register MSI-X Message Control, offset "
	"0x7e, size 2, value 0x8000 ENABLE\n"
	"main       KVM_IRQFD on VM: eventfd N, GSI 17, flags DEASSIGN = 0\n"
	"                          masked or given up: what the device signals now waits "
	"in the eventfd\n"
	"main       KVM_SET_GSI_ROUTING on VM: GSI 24 -> address 0xfee00000 data 0x41, "
	"pins N = 0\n"
	"                          what each interrupt number means to the guest: the "
	"whole table, each time\n"
	"main       KVM_IRQFD on VM: eventfd N, GSI 24 = 0\n"
	"                          from now on, whoever writes the eventfd interrupts the guest, "
	"inside the kernel\n"
	"main   BAR read on 0000:01:00.0: BAR 0, register MSI-X pending bits from vector "
	"0, offset 0x3000, size 8 = 0x0000000000000000\n"
	"main   BAR read on 0000:01:00.0: BAR 0, area the device's registers, offset "
	"0x2ff0, size 4 = 0x00000000\n"
	"                  ... 2 times more\n"
	"\n"
	"== take it down\n"
	"main   memory goes: what BAR 0 of 0000:01:00.0, gpa 0x100000000, size 8 KiB, "
	"file offset 0\n"
	"main       KVM_SET_USER_MEMORY_REGION on VM: slot 0, gpa 0x100000000, size 0 bytes = 0\n"
	"                          size 0: the guest has nothing at this address any more\n"
	"main   KVM_IRQFD on VM: eventfd N, GSI 24, flags DEASSIGN = 0\n"
	"                      masked or given up: what the device signals now waits in "
	"the eventfd\n"
	"main   KVM_SET_DEVICE_ATTR on KVM device: do forget file, fd N = 0\n"
	"                      KVM lets go of the group, or it would stay busy\n";

/* The device is opened, its driver switches it on and unmasks a vector, and it is closed. */
START_TEST(tells_a_start)
{
	static struct trace_file caught;
	static struct rig rig;

	rig_init_usual(&rig);
	trace_file_begin(&caught, ".txt", TRACE_TOPICS_ALL);
	trace_phase("open devices");
	ck_assert_int_eq(rig_open(&rig), 0);
	trace_phase("the guest runs");
	rig_config_read(&rig, PCI_VENDOR_ID, 4);
	rig_config_read(&rig, PCI_COMMAND, 4);
	rig_config_read(&rig, 0x1ff, 1);
	rig_switch_on(&rig);
	rig_msix_entry(&rig, 1, 0x41, false);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8);
	rig_bar_read(&rig, 0, 0x2ff0, 4);
	rig_bar_read(&rig, 0, 0x2ff0, 4);
	rig_bar_read(&rig, 0, 0x2ff0, 4);
	trace_phase("take it down");
	rig_close(&rig);
	trace_file_end(&caught);
	expect_text(&caught, golden_start);
}
END_TEST

static void poll_once(bool asks)
{
	struct trace_span outer, inner;

	trace_begin(&outer, TRACE_TOPIC_bar, "BAR read", "peer");
	if (asks) {
		trace_begin(&inner, TRACE_TOPIC_vfio, "REGION_READ", "peer");
		trace_end(&inner);
	}
	trace_end(&outer);
}

static const char golden_polls[] = "main   BAR read on peer\n"
				   "main       REGION_READ on peer\n"
				   "                  ... 2 times more\n"
				   "main   BAR read on peer\n"
				   "                  ... once more\n"
				   "main   BAR read on peer\n"
				   "main       REGION_READ on peer\n";

/*
 * What repeats is counted with all that it causes. The count ends where it causes something else.
 */
START_TEST(counts_what_repeats)
{
	static struct trace_file caught;

	trace_file_begin(&caught, ".txt", TRACE_TOPICS_ALL);
	for (unsigned int i = 0; i < 3; i++)
		poll_once(true);
	poll_once(false);
	poll_once(false);
	poll_once(true);
	trace_file_end(&caught);
	expect_text(&caught, golden_polls);
}
END_TEST

static void *polls_once(void *arg)
{
	(void)arg;
	poll_once(true);
	return NULL;
}

/* A guest that boots for ever has new threads each time; the trace goes on, and keeps few. */
START_TEST(threads_come_without_end)
{
	struct trace_file caught;
	pthread_t thread;

	trace_file_begin(&caught, ".txt", TRACE_TOPICS_ALL);
	for (unsigned int i = 0; i < 4200; i++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, polls_once, NULL), 0);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
	poll_once(false);
	trace_file_end(&caught);
	ck_assert_ptr_nonnull(strstr(caught.text, "main   BAR read on peer"));
}
END_TEST

UNIT_MAIN("trace_text", { counts_what_repeats, 0 }, { threads_come_without_end, 0 },
	  { tells_a_start, 0 })
