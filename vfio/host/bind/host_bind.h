/* SPDX-License-Identifier: MIT */
/*
 * `minivmm bind` and `minivmm restore`: a device goes to vfio-pci with its IOMMU group, and back.
 *
 * The way is driver_override and drivers_probe, which touch this device alone. (new_id touches
 * every device of the same model, and fails the second time.) The result is verified afterwards,
 * because drivers_probe succeeds even without a driver. The state before is recorded first, see
 * host_record.h.
 *
 * Owns the order of the steps and what is refused. Needs root, except for a dry run.
 *
 * Read beside it: Documentation/ABI/testing/sysfs-bus-pci, driver_override.
 */
#ifndef MINIVMM_HOST_BIND_H
#define MINIVMM_HOST_BIND_H

#include "vfio/host/look/host_sysfs.h"

#define HOST_HELD_MAX 64

/*
 * Questions that are asked before a device is taken. The caller provides the answers, which log.
 */
struct host_bind_checks {
	/* Can the device be bound at all? 0 or -errno. */
	int (*bindable)(const struct host_device *device);

	/* Can the host do without it? 0 or -errno; with `force` 0, and at most a warning. */
	int (*unused)(const struct host_device *device, bool force);

	/* Logs why there is no vfio-pci. */
	void (*explain)(void);
};

struct host_bind_options {
	bool force;   /* go on even if the host uses the device */
	bool dry_run; /* only print the lines for a shell, on standard output */
	bool persist; /* make the binding for the next boots, too */
	const struct host_bind_checks *checks; /* a restore asks no questions */
};

/*
 * Hand the devices to vfio-pci, with everything else in their groups but bridges. It is all or
 * none: after a failure, the devices that went over before it are handed back. A device that is
 * there already is left alone; if a killed start left it there, it counts as bound for good from
 * now on. Returns 0 or -errno, logged.
 */
int host_bind(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_options *options);

/*
 * Give devices back to the drivers that they had. Without names: all devices that have a record
 * and are not in use by a running minivmm, and all that are bound for the next boots. A device
 * that vfio-pci has without a record goes to the driver that wants it. Goes on after a failure.
 * Returns 0 or the -errno of the last failure, logged.
 */
int host_restore(const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
		 const struct host_bind_options *options);

/*
 * Devices that are bound for one start. Their records are locked as long as this struct is held.
 */
struct host_held {
	char bdfs[HOST_HELD_MAX][HOST_BDF_MAX];
	int locks[HOST_HELD_MAX];
	unsigned int count;
	const struct host_bind_checks *checks; /* the options by which they were bound */
};

/*
 * Bind devices for a start. A device that a killed start has left at vfio-pci is taken over, and
 * given back in the end. Returns 0 or -errno, logged, with nothing held.
 */
int host_hold(struct host_held *held, const char (*bdfs)[HOST_BDF_MAX], unsigned int count,
	      const struct host_bind_checks *checks);

/*
 * Bind one more device with its group during a run. Returns 0 or -errno, logged; the devices that
 * were held before are still held.
 */
int host_hold_more(struct host_held *held, const char *bdf);

/* Restore the devices that are held. They must be closed. May be called twice. */
void host_release(struct host_held *held);

/* Restore only those devices of it that are in this IOMMU group. */
void host_release_group(struct host_held *held, int group);

/*
 * Restore the devices that killed starts have left behind, but not those in the groups of
 * `devices`, which are about to be used. Does nothing without root.
 */
void host_restore_stale(const char (*bdfs)[HOST_BDF_MAX], unsigned int count);

#endif
