/* SPDX-License-Identifier: MIT */
#include "sandbox_child.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox_filter.h"
#include "sandbox_trap.h"
#include "vmm/trace/log.h"

/* One that starts programs cannot know their calls: it has a list of what they may not do. */
static int child_make_filter(struct sandbox_filter *filter, const struct sandbox_child *child,
			     bool program)
{
	const struct sandbox_wanted wanted = { .child = child->child };

	if (program || child->kind == THREAD_BINDER)
		return sandbox_filter_init_denying(filter, child->kind, program);
	return sandbox_filter_init(filter, child->kind, &wanted);
}

static int child_close_paths(const struct sandbox_child *child)
{
	int ret = 0;

	if (child->paths)
		ret = sandbox_paths_restrict(child->paths, child->path_count, child->child != 0);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

/*
 * The order is that of sandbox_confine(): no step gives up what a later one needs. The filter's
 * memory stays, because giving it back may be a call that the filter does not know.
 */
static int child_confine(const struct sandbox_child *child, bool program)
{
	struct sandbox_filter filter = { .code = NULL };
	const bool filtered = sandbox_filter_is_known();
	int ret = filtered ? child_make_filter(&filter, child, program) : 0;

	if (ret == 0)
		ret = sandbox_rights_drop(&child->user, child->capabilities);
	if (ret == 0)
		ret = child_close_paths(child);
	if (ret == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		ret = -errno;
	if (ret == 0 && !program)
		sandbox_trap_enter();
	if (ret == 0 && filtered)
		ret = sandbox_filter_load(&filter);
	return ret;
}

static void child_enter(const struct sandbox_child *child, bool program)
{
	int ret = child_confine(child, program);

	if (ret == 0)
		return;
	log_errno("sandbox", ret, "confine a process of minivmm's");
	_exit(EXIT_FAILURE);
}

void sandbox_child_enter(const struct sandbox_child *child)
{
	sandbox_trap_init(EXIT_FAILURE);
	child_enter(child, false);
}

void sandbox_child_enter_program(const struct sandbox_child *child)
{
	child_enter(child, true);
}
