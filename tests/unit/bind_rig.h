/* SPDX-License-Identifier: MIT */
/* Binding and restoring on a fake host, with the kernel of fake_sysfs.h behind it. */
#ifndef MINIVMM_TESTS_BIND_RIG_H
#define MINIVMM_TESTS_BIND_RIG_H

#include "fake_sysfs.h"
#include "stderr_text.h"
#include "vfio/host/bind/host_bind.h"

/* The checks of the command line; a bind with them, and one with --force. */
extern const struct host_bind_checks bind_checks;
extern const struct host_bind_options bind_plain;
extern const struct host_bind_options bind_forced;

/* Make the host of this situation of host_tree.sh, with a kernel in which nothing fails. */
void bind_rig_begin(const char *situation);

/* Bind one device. *caught holds what was said. Returns what host_bind() returns. */
int bind_rig_bind(const char *bdf, const struct host_bind_options *options,
		  struct stderr_text *caught);

/* Restore one device, or all with NULL. Otherwise as bind_rig_bind(). */
int bind_rig_restore(const char *bdf, const struct host_bind_options *options,
		     struct stderr_text *caught);

/* Bind one device for a start, as host_hold() does. */
int bind_rig_hold(struct host_held *held, const char *bdf);

/* What a kill of the holder does: its locks go, and nothing else happens. */
void bind_rig_kill(struct host_held *held);

/* The device must have this driver or override; so many records must be there. */
void bind_rig_expect_driver(const char *bdf, const char *driver);
void bind_rig_expect_override(const char *bdf, const char *driver);
void bind_rig_expect_records(int count);

#endif
