/* SPDX-License-Identifier: MIT */
/*
 * What a device was before minivmm took it: a file for each in /run/minivmm, written before
 * anything is changed and removed when all is as it was. So that nothing is forgotten when minivmm
 * is killed, and nothing outlives the next boot.
 *
 * The folder is taken only if it is a folder, ours, and closed to others for writing; files are
 * opened below it and no link is followed: who may not write there cannot make us write elsewhere.
 *
 * A start with --bind keeps its records locked. The lock goes when the process does, however it
 * ends: a record of a run that nobody has locked was left behind.
 */
#ifndef MINIVMM_HOST_RECORD_H
#define MINIVMM_HOST_RECORD_H

#include "vfio/host/look/host_sysfs.h"

struct host_record {
	char bdf[HOST_BDF_MAX];
	unsigned int vendor, device;      /* another device may stand there after a hot plug */
	char driver[HOST_DRIVER_MAX];     /* that it had, "" for none */
	char overridden[HOST_DRIVER_MAX]; /* its driver_override, "" for none */
	bool run;                         /* made for one start, which gives it back */
};

/*
 * Open the folder and lock it against other minivmms; `create` makes it if it is not there. Another
 * one may hold the lock for long, while a driver does not let go: `wait` waits for it. Its fd, or
 * -errno: -ENOENT, and without `wait` -EWOULDBLOCK, are not logged, all else is.
 */
int host_records_open(bool create, bool wait);

/*
 * 0 or -errno, logged: -EINVAL for the name of a driver with which the record could not be read
 * again. What was there before is there still after a failure.
 */
int host_record_write(int folder, const struct host_record *record);

/* 0, -ENOENT when there is none (not logged), or -errno (logged) when it is not to be trusted. */
int host_record_read(int folder, const char *bdf, struct host_record *record);

/* Of no consequence if there is none. */
void host_record_remove(int folder, const char *bdf);

/* Lock a record until the returned fd is closed; -EWOULDBLOCK if it is somebody else's. */
int host_record_lock(int folder, const char *bdf);

/* Whether the record was made for a start that is no longer there. */
bool host_record_is_stale(int folder, const struct host_record *record);

/*
 * Call visit() with each record that can be trusted until it returns nonzero; returns that, or 0.
 */
int host_for_each_record(int folder,
			 int (*visit)(int folder, const struct host_record *record, void *arg),
			 void *arg);

#endif
