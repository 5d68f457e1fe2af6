/* SPDX-License-Identifier: MIT */
/*
 * One device from one driver to another, verified; and its way back by the record of it.
 *
 * Owns the writes to sysfs and their order. Which devices, and whether they may go, is
 * host_bind.c's and host_restore.c's.
 */
#ifndef MINIVMM_HOST_REBIND_H
#define MINIVMM_HOST_REBIND_H

#include "host_record.h"

/*
 * The folder of records, made and locked. Without root that is said, with the line that does
 * `command` to each of the devices. The fd or -errno, logged.
 */
int host_records_open_as_root(const char *command, const char (*bdfs)[HOST_BDF_MAX],
			      unsigned int count);

/* How the device is now. */
void host_record_make(const struct host_device *device, bool run, struct host_record *record);

/*
 * Set driver_override to `driver`, take the device from the driver it has, and have the kernel look
 * for one again. A driver that does not let go within a second is waited for, and who holds the
 * device is said. 0 once the device is at `driver`, or -errno, logged: -EINTR when a signal came
 * meanwhile, and the driver may let the device go later.
 */
int host_rebind(const struct host_device *device, const char *driver);

/*
 * Put the device back as its record says and drop the record. A device that is open somewhere is
 * refused without `force`; with it, its user is asked by the kernel to let go. One that has gone,
 * or was given another driver meanwhile, or is as it was, is left as it is. 0 or -errno, logged.
 */
int host_restore_record(int folder, const struct host_record *record, bool force);

/* The same steps as shell lines, on standard output. */
void host_print_bind(const struct host_device *device, const char *driver);
void host_print_restore(const struct host_record *record);

#endif
