/* SPDX-License-Identifier: MIT */
#include "init_end.h"

#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOUNTS_MAX 256

#define TRIES 100 /* 10 ms each */

static int some_process_left(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return errno != ECHILD;
}

/* Process 1 becomes the parent of every orphan, so this reaps all of them. */
void end_processes(void)
{
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	for (int i = 0; i < TRIES && some_process_left(); i++)
		usleep(10000);
	kill(-1, SIGKILL);
	for (int i = 0; i < TRIES && some_process_left(); i++)
		usleep(10000);
}

/*
 * Collect the folders on which file systems of disks are mounted, in the order of mounting;
 * returns how many.
 */
static int list_disks(char *places[MOUNTS_MAX])
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent *entry;
	int count = 0;

	if (!mounts)
		return 0;
	while (count < MOUNTS_MAX && (entry = getmntent(mounts)))
		if (!strncmp(entry->mnt_fsname, "/dev/", 5))
			places[count++] = strdup(entry->mnt_dir);
	endmntent(mounts);
	return count;
}

/* A file system that is still in use, say by a mount inside it, is at least made read-only. */
static void end_file_system(const char *place)
{
	if (umount2(place, 0) == 0 || mount(NULL, place, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0)
		return;
	fprintf(stderr, "init: %s: unmount: %s\n", place, strerror(errno));
}

void end_file_systems(void)
{
	char *places[MOUNTS_MAX];
	int count = list_disks(places);

	while (count--)
		if (places[count]) {
			end_file_system(places[count]);
			free(places[count]);
		}
}
