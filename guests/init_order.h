/* SPDX-License-Identifier: MIT */
/* What minivmm has ordered: the file COMMAND_FILE of command_ports.h as a struct. */
#ifndef MINIVMM_INIT_ORDER_H
#define MINIVMM_INIT_ORDER_H

#include <stdbool.h>
#include <sys/ioctl.h>

#include "command_ports.h"

#define ORDER_SHARES_MAX 16

struct order_share {
	char *tag, *place;
	bool readonly;
};

struct order {
	char **args, **env; /* each ended by NULL */
	unsigned int arg_count, env_count, share_count;
	struct order_share shares[ORDER_SHARES_MAX];
	const char *cwd, *root;
	bool layered; /* the root can be written to, in memory */
	bool tty[3];
	struct winsize size;
};

/*
 * Read the order; its texts stay in memory for good. Returns 0, or -1 after a message on the
 * console.
 */
int order_read(struct order *order);

#endif
