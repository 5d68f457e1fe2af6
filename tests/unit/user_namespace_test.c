/* SPDX-License-Identifier: MIT */
/* vmm/user_namespace.c: a host that refuses namespaces is noticed, and the setting is named. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/user_namespace.h"

/* A container's runtime does the same. */
static void refuse_namespaces(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { UNIT_COUNT(rules), rules };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* The attempt itself says nothing, because the caller knows what to do about it. */
START_TEST(refused)
{
	struct stderr_text caught;

	refuse_namespaces();
	stderr_begin(&caught);
	ck_assert(!user_namespace_is_allowed());
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "");
}
END_TEST

static const struct {
	const char *file, *value, *fix; /* NULL: nothing is known */
} settings[] = {
	{ "kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1" },
	{ "kernel/unprivileged_userns_clone", "1", NULL },
	{ "kernel/apparmor_restrict_unprivileged_userns", "1",
	  "kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "kernel/apparmor_restrict_unprivileged_userns", "0", NULL },
	{ "user/max_user_namespaces", "0", "user.max_user_namespaces=10000" },
	{ "user/max_user_namespaces", "96365", NULL },
};

START_TEST(fix)
{
	struct stderr_text caught;

	host_tree_make("ready");
	host_tree_run(
		"mkdir -p $root/proc/sys/kernel $root/proc/sys/user && echo %s > $root/proc/sys/%s",
		settings[_i].value, settings[_i].file);
	stderr_begin(&caught);
	user_namespace_log_fix();
	stderr_end(&caught);
	if (settings[_i].fix)
		stderr_holds(&caught, settings[_i].fix);
	else
		ck_assert_str_eq(caught.text, "");
}
END_TEST

UNIT_MAIN("user_namespace", { refused, 0 }, { fix, UNIT_COUNT(settings) })
