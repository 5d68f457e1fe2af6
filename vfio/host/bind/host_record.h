/* SPDX-License-Identifier: MIT */
/*
 * Records of what a device was before minivmm took it: a file for each device in /run/minivmm. It
 * is written before anything is changed, and removed when all is as it was. So nothing is
 * forgotten when minivmm is killed, and nothing outlives the next boot.
 *
 * The folder is taken only if it is a real folder, belongs to us, and nobody else may write to
 * it. Files are opened below it, and no link is followed: whoever may not write there cannot make
 * us write elsewhere.
 *
 * A start with --bind keeps its records locked. The lock ends with the process, however that
 * ends. A record of a run that nobody has locked was therefore left behind.
 */
#ifndef MINIVMM_HOST_RECORD_H
#define MINIVMM_HOST_RECORD_H

#include "vfio/host/look/host_sysfs.h"

struct host_record {
	char bdf[HOST_BDF_MAX];
	unsigned int vendor, device;      /* to notice another device there after a hot plug */
	char driver[HOST_DRIVER_MAX];     /* the driver that it had; "" for none */
	char overridden[HOST_DRIVER_MAX]; /* its driver_override; "" for none */
	bool run;                         /* made for one start, which gives the device back */
};

/*
 * Open the folder and lock it against other minivmms; `create` makes a missing one. Another
 * minivmm may hold the lock for long, while a driver does not let go: `wait` waits for it.
 * Returns the fd, or -errno. -ENOENT, and -EWOULDBLOCK without `wait`, are not logged; all others
 * are.
 */
int host_records_open(bool create, bool wait);

/*
 * Write a record. After a failure, the record that was there before is still there. Returns 0 or
 * -errno, logged; -EINVAL for the name of a driver with which the record could not be read again.
 */
int host_record_write(int folder, const struct host_record *record);

/*
 * Read a record. Returns 0; -ENOENT (not logged) if there is none; or -errno (logged) if it
 * cannot be trusted.
 */
int host_record_read(int folder, const char *bdf, struct host_record *record);

/* Remove a record. Does nothing if there is none. */
void host_record_remove(int folder, const char *bdf);

/*
 * Lock a record until the returned fd is closed. Returns -EWOULDBLOCK if another process has
 * locked it.
 */
int host_record_lock(int folder, const char *bdf);

/*
 * Returns whether the record was made for a start that has ended without giving the device back.
 */
bool host_record_is_stale(int folder, const struct host_record *record);

/*
 * Call visit() with each record that can be trusted until it returns nonzero. Returns that value,
 * or 0.
 */
int host_for_each_record(int folder,
			 int (*visit)(int folder, const struct host_record *record, void *arg),
			 void *arg);

#endif
