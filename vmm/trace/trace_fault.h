/* SPDX-License-Identifier: MIT */
/*
 * --inject: faults on purpose, at the gate of trace.h.
 *
 * Owns how a fault is written, WHAT#N=HOW, and the decision whether the Nth time has come.
 */
#ifndef MINIVMM_TRACE_FAULT_H
#define MINIVMM_TRACE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace_event.h"

#define TRACE_FAULTS_MAX 16

enum trace_fault_what {
	TRACE_FAULT_CALL,   /* an ioctl */
	TRACE_FAULT_IRQ,    /* an interrupt that minivmm passes on */
	TRACE_FAULT_CONFIG, /* a read of a device's configuration space */
};

enum trace_fault_how {
	TRACE_FAULT_NONE,
	TRACE_FAULT_ERROR, /* a call is not made and gives err */
	TRACE_FAULT_LOST,  /* an interrupt does not arrive ... */
	TRACE_FAULT_LATE,  /* ... or only after a while */
	TRACE_FAULT_ONES,  /* the configuration space reads all-ones from now on */
};

struct trace_fault {
	enum trace_fault_what what;
	const struct trace_tally *call; /* for TRACE_FAULT_CALL */
	uint64_t nth;                   /* from 1 */
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
 * config#100=ffff. `rooms` are the calls that can fail, see trace_find_call(). 0, -EINVAL if the
 * text is none of these, or -ENOSPC for too many faults; logged.
 */
int trace_fault_parse(struct trace_faults *faults, const struct trace_calls *const *rooms,
		      const char *text);

/* True if a fault of this kind is among them. */
bool trace_faults_ask(const struct trace_faults *faults, enum trace_fault_what what);

/*
 * The fault that is due the `nth` time that `what` is done. `tally` is that of the call for
 * TRACE_FAULT_CALL, else NULL. *err is the -errno of a TRACE_FAULT_ERROR.
 */
enum trace_fault_how trace_fault_due(const struct trace_faults *faults, enum trace_fault_what what,
				     const struct trace_tally *call, uint64_t nth, int *err);

#endif
