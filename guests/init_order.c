/* SPDX-License-Identifier: MIT */
#include "init_order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void order_complain(const char *object, const char *operation)
{
	fprintf(stderr, "minivmm: error: guest: %s: %s: %s\n", object, operation, strerror(errno));
}

static void order_add_share(struct order *order, char *text, bool readonly)
{
	char *colon = strchr(text, ':');

	if (!colon || order->share_count == ORDER_SHARES_MAX)
		return;
	*colon = '\0';
	order->shares[order->share_count++] = (struct order_share){ text, colon + 1, readonly };
}

static void order_add(struct order *order, const char *name, char *value)
{
	if (!strcmp(name, "arg"))
		order->args[order->arg_count++] = value;
	else if (!strcmp(name, "env"))
		order->env[order->env_count++] = value;
	else if (!strcmp(name, "cwd"))
		order->cwd = value;
	else if (!strcmp(name, "root"))
		order->root = value;
	else if (!strcmp(name, "layer"))
		order->layered = !strcmp(value, "memory");
	else if (!strcmp(name, "share") || !strcmp(name, "share-ro"))
		order_add_share(order, value, name[5]);
	else if (!strcmp(name, "rows"))
		order->size.ws_row = (unsigned short)atoi(value);
	else if (!strcmp(name, "cols"))
		order->size.ws_col = (unsigned short)atoi(value);
	else if (!strcmp(name, "tty"))
		for (int fd = 0; fd < 3; fd++)
			order->tty[fd] = strchr(value, '0' + fd);
}

/*
 * Make room for as many words and variables as there are texts, and for the NULL behind each
 * list.
 */
static int order_make_room(struct order *order, const char *text, size_t size)
{
	size_t count = 1;

	for (size_t i = 0; i < size; i++)
		count += !text[i];
	order->args = calloc(count, sizeof(*order->args));
	order->env = calloc(count, sizeof(*order->env));
	return order->args && order->env ? 0 : -1;
}

/* The texts stay where they were read to. */
int order_read(struct order *order)
{
	int fd = open(COMMAND_FILE, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st)) {
		order_complain(COMMAND_FILE, "open");
		return -1;
	}
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text || read(fd, text, (size_t)st.st_size) != st.st_size ||
	    order_make_room(order, text, (size_t)st.st_size)) {
		order_complain(COMMAND_FILE, "read");
		return -1;
	}
	close(fd);
	for (char *at = text; at < text + st.st_size;) {
		size_t length = strlen(at);
		char *equals = strchr(at, '=');

		if (equals) {
			*equals = '\0';
			order_add(order, at, equals + 1);
		}
		at += length + 1;
	}
	return order->arg_count ? 0 : -1;
}
