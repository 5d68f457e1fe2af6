/* SPDX-License-Identifier: MIT */
/*
 * minivmm starts here: the command line picks what to do. The one place that exits.
 *
 * To read the program, follow a guest: machine.c builds and runs it; core/vcpu.c hands its exits to
 * core/bus.c; devices/testdev.c is the smallest device behind a bus; vfio/vfio.h is the contract
 * for a real one, vfio/backend/backend_group.c fulfils it, and vfio/vfio_interrupts.c brings its
 * interrupts in.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guests/command_ports.h"
#include "vmm/cli/host_command.h"
#include "machine.h"
#include "vmm/cli/options.h"

/*
 * A file of ours must not become standard input or output because those were closed at the start.
 */
static void main_open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct config config;

	main_open_standard_files();
	if (options_parse(&config, argc, argv) < 0)
		exit(config.run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_USAGE);
	switch (config.command) {
	case OPTIONS_HELP:
		options_print_help();
		exit(EXIT_SUCCESS);
	case OPTIONS_VERSION:
		printf("minivmm %s\n", MINIVMM_VERSION);
		exit(EXIT_SUCCESS);
	case OPTIONS_RUN:
		break;
	default:
		exit(host_command_run(&config));
	}
	exit(host_command_start(&config));
}
