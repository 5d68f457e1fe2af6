/* SPDX-License-Identifier: MIT */
#include "curves.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/trace/trace.h"

#define CURVES_PERIOD_NS 10000000
#define CURVES_NAME_MAX  128u  /* names in KVM's descriptors are shorter */
#define CURVES_DESCS_MAX 1024u /* and KVM has fewer descriptors */

/*
 * KVM's names of the counters, and the names of the curves. Not every architecture has all of them.
 */
static const struct {
	const char *name, *series;
} curves_kinds[CURVES_KINDS] = {
	{ "exits", "exits, KVM's own count" },
	{ "irq_injections", "interrupts into the guest" },
};

/* ---- one vCPU ---- */

static void curve_note(struct curve *curve, const struct kvm_stats_header *header,
		       const struct kvm_stats_desc *desc)
{
	for (unsigned int kind = 0; kind < CURVES_KINDS; kind++)
		if (strcmp(desc->name, curves_kinds[kind].name) == 0)
			curve->at[kind] = header->data_offset + desc->offset;
}

/* The file itself says which counters it has, and where. */
static int curve_find(struct curve *curve)
{
	union {
		struct kvm_stats_desc desc;
		char bytes[sizeof(struct kvm_stats_desc) + CURVES_NAME_MAX];
	} entry;
	struct kvm_stats_header header;
	size_t size;

	if (pread(curve->fd, &header, sizeof(header), 0) != sizeof(header) ||
	    header.name_size > CURVES_NAME_MAX || header.num_desc > CURVES_DESCS_MAX)
		return -EIO;
	size = sizeof(entry.desc) + header.name_size;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		memset(&entry, 0, sizeof(entry));
		if (pread(curve->fd, &entry, size, (off_t)(header.desc_offset + i * size)) !=
		    (ssize_t)size)
			return -EIO;
		entry.bytes[sizeof(entry) - 1] = '\0';
		curve_note(curve, &header, &entry.desc);
	}
	return 0;
}

/* The file is duplicated, because the vCPU is gone when its counters are read for the last time. */
static int curve_open(struct curve *curve, const struct vcpu *vcpu)
{
	curve->fd = fcntl(vcpu->stats_fd, F_DUPFD_CLOEXEC, 0);
	return curve->fd < 0 ? -errno : curve_find(curve);
}

static uint64_t curve_read(const struct curve *curve, unsigned int kind)
{
	uint64_t value = 0;

	if (!curve->at[kind] ||
	    pread(curve->fd, &value, sizeof(value), (off_t)curve->at[kind]) != sizeof(value))
		return 0;
	return value;
}

/* ---- all of them ---- */

static void curves_sample(struct curves *curves)
{
	for (unsigned int kind = 0; kind < CURVES_KINDS; kind++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i < curves->count; i++)
			sum += curve_read(&curves->vcpus[i], kind);
		trace_counter(curves_kinds[kind].series, "all vCPUs", sum);
	}
}

static void curves_ready(void *owner, uint32_t events)
{
	struct curves *curves = owner;
	uint64_t expirations;

	(void)events;
	if (read(curves->timer.fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		curves_sample(curves);
}

static int curves_open_all(struct curves *curves)
{
	int ret = 0;

	curves->vcpus = calloc(curves->vm->cpus, sizeof(*curves->vcpus));
	if (!curves->vcpus)
		return -ENOMEM;
	for (unsigned int i = 0; i < curves->vm->cpus && ret == 0; i++) {
		ret = curve_open(&curves->vcpus[i], &curves->vm->vcpus[i]);
		curves->count++;
	}
	return ret;
}

static int curves_start_timer(struct curves *curves)
{
	static const struct itimerspec period = { .it_interval.tv_nsec = CURVES_PERIOD_NS,
						  .it_value.tv_nsec = CURVES_PERIOD_NS };

	curves->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (curves->timer.fd < 0 || timerfd_settime(curves->timer.fd, 0, &period, NULL) < 0)
		return -errno;
	return loop_add(&curves->vm->loop, &curves->timer);
}

void curves_start(struct curves *curves, struct vm *vm)
{
	int ret;

	if (!trace_wants_counters())
		return;
	*curves = (struct curves){ .vm = vm,
				   .timer = { -1, curves_ready, curves, "--trace",
					      "the timer of its curves" } };
	ret = curves_open_all(curves);
	if (ret == 0)
		ret = curves_start_timer(curves);
	if (ret < 0)
		curves_stop(curves);
}

void curves_stop(struct curves *curves)
{
	if (!curves->vm)
		return;
	if (curves->timer.fd >= 0) {
		curves_sample(curves);
		loop_del(&curves->vm->loop, &curves->timer);
		close(curves->timer.fd);
	}
	for (unsigned int i = 0; i < curves->count; i++)
		if (curves->vcpus[i].fd >= 0)
			close(curves->vcpus[i].fd);
	free(curves->vcpus);
	*curves = (struct curves){ .vm = NULL };
}
