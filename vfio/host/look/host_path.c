/* SPDX-License-Identifier: MIT */
#include "host_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No file of interest here is longer than this; sysfs and /proc do not tell their sizes. */
#define HOST_FILE_MAX (4u << 20)

const char *host_root(void)
{
	const char *root = secure_getenv("MINIVMM_HOST_ROOT");

	return root ? root : "";
}

struct host_path host_path(const char *fmt, ...)
{
	struct host_path path;
	va_list args;
	size_t used;

	snprintf(path.text, sizeof(path.text), "%s", host_root());
	used = strlen(path.text);
	va_start(args, fmt);
	vsnprintf(path.text + used, sizeof(path.text) - used, fmt, args);
	va_end(args);
	return path;
}

struct host_path host_path_in(const struct host_path *folder, const char *name)
{
	struct host_path path = *folder;
	size_t used = strlen(path.text);

	snprintf(path.text + used, sizeof(path.text) - used, "/%s", name);
	return path;
}

const char *host_path_name(const struct host_path *path)
{
	return path->text + strlen(host_root());
}

bool host_path_exists(const struct host_path *path)
{
	return access(path->text, F_OK) == 0;
}

/*
 * The permissions of the owner, else of the group, else of others, as in inode(7). Access lists
 * are not looked at.
 */
bool host_mode_permits(const struct host_path *path)
{
	gid_t groups[NGROUPS_MAX];
	int count = getgroups(NGROUPS_MAX, groups);
	struct stat status;
	bool member;

	if (stat(path->text, &status) < 0)
		return false;
	if (status.st_uid == geteuid())
		return (status.st_mode & 0600) == 0600;
	member = status.st_gid == getegid();
	for (int i = 0; i < count; i++)
		member |= groups[i] == status.st_gid;
	return (status.st_mode & (member ? 0060 : 0006)) == (member ? 0060 : 0006);
}

int host_read_bytes(const struct host_path *path, void *data, size_t size)
{
	int fd = open(path->text, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, data, size);
	if (n < 0)
		n = -errno;
	close(fd);
	return (int)n;
}

int host_read_line(const struct host_path *path, char *text, size_t size)
{
	int n = host_read_bytes(path, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n < 0 ? n : 0;
}

static char *host_read_stream(FILE *file)
{
	size_t size = 0, n = 0;
	char *text = NULL;

	do {
		char *grown = realloc(text, size + 4096 + 1);

		if (!grown) {
			free(text);
			return NULL;
		}
		text = grown;
		n = fread(text + size, 1, 4096, file);
		size += n;
		text[size] = '\0';
	} while (n && size < HOST_FILE_MAX);
	return text;
}

char *host_read_file(const struct host_path *path)
{
	FILE *file = fopen(path->text, "re");
	char *text;

	if (!file)
		return NULL;
	text = host_read_stream(file);
	fclose(file);
	return text;
}

void host_read_link(const struct host_path *link, char *name, size_t size)
{
	char target[PATH_MAX];
	const char *last;
	ssize_t n;

	n = readlink(link->text, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	n = (ssize_t)strnlen(last, size - 1);
	memcpy(name, last, (size_t)n);
	name[n] = '\0';
}

struct host_path host_real_path(const struct host_path *path)
{
	struct host_path real;

	if (!realpath(path->text, real.text))
		real.text[0] = '\0';
	return real;
}

static int host_dir_wants(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

void host_dir_read(struct host_dir *dir, const struct host_path *path)
{
	*dir = (struct host_dir){ 0 };
	dir->count = scandir(path->text, &dir->entries, host_dir_wants, alphasort);
	if (dir->count < 0)
		dir->count = 0;
}

void host_dir_free(struct host_dir *dir)
{
	for (int i = 0; i < dir->count; i++)
		free(dir->entries[i]);
	free(dir->entries);
	*dir = (struct host_dir){ 0 };
}
