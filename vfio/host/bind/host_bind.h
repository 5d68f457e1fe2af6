/* SPDX-License-Identifier: MIT */
/*
 * `minivmm bind` and `minivmm restore`: a device, with its IOMMU group, to vfio-pci and back.
 *
 * By driver_override and drivers_probe, which touch this device alone (new_id touches its twins,
 * and fails the second time), and verified afterwards: drivers_probe succeeds without a driver.
 * What was before is recorded first, see host_record.h.
 *
 * Owns the order of the steps and what is refused. Needs root, but for a dry run.
 *
 * Read beside it: Documentation/ABI/testing/sysfs-bus-pci, driver_override.
 */
#ifndef MINIVMM_HOST_BIND_H
#define MINIVMM_HOST_BIND_H

#include "vfio/host/look/host_sysfs.h"

#define HOST_HELD_MAX 64

/* What is asked before a device is taken. The answers come from whoever calls, and log. */
struct host_bind_checks {
	/* Can it be bound at all? 0 or -errno. */
	int (*bindable)(const struct host_device *device);

	/* Does the host do without it? 0 or -errno; with `force` 0 and at most a warning. */
	int (*unused)(const struct host_device *device, bool force);

	/* Why is there no vfio-pci? */
	void (*explain)(void);
};

struct host_bind_options {
	bool force;   /* even if the host uses the device */
	bool dry_run; /* print the shell lines instead, on standard output */
	bool persist; /* a binding also for the next boots */
	const struct host_bind_checks *checks; /* a restore needs none */
};

/*
 * Hand the devices to vfio-pci, and whatever else is in their groups but bridges. All or none: a
 * failure hands back those that went over before it. One that is there already is left alone, but
 * if a killed start left it there it is bound for good from now on. 0 or -errno, logged.
 */
int host_bind(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_options *options);

/*
 * Give devices back to the drivers they had; without names, all that have a record and are not in
 * use by a running minivmm, and all that are bound for the next boots. One that vfio-pci has
 * without a record goes to the driver that wants it. Goes on after a failure. 0 or -errno of the
 * last failure, logged.
 */
int host_restore(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
		 const struct host_bind_options *options);

/* Devices bound for one start: their records are locked as long as the struct is held. */
struct host_held {
	char bdfs[HOST_HELD_MAX][HOST_BDF_MAX];
	int locks[HOST_HELD_MAX];
	unsigned int count;
	const struct host_bind_checks *checks; /* by which they were bound */
};

/*
 * Bind for a start. What a killed start has left at vfio-pci is taken over, and given back in the
 * end. 0 or -errno, logged, with nothing held.
 */
int host_hold(struct host_held *held, const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_checks *checks);

/*
 * Bind one more, and what is in its group, in the course of a run. 0 or -errno, logged; what was
 * held before stays so.
 */
int host_hold_more(struct host_held *held, const char *bdf);

/* Restore what is held. The devices must be closed. Idempotent. */
void host_release(struct host_held *held);

/* Of it, only what is in this IOMMU group. */
void host_release_group(struct host_held *held, int group);

/*
 * Restore what killed starts have left behind, except in the groups of these devices, which are
 * about to be used. Does nothing without root.
 */
void host_restore_stale(const char (*bdfs)[HOST_BDF_MAX], unsigned int count);

#endif
