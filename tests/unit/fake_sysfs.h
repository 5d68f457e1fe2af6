/* SPDX-License-Identifier: MIT */
/*
 * The kernel behind the sysfs of a fake host (host_tree.h). A write to an attribute moves the links
 * of drivers as the PCI core would.
 *
 * This is the program's own host_write_attribute(), host_load_module() and flock(). tests.mk lists
 * the test programs that are linked with them; every other one has minivmm's and the C library's.
 */
#ifndef MINIVMM_TESTS_FAKE_SYSFS_H
#define MINIVMM_TESTS_FAKE_SYSFS_H

#include <stdbool.h>
#include <sys/types.h>

/* Devices of the host `ready`, whose drivers come without an override. */
#define NVME     "0000:01:00.0"
#define HOST_SSD "0000:02:00.0"
#define NIC      "0000:03:00.0"

enum fake_hold {
	HOLD_NOT,
	HOLD_UNTIL_TOLD,    /* until `said` tells that the driver has not let it go yet */
	HOLD_UNTIL_AWAITED, /* until somebody waits for a lock */
};

struct fake_sysfs {
	unsigned int writes;  /* how many there were */
	unsigned int fail_at; /* the n-th write fails; 0: none does */
	unsigned int kill_at; /* at the n-th write `victim` is killed; 0: at none */
	bool kill_after;      /* the kill comes after the effect of the write, not before it */
	pid_t victim;
	bool readonly;           /* sysfs is mounted read-only */
	enum fake_hold hold;     /* how long a driver keeps a device that it shall let go */
	bool lock_awaited;       /* somebody waits for a lock */
	int said;                /* the file that takes what minivmm says */
	const char *stubborn;    /* this driver takes no device */
	char last_module[64];    /* the module that was loaded last */
	bool modules_work;       /* vfio-pci appears when it is loaded */
	void (*meanwhile)(void); /* is called once, while the next lock is waited for */
};

/* The processes that minivmm makes share it with the test, as they share the kernel. */
extern struct fake_sysfs *fake_sysfs;

/* A kernel in which nothing fails. */
void fake_sysfs_begin(void);

#endif
