/* SPDX-License-Identifier: MIT */
/*
 * Files by which a Linux host tells about itself: where they are, and how they are read.
 *
 * Every path of vfio/host is made here. MINIVMM_HOST_ROOT in the environment names a folder to
 * take for "/". So a host can be examined that is not this one: a fake made for a test, or a copy
 * of the files that matter.
 *
 * Owns no meaning: host_sysfs.c and the files above it know what the texts say. These functions
 * only read, and none of them logs.
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

/* The text that stands before every path: "" for this host. */
const char *host_root(void);

/* The absolute path `fmt` below host_root(). */
struct host_path host_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The path of a file in a folder; a name that is too long is cut off. */
struct host_path host_path_in(const struct host_path *folder, const char *name);

/* The path as the host itself knows it, without host_root(). It lives as long as `path`. */
const char *host_path_name(const struct host_path *path);

bool host_path_exists(const struct host_path *path);

/*
 * Returns whether the file's permissions let this process read and write it. Something else may
 * still forbid it.
 */
bool host_mode_permits(const struct host_path *path);

/* Read the first `size` bytes of a file. Returns how many there were, or -errno. */
int host_read_bytes(const struct host_path *path, void *data, size_t size);

/*
 * Read the first line of a file without its newline; "" if there is no file, or no text in it.
 * Returns 0 or -errno.
 */
int host_read_line(const struct host_path *path, char *text, size_t size);

/* Read a whole file and end it with a NUL. The caller frees it. NULL if it cannot be read. */
char *host_read_file(const struct host_path *path);

/* The last component of a link's target; "" if there is no link. */
void host_read_link(const struct host_path *link, char *name, size_t size);

/* The path that is left when all links are followed; "" if it leads nowhere. */
struct host_path host_real_path(const struct host_path *path);

/*
 * The names in a folder without those that begin with a dot, sorted; none if there is no such
 * folder.
 */
struct host_dir {
	struct dirent **entries;
	int count;
};
void host_dir_read(struct host_dir *dir, const struct host_path *path);
void host_dir_free(struct host_dir *dir);

#endif
