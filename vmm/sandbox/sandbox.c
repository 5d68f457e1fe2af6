/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox_files.h"
#include "sandbox_paths.h"
#include "sandbox_trap.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* A kernel without Landlock is no reason to stop: the filters know no call that opens a file. */
static int sandbox_close_paths(bool signals)
{
	int ret = sandbox_paths_restrict(NULL, 0, signals);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

/*
 * Drop the rights of this thread. A thread signals its own process at the most, but to Landlock the
 * main thread, which is confined later, is another one's. The demo device is a process. 0 or
 * -errno.
 */
static int sandbox_drop(const struct sandbox *sandbox, enum thread_kind kind)
{
	int ret = sandbox_rights_drop(&sandbox->user, 0);

	return ret < 0 ? ret : sandbox_close_paths(kind != THREAD_DEMO);
}

/* If the kernel has no filters, sandbox_init() has already logged that. */
static int sandbox_filter_thread(const struct sandbox *sandbox, enum thread_kind kind)
{
	sandbox_trap_enter();
	return sandbox->filters_known ? sandbox_filter_load(&sandbox->filters[kind]) : 0;
}

/*
 * A thread must not go on half confined, and its maker can no longer be told, so the process ends.
 */
static void sandbox_enter(const struct thread_guard *guard, enum thread_kind kind)
{
	const struct sandbox *sandbox = container_of(guard, struct sandbox, guard);
	int ret = sandbox->confined ? 0 : sandbox_drop(sandbox, kind);

	/* The demo device, a process of its own, maps the guest's RAM. */
	if (ret == 0 && kind == THREAD_DEMO && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		ret = -errno;
	if (ret == 0)
		ret = sandbox_filter_thread(sandbox, kind);
	if (ret == 0)
		return;
	log_errno("sandbox", ret, "confine a thread");
	_exit(sandbox->status);
}

static int sandbox_make_filters(struct sandbox *sandbox, const struct sandbox_options *options)
{
	int ret = 0;

	sandbox->filters_known = sandbox_filter_is_known();
	if (!sandbox->filters_known)
		log_warn("sandbox", "this kernel has no seccomp: system calls are not filtered");
	for (unsigned int kind = 0; sandbox->filters_known && kind < THREAD_KINDS; kind++)
		if (ret == 0 && (options->threads & (1u << kind)))
			ret = sandbox_filter_init(&sandbox->filters[kind], (enum thread_kind)kind,
						  &options->wanted);
	return ret;
}

int sandbox_init(struct sandbox *sandbox, const struct sandbox_options *options)
{
	int ret;

	*sandbox = (struct sandbox){ .guard.enter = sandbox_enter,
				     .status = options->status,
				     .signals = options->wanted.children };
	ret = sandbox_user_find(&sandbox->user, options->user);
	if (ret == 0)
		ret = sandbox_make_filters(sandbox, options);
	sandbox->uid = sandbox->user.change ? sandbox->user.uid : geteuid();
	sandbox_trap_init(options->status);
	sandbox->on = ret == 0;
	return ret;
}

void sandbox_destroy(struct sandbox *sandbox)
{
	for (unsigned int kind = 0; kind < THREAD_KINDS; kind++)
		sandbox_filter_destroy(&sandbox->filters[kind]);
}

const struct thread_guard *sandbox_guard(const struct sandbox *sandbox)
{
	return sandbox->on ? &sandbox->guard : NULL;
}

/* The order matters: no step gives up what a later step needs. */
int sandbox_confine(struct sandbox *sandbox, const int *keep, unsigned int count)
{
	int ret;

	if (!sandbox->on || sandbox->confined)
		return 0;
	sandbox_files_close_strays(keep, count);
	ret = sandbox_rights_drop(&sandbox->user, 0);
	if (ret == 0)
		ret = sandbox_paths_restrict(NULL, 0, sandbox->signals);
	sandbox->paths_closed = ret == 0;
	if (ret == -EOPNOTSUPP)
		ret = 0;
	/* No other process of this user may look into this one, or get its memory after a crash. */
	if (ret == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		ret = -errno;
	sandbox->confined = true;
	if (ret == 0)
		ret = sandbox_filter_thread(sandbox, THREAD_MAIN);
	return ret < 0 ? log_errno("sandbox", ret, "give up what is not needed") : 0;
}

void sandbox_print(const struct sandbox *sandbox, FILE *out)
{
	if (!sandbox->on)
		fputs("sandbox: off\n", out);
	else if (!sandbox->confined)
		fputs("sandbox: of all threads but the main one\n", out);
	else
		fprintf(out, "sandbox: %s, %s, user %u\n",
			sandbox->filters_known ? "system calls filtered" : "no filters",
			sandbox->paths_closed ? "no path to open" : "a kernel without Landlock",
			sandbox->uid);
}
