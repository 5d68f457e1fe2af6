/* SPDX-License-Identifier: MIT */
#include "host_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"

#define RECORDS     "/run/minivmm"
#define RECORD_TEMP ".new"

static int records_check(int folder)
{
	struct stat status;

	if (fstat(folder, &status) < 0)
		return log_errno(RECORDS, -errno, "fstat");
	if ((status.st_uid != geteuid() && status.st_uid != 0) ||
	    (status.st_mode & (S_IWGRP | S_IWOTH))) {
		log_error(RECORDS, "belongs to somebody else, or others may write there: its "
				   "records are not trusted");
		log_fix("sudo rm -r " RECORDS "   # if nothing in there is of use");
		return -EPERM;
	}
	return 0;
}

/* The other minivmm may wait for a driver that does not let go. */
static int records_lock(int folder, bool wait)
{
	if (flock(folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && !wait)
		return -EWOULDBLOCK;
	if (errno == EWOULDBLOCK)
		log_info(RECORDS, "another minivmm changes drivers right now: waiting for it");
	return flock(folder, LOCK_EX) < 0 ? log_errno(RECORDS, -errno, "lock") : 0;
}

int host_records_open(bool create, bool wait)
{
	struct host_path path = host_path(RECORDS);
	int folder, ret = 0;

	if (create && mkdir(path.text, 0755) < 0 && errno != EEXIST)
		return log_errno(RECORDS, -errno, "create");
	folder = open(path.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return errno == ENOENT ? -ENOENT : log_errno(RECORDS, -errno, "open");
	ret = records_check(folder);
	if (ret == 0)
		ret = records_lock(folder, wait);
	if (ret == 0)
		return folder;
	close(folder);
	return ret;
}

/*
 * The name becomes part of a path, a word for modprobe, and a line of the record. So it must be
 * one name of a folder and nothing else. A driver may have a blank in its name, such as
 * "budget_ci dvb".
 */
static bool record_name_is_safe(const char *name)
{
	return name[0] != '.' && name[0] != '-' && !strpbrk(name, "/\n");
}

static bool record_is_safe(const struct host_record *record)
{
	return record_name_is_safe(record->driver) && record_name_is_safe(record->overridden);
}

int host_record_write(int folder, const struct host_record *record)
{
	char text[512];
	int fd, ret, length;

	if (!record_is_safe(record))
		return log_errno(record->bdf, -EINVAL, "record its driver's name");
	length = snprintf(text, sizeof(text), "id %04x:%04x\ndriver %s\noverride %s\nrun %d\n",
			  record->vendor, record->device, record->driver, record->overridden,
			  record->run);
	unlinkat(folder, RECORD_TEMP, 0);
	fd = openat(folder, RECORD_TEMP, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return log_errno(RECORDS, -errno, "record %s", record->bdf);
	ret = write_whole(fd, text, (size_t)length, -1);
	close(fd);
	if (ret == 0 && renameat(folder, RECORD_TEMP, folder, record->bdf) < 0)
		ret = -errno;
	return ret < 0 ? log_errno(RECORDS, ret, "record %s", record->bdf) : 0;
}

/* Take "key value" or "key " from a line; false if it is another line. */
static bool record_take(const char *line, const char *key, char *value)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0 || line[length] != ' ')
		return false;
	snprintf(value, HOST_DRIVER_MAX, "%s", line + length + 1);
	return true;
}

static int record_parse(char *text, struct host_record *record)
{
	char *next = text, *line, id[HOST_DRIVER_MAX] = "", run[HOST_DRIVER_MAX] = "";
	bool driver = false, overridden = false;

	while (next && (line = strsep(&next, "\n"))) {
		record_take(line, "id", id);
		record_take(line, "run", run);
		driver |= record_take(line, "driver", record->driver);
		overridden |= record_take(line, "override", record->overridden);
	}
	record->run = run[0] == '1';
	if (!driver || !overridden || !run[0] || !record_is_safe(record) ||
	    sscanf(id, "%4x:%4x", &record->vendor, &record->device) != 2)
		return -EINVAL;
	return 0;
}

int host_record_read(int folder, const char *bdf, struct host_record *record)
{
	/* O_NONBLOCK: a FIFO in its place would wait for a writer. */
	int fd = openat(folder, bdf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), ret;
	char text[512];
	ssize_t n;

	*record = (struct host_record){ .run = false };
	snprintf(record->bdf, sizeof(record->bdf), "%s", bdf);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : log_errno(bdf, -errno, "open its record");
	n = read(fd, text, sizeof(text) - 1);
	ret = n < 0 ? -errno : 0;
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	if (ret == 0)
		ret = record_parse(text, record);
	return ret < 0 ? log_errno(bdf, ret, "read its record in " RECORDS) : 0;
}

void host_record_remove(int folder, const char *bdf)
{
	unlinkat(folder, bdf, 0);
}

int host_record_lock(int folder, const char *bdf)
{
	int fd = openat(folder, bdf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

bool host_record_is_stale(int folder, const struct host_record *record)
{
	int fd;

	if (!record->run)
		return false;
	fd = host_record_lock(folder, record->bdf);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int host_for_each_record(int folder,
			 int (*visit)(int folder, const struct host_record *record, void *arg),
			 void *arg)
{
	struct host_path path = host_path(RECORDS);
	struct host_dir dir;
	int ret = 0;

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count && ret == 0; i++) {
		struct host_record record;
		char bdf[HOST_BDF_MAX];

		if (host_parse_bdf(dir.entries[i]->d_name, bdf) == 0 &&
		    strcmp(bdf, dir.entries[i]->d_name) == 0 &&
		    host_record_read(folder, bdf, &record) == 0)
			ret = visit(folder, &record, arg);
	}
	host_dir_free(&dir);
	return ret;
}
