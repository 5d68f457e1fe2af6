/* SPDX-License-Identifier: MIT */
#include "sandbox_rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/trace/log.h"

/* ---- the user ---- */

/* Parse a number from the environment or the command line; false if it is not one. */
static bool rights_parse_id(const char *text, unsigned int *id)
{
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	*id = (unsigned int)value;
	return !errno && !*end && value < UINT32_MAX;
}

static int rights_find_name(struct sandbox_user *user, const char *name)
{
	const struct passwd *entry = getpwnam(name);
	uid_t uid;

	if (!entry && rights_parse_id(name, &uid))
		entry = getpwuid(uid);
	if (!entry) {
		log_error("--user", "%s: there is no such user", name);
		return -ENOENT;
	}
	*user = (struct sandbox_user){ true, entry->pw_uid, entry->pw_gid };
	if (user->uid == geteuid())
		user->change = false;
	else if (geteuid() != 0)
		log_error("--user", "%s: only root can go on as somebody else", name);
	return user->change && geteuid() != 0 ? -EPERM : 0;
}

int sandbox_user_find(struct sandbox_user *user, const char *name)
{
	*user = (struct sandbox_user){ .change = false };
	if (name)
		return rights_find_name(user, name);
	if (geteuid() == 0 && rights_parse_id(getenv("SUDO_UID"), &user->uid) &&
	    rights_parse_id(getenv("SUDO_GID"), &user->gid))
		user->change = user->uid != 0;
	return 0;
}

static int rights_become(const struct sandbox_user *user)
{
	const gid_t gid = user->gid;
	const uid_t uid = user->uid;

	if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
	    syscall(SYS_setresuid, uid, uid, uid) < 0)
		return -errno;
	return 0;
}

/* ---- capabilities ---- */

/*
 * A program that is started could not get capabilities back. A process that may not drop them has
 * none to give up.
 */
static void rights_drop_bounding(uint32_t keep)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if ((cap >= 32 || !(keep & 1u << cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int rights_drop_capabilities(uint32_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	struct __user_cap_data_struct then[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (keep && syscall(SYS_capget, &header, now) < 0)
		return -errno;
	then[0].permitted = then[0].effective = now[0].permitted & keep;
	return syscall(SYS_capset, &header, then) < 0 ? -errno : 0;
}

int sandbox_rights_drop(const struct sandbox_user *user, uint32_t keep)
{
	int ret = 0;

	rights_drop_bounding(keep);
	if (user->change)
		ret = rights_become(user);
	if (ret == 0)
		ret = rights_drop_capabilities(keep);
	if (ret == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		ret = -errno;
	return ret;
}
