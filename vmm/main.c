/* SPDX-License-Identifier: MIT */
/*
 * minivmm starts here: the command line picks what to do. The one place that exits.
 *
 * To read the program, follow a guest: machine.c builds and runs it; core/vcpu.c hands its exits to
 * core/bus.c; devices/testdev.c is the smallest device behind a bus; vfio/vfio.h is the contract
 * for a real one, vfio/backend/backend_group.c fulfils it, and vfio/vfio_interrupts.c brings its
 * interrupts in.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guests/command_ports.h"
#include "vmm/cli/host_command.h"
#include "machine.h"
#include "standard_files.h"
#include "vmm/cli/options.h"
#include "vmm/trace/log.h"

/*
 * If standard input or output was closed at the start, no other file of minivmm's may get its
 * number. Writing to an output that was closed is an error, like writing to a full disk.
 */
static void main_open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

#define MAIN_OUTPUT_MAX (1u << 20) /* bytes of what a command prints */

/*
 * What a command prints is written by main_exit(), which can tell why it cannot be written. Only a
 * terminal gets each line at once.
 */
static void main_buffer_output(void)
{
	char *buffer = isatty(STDOUT_FILENO) ? NULL : malloc(MAIN_OUTPUT_MAX);

	if (buffer)
		setvbuf(stdout, buffer, _IOFBF, MAIN_OUTPUT_MAX);
}

/* Why an earlier write failed is not known any more, if the last one did not. */
static void __attribute__((noreturn)) main_exit(int status)
{
	const bool before = ferror(stdout);

	if (fflush(stdout) == EOF)
		log_errno("standard output", -errno, "write");
	else if (before)
		log_error("standard output", "could not be written as a whole");
	exit(status == EXIT_SUCCESS && ferror(stdout) ? EXIT_FAILURE : status);
}

/*
 * A guest, and a change of drivers, must not end half way because nobody reads the messages. What
 * only shows something ends with its reader, as programs in a pipe do.
 */
static void main_outlive_readers(enum options_command command)
{
	if (command == OPTIONS_RUN || command == OPTIONS_BIND || command == OPTIONS_RESTORE)
		signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct standard_files files;
	struct config config;
	int status;

	/*
	 * A file that reaches the size limit must give an error from write(), not end the process.
	 */
	signal(SIGXFSZ, SIG_IGN);
	main_open_standard_files();
	main_buffer_output();
	if (options_parse(&config, argc, argv) < 0)
		exit(config.run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_USAGE);
	main_outlive_readers(config.command);
	switch (config.command) {
	case OPTIONS_HELP:
		options_print_help();
		main_exit(EXIT_SUCCESS);
	case OPTIONS_VERSION:
		printf("minivmm %s\n", MINIVMM_VERSION);
		main_exit(EXIT_SUCCESS);
	case OPTIONS_RUN:
		break;
	default:
		main_exit(host_command_run(&config));
	}
	if (standard_files_begin(&files, !config.no_sandbox) < 0)
		main_exit(config.run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST);
	status = host_command_start(&config);
	standard_files_end(&files);
	main_exit(status);
}
