/* SPDX-License-Identifier: MIT */
/*
 * The first process of the default guest. It mounts what the report needs, loads the kernel
 * modules that it was given, and prints the report (init_report.c). Then it gives a shell, or
 * powers off.
 *
 * It powers off whatever happens. The end of process 1 would be a kernel panic, and the user
 * would look for the fault in the wrong place.
 *
 * Read beside it: init_module(2), reboot(2), and firmware/initramfs.h on the content of the file
 * system.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init_button.h"
#include "init_command.h"
#include "init_end.h"
#include "init_report.h"

#define MODULES "/modules"
#define BUSYBOX "/bin/busybox"

#define KLOG_CONSOLE_LEVEL 8 /* syslog(2) */
#define KLOG_ERRORS_ONLY   4

static void complain(const char *object, const char *operation)
{
	fprintf(stderr, "init: %s: %s: %s\n", object, operation, strerror(errno));
}

static _Noreturn void power_off(void)
{
	fflush(stdout);
	end_processes();
	end_file_systems();
	sync();
	reboot(RB_POWER_OFF);
	complain("power", "turn it off");
	for (;;)
		pause();
}

static void mount_file_system(const char *type, const char *place)
{
	mkdir(place, 0755);
	/* EBUSY: the kernel can mount /dev itself */
	if (mount(type, place, type, MS_NOSUID, NULL) && errno != EBUSY)
		complain(place, "mount");
}

/*
 * Returns whether `word` is a word of the kernel's command line, or the part of one before `=`.
 */
static bool command_line_has(const char *word)
{
	char line[4096];
	FILE *file;
	char *state;
	bool found = false;

	file = fopen("/proc/cmdline", "re");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file))
		for (char *at = strtok_r(line, " \n", &state); at && !found;
		     at = strtok_r(NULL, " \n", &state))
			/* strchr() finds the NUL, which ends a word, too */
			found = !strncmp(at, word, strlen(word)) && strchr("=", at[strlen(word)]);
	fclose(file);
	return found;
}

/*
 * Messages of drivers would mix with the report, so they are kept off the console unless they
 * were asked for. dmesg has them.
 */
static void quieten_kernel(void)
{
	if (!command_line_has("loglevel") && !command_line_has("debug") &&
	    !command_line_has("ignore_loglevel"))
		klogctl(KLOG_CONSOLE_LEVEL, NULL, KLOG_ERRORS_ONLY);
}

static bool is_compressed(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".ko");
}

static void load_module(const char *path)
{
	int flags = is_compressed(path) ? MODULE_INIT_COMPRESSED_FILE : 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		complain(path, "open");
		return;
	}
	/* ENODEV: a soft dependency may name a faster variant for another processor */
	if (syscall(SYS_finit_module, fd, "", flags) && errno != EEXIST && errno != ENODEV) {
		complain(path, "load");
		if (flags && (errno == EOPNOTSUPP || errno == EINVAL))
			fprintf(stderr, "init: this kernel cannot unpack modules itself "
					"(CONFIG_MODULE_DECOMPRESS)\n");
	}
	close(fd);
}

static void load_modules(void)
{
	char path[512];
	FILE *list;

	list = fopen(MODULES, "re");
	if (!list) {
		complain(MODULES, "open");
		return;
	}
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		load_module(path);
	}
	fclose(list);
}

/* Orphans become our children, too; only the end of `child` ends the wait. */
static void wait_for(pid_t child)
{
	pid_t pid;

	do {
		pid = wait(NULL);
	} while (pid != child && (pid >= 0 || errno == EINTR));
}

/* Run `argv` in a session of its own. The console is its terminal, so that Ctrl-C works. */
static void run(const char *const *argv)
{
	pid_t pid = fork();

	if (pid < 0) {
		complain(argv[0], "fork");
		return;
	}
	if (!pid) {
		setsid();
		ioctl(STDIN_FILENO, TIOCSCTTY, 0);
		execv(BUSYBOX, (char *const *)argv);
		complain(BUSYBOX, "exec");
		_exit(127);
	}
	wait_for(pid);
}

static void run_shell(void)
{
	static const char *const install[] = { "busybox", "--install", "-s", "/bin", NULL };
	static const char *const shell[] = { "sh", NULL };

	if (access(BUSYBOX, X_OK)) {
		puts("No shell: the host has no static busybox. There: apt-get install "
		     "busybox-static");
		return;
	}
	run(install);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("PS1", "guest:\\w# ", 1);
	puts("A shell of busybox. `exit` powers off.");
	fflush(stdout);
	run(shell);
}

int main(void)
{
	if (getpid() != 1) {
		fprintf(stderr,
			"init: this is the first process of minivmm's guest, and powers off "
			"when it is done; it runs as process 1 only\n");
		return 1;
	}
	mount_file_system("proc", "/proc");
	mount_file_system("sysfs", "/sys");
	mount_file_system("devtmpfs", "/dev");
	quieten_kernel();
	load_modules();
	button_watch(init_has_command());
	report_wait_for_devices();
	if (init_has_command()) {
		init_run_command();
		power_off();
	}
	report_print();
	if (!command_line_has("minivmm.poweroff"))
		run_shell();
	power_off();
}
