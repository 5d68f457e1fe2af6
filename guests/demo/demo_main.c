/* SPDX-License-Identifier: MIT */
/*
 * demo_device SOCKET: serves the demo device to vfio-user clients, one after the other. Each
 * client finds a new device.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "demo_server.h"
#include "user_server.h"

#define USAGE "Usage: demo_device SOCKET\n"

int main(int argc, char **argv)
{
	int listener, client;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		printf(USAGE
		       "Serves the demo device at the socket to one vfio-user client after the "
		       "other.\n");
		return fflush(stdout) == EOF;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr,
			USAGE "A socket whose name begins with a dash is written ./-NAME.\n");
		return 2;
	}
	listener = user_server_listen(argv[1]);
	if (listener < 0) {
		fprintf(stderr, "demo_device: %s: %s\n", argv[1], strerror(-listener));
		return 1;
	}
	while ((client = accept(listener, NULL, NULL)) >= 0)
		if (demo_server_run(client) < 0)
			fprintf(stderr, "demo_device: a client broke the protocol\n");
	return 1;
}
