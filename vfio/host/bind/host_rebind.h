/* SPDX-License-Identifier: MIT */
/*
 * The way of one device from one driver to another, verified, and its way back by the record of
 * it.
 *
 * Owns the writes to sysfs and their order. Does not own the choice of devices, nor whether they
 * may go: host_bind.c and host_restore.c do.
 */
#ifndef MINIVMM_HOST_REBIND_H
#define MINIVMM_HOST_REBIND_H

#include "host_record.h"

/*
 * Make, open and lock the folder of records. If root is needed, the message names it, with the
 * line that does `command` to each of the devices. Returns the fd or -errno, logged.
 */
int host_records_open_as_root(const char *command, const char (*bdfs)[HOST_BDF_MAX],
			      unsigned int count);

/* Read the present state of the device. */
void host_record_make(const struct host_device *device, bool run, struct host_record *record);

/*
 * Set driver_override to `driver`, take the device from its present driver, and let the kernel
 * look for one again. If the present driver does not let go within a second, a message says who
 * holds the device, and the wait goes on. Returns 0 once the device is at `driver`, or -errno,
 * logged. -EINTR means that a signal came during the wait; the driver may still let the device go
 * later.
 */
int host_rebind(const struct host_device *device, const char *driver);

/*
 * Put the device back as its record says, and drop the record. A device that is open somewhere is
 * refused without `force`; with it, the kernel asks the device's user to let go. A device that
 * has gone, that was given another driver meanwhile, or that is already as it was, is left as it
 * is. Returns 0 or -errno, logged.
 */
int host_restore_record(int folder, const struct host_record *record, bool force);

/* Print the same steps as lines for a shell, on standard output. */
void host_print_bind(const struct host_device *device, const char *driver);
void host_print_restore(const struct host_record *record);

#endif
