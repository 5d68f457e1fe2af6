/* SPDX-License-Identifier: MIT */
/*
 * Files by which a Linux host tells about itself: where they are and how they are read.
 *
 * Every path of vfio/host is made here. MINIVMM_HOST_ROOT in the environment names a folder to take
 * for "/", so that a host can be examined that is not this one: a fake made for a test, or a copy
 * of the files that matter.
 *
 * Owns no meaning: host_sysfs.c and those above it know what the files say. Only reads.
 */
#ifndef MINIVMM_HOST_PATH_H
#define MINIVMM_HOST_PATH_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct host_path {
	char text[PATH_MAX];
};

/* What stands before every path: "" for this host. */
const char *host_root(void);

/* The absolute path `fmt` below host_root(). */
struct host_path host_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The path of a file in a folder; a name too long is cut off. */
struct host_path host_path_in(const struct host_path *folder, const char *name);

/* The path as the host itself knows it: without host_root(). Lives as long as `path`. */
const char *host_path_name(const struct host_path *path);

bool host_path_exists(const struct host_path *path);

/* Whether the file's permissions let this process read and write it, whatever else forbids it. */
bool host_mode_permits(const struct host_path *path);

/* The first `size` bytes of a file; how many, or -errno. */
int host_read_bytes(const struct host_path *path, void *data, size_t size);

/*
 * The first line of a file without its newline; "" where there is no file or no text in it. 0 or
 * -errno.
 */
int host_read_line(const struct host_path *path, char *text, size_t size);

/* A whole file, NUL-terminated, to be freed by the caller; NULL when it cannot be read. */
char *host_read_file(const struct host_path *path);

/* The last component of where a link points, "" if there is no link. */
void host_read_link(const struct host_path *link, char *name, size_t size);

/* Where a path leads when all links are followed; "" if it leads nowhere. */
struct host_path host_real_path(const struct host_path *path);

/* The names in a folder but those with a leading dot, sorted; none if there is no such folder. */
struct host_dir {
	struct dirent **entries;
	int count;
};
void host_dir_read(struct host_dir *dir, const struct host_path *path);
void host_dir_free(struct host_dir *dir);

#endif
