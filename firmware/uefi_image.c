/* SPDX-License-Identifier: MIT */
#include "uefi_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"

#define UEFI_LOCK_TRIES 100u
#define UEFI_LOCK_US    10000u

bool uefi_image_is_kernel(const struct kernel_head *head)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head->bytes;

	return head->size >= sizeof(*elf) && memcmp(head->bytes, ELFMAG, SELFMAG) == 0 &&
	       elf->e_ident[EI_CLASS] == ELFCLASS64 && elf->e_machine == EM_386;
}

int uefi_image_open_code(struct uefi_code *code, const struct uefi_format *format, int fd,
			 const char *name)
{
	struct kernel_head head = { 0 };
	int ret;

	*code = (struct uefi_code){ .format = format };
	ret = kernel_file_init(&code->file, fd, name);
	if (ret == 0)
		ret = kernel_file_read_head(&code->file, &head);
	return ret < 0 ? ret : format->check_code(code, &head);
}

/* ---- the variables ---- */

bool uefi_image_template(const char *code_name, char path[PATH_MAX])
{
	const char *slash = strrchr(code_name, '/');
	const char *word = strstr(slash ? slash : code_name, "CODE");

	if (!word)
		return false;
	return snprintf(path, PATH_MAX, "%.*sVARS%s", (int)(word - code_name), code_name,
			word + strlen("CODE")) < PATH_MAX;
}

/* Look at what was opened as vars->fd, or say that it could not be opened. */
static int uefi_look_at_vars(const struct uefi_code *code, const char *path,
			     struct kernel_file *vars)
{
	int fd = vars->fd, ret;

	if (fd < 0)
		return log_errno(path, -errno, "open the firmware's variables");
	ret = kernel_file_init(vars, fd, path);
	return ret < 0 ? ret : code->format->check_vars(code, vars);
}

int uefi_image_open_template(const struct uefi_code *code, const char *template,
			     struct kernel_file *vars)
{
	*vars = (struct kernel_file){ .fd = open(template, O_RDONLY | O_CLOEXEC) };
	return uefi_look_at_vars(code, template, vars);
}

/*
 * The lock belongs to the open file description, so it ends with the last process that has it,
 * however that ends. After a kill of minivmm the process that writes the variables ends a moment
 * later.
 */
static int uefi_lock(const char *path, int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int ret = fcntl(fd, F_OFD_SETLK, &lock);

	for (unsigned int i = 0; i < UEFI_LOCK_TRIES && ret < 0 && errno == EAGAIN; i++) {
		usleep(UEFI_LOCK_US);
		ret = fcntl(fd, F_OFD_SETLK, &lock);
	}
	if (ret == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return log_errno(path, -errno, "lock");
	log_error(path, "is in use by another guest: each needs variables of its own");
	return -EBUSY;
}

/* Zeroes, of which a file for arm64 mostly consists, become a hole. */
static int uefi_copy(const struct kernel_file *from, const char *path, int to)
{
	uint8_t piece[KERNEL_FILE_PIECE];
	int ret;

	for (uint64_t at = 0, size; at < from->size; at += size) {
		size = from->size - at < sizeof(piece) ? from->size - at : sizeof(piece);
		ret = kernel_file_read(from, at, piece, size);
		if (ret < 0)
			return ret;
		if (!kernel_file_is_zero(piece, size))
			ret = write_whole(to, piece, size, (off_t)at);
		if (ret < 0)
			return log_errno(path, ret, "write");
	}
	if (ftruncate(to, (off_t)from->size) < 0 || fsync(to) < 0)
		return log_errno(path, -errno, "write");
	return 0;
}

/* Without a name of its own, so that nothing is left of it wherever minivmm is killed. */
static int uefi_open_nameless(const char *path, char name[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	if (access("/proc/self/fd", X_OK) < 0)
		return -1;
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	snprintf(name, PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

/* With one, where the file system knows no other files. */
static int uefi_open_temporary(const char *path, char name[PATH_MAX])
{
	if (snprintf(name, PATH_MAX, "%s.XXXXXX", path) < PATH_MAX)
		return mkostemp(name, O_CLOEXEC);
	errno = ENAMETOOLONG;
	return -1;
}

/*
 * The file gets its name only when it is whole. If another minivmm is faster, its file is as good
 * as ours.
 */
static int uefi_create_vars(const char *path, const struct kernel_file *from)
{
	char name[PATH_MAX];
	int fd = uefi_open_nameless(path, name), ret;
	const bool nameless = fd >= 0;

	if (!nameless)
		fd = uefi_open_temporary(path, name);
	if (fd < 0)
		return log_errno(path, -errno, "make a file of variables");
	ret = uefi_copy(from, path, fd);
	if (ret == 0 && linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 &&
	    errno != EEXIST)
		ret = log_errno(path, -errno, "make a file of variables");
	if (!nameless)
		unlink(name);
	close(fd);
	return ret;
}

static int uefi_make_vars(const struct uefi_code *code, const char *path, const char *template)
{
	struct kernel_file from;
	int ret;

	if (!template) {
		log_error(path, "does not exist, and %s has no VARS file beside it to copy",
			  code->file.name);
		return -ENOENT;
	}
	ret = uefi_image_open_template(code, template, &from);
	if (ret == 0)
		ret = uefi_create_vars(path, &from);
	if (from.fd >= 0)
		close(from.fd);
	if (ret == 0)
		log_info(path, "made from %s", template);
	return ret;
}

int uefi_image_open_vars(const struct uefi_code *code, const char *path, const char *template,
			 struct kernel_file *vars)
{
	int ret = 0;

	*vars = (struct kernel_file){ .fd = open(path, O_RDWR | O_CLOEXEC) };
	if (vars->fd < 0 && errno == ENOENT) {
		ret = uefi_make_vars(code, path, template);
		if (ret < 0)
			return ret;
		vars->fd = open(path, O_RDWR | O_CLOEXEC);
	}
	ret = uefi_look_at_vars(code, path, vars);
	return ret < 0 ? ret : uefi_lock(path, vars->fd);
}
