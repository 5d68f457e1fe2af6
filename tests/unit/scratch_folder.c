/* SPDX-License-Identifier: MIT */
#include "scratch_folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#define SCRATCH_FILES 16 /* folders that are open at a time */

static int scratch_remove_one(const char *path, const struct stat *status, int type,
			      struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

int scratch_folder_remove(const char *path)
{
	return nftw(path, scratch_remove_one, SCRATCH_FILES, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

void scratch_folder_tidy(const char *path)
{
	if (scratch_folder_remove(path) < 0)
		fprintf(stderr, "%s is left behind\n", path);
}
