/* SPDX-License-Identifier: MIT */
#include "user_namespace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server_sandbox.h"
#include "vfio/host/look/host_path.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* A kernel with AppArmor's restriction lets the namespace be made, and takes its rights away. */
static _Noreturn void namespace_try(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	server_sandbox_become_root();
	server_sandbox_protect("/");
	_exit(EXIT_SUCCESS);
}

bool user_namespace_is_allowed(void)
{
	int status = EXIT_FAILURE;
	pid_t pid = fork();

	if (pid == 0)
		namespace_try();
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == EXIT_SUCCESS;
}

void user_namespace_log_fix(void)
{
	static const struct {
		const char *file, *forbids, *fix;
	} settings[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0",
		  "kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		  "kernel.apparmor_restrict_unprivileged_userns=0" },
		{ "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000" },
	};

	for (unsigned int i = 0; i < array_size(settings); i++) {
		struct host_path path = host_path("%s", settings[i].file);
		char value[16];

		host_read_line(&path, value, sizeof(value));
		if (strcmp(value, settings[i].forbids) == 0)
			log_fix("sudo sysctl %s", settings[i].fix);
	}
}
