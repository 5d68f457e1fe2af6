/* SPDX-License-Identifier: MIT */
/*
 * --inject: faults made on purpose, at the gate of trace.h.
 *
 * Owns how a fault is written - WHAT#N=HOW, the Nth time something is done - and when it is due.
 */
#ifndef MINIVMM_TRACE_FAULT_H
#define MINIVMM_TRACE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TRACE_FAULTS_MAX 16

/* Beyond the calls of trace.h, which are numbered by enum trace_call. */
enum trace_fault_what {
	TRACE_FAULT_IRQ = 1000,
	TRACE_FAULT_CONFIG,
};

enum trace_fault_how {
	TRACE_FAULT_NONE,
	TRACE_FAULT_ERROR, /* a call is not made and gives err */
	TRACE_FAULT_LOST,  /* an interrupt does not arrive ... */
	TRACE_FAULT_LATE,  /* ... or only after a while */
	TRACE_FAULT_ONES,  /* the configuration space reads all-ones from now on */
};

struct trace_fault {
	unsigned int what; /* enum trace_call or enum trace_fault_what */
	uint64_t nth;      /* from 1 */
	enum trace_fault_how how;
	int err; /* -errno, for TRACE_FAULT_ERROR */
};

struct trace_faults {
	unsigned int count;
	struct trace_fault list[TRACE_FAULTS_MAX];
	_Atomic uint64_t irqs;    /* counted so far */
	_Atomic uint64_t configs; /* likewise */
};

/*
 * Add the fault that `text` describes: VFIO_DEVICE_SET_IRQS#3=ENOSPC, irq#5=lost, irq#5=late,
 * config#100=ffff. 0, or -EINVAL for what is none of these, -ENOSPC for too many; logged.
 */
int trace_fault_parse(struct trace_faults *faults, const char *text);

/* What is due the `nth` time that `what` is done; *err is its -errno for TRACE_FAULT_ERROR. */
enum trace_fault_how trace_fault_due(const struct trace_faults *faults, unsigned int what,
				     uint64_t nth, int *err);

#endif
