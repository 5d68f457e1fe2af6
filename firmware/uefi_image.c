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

#include "vmm/trace/log.h"

#define UEFI_PAGE 0x1000u

/* ---- firmware volumes ---- */

struct uefi_volume {
	uint8_t zero[16];
	uint8_t kind[16];
	uint64_t size;
	char signature[4];
} __attribute__((packed));

#define UEFI_VOLUME_SIGNATURE "_FVH"

/* EFI_SYSTEM_NV_DATA_FV_GUID: a volume of variables. */
static const uint8_t uefi_vars_kind[16] = { 0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c,
					    0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50 };

struct uefi_contents {
	uint64_t vars_size; /* variables at the beginning of the file */
	uint64_t code_size; /* code behind them */
};

static int uefi_refuse(const struct kernel_file *file, const char *why)
{
	log_error(file->name, "%s", why);
	return -ENOEXEC;
}

static bool uefi_is_elf(const struct kernel_head *head)
{
	return head->size >= sizeof(Elf64_Ehdr) && memcmp(head->bytes, ELFMAG, SELFMAG) == 0;
}

bool uefi_image_is_kernel(const struct kernel_head *head)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head->bytes;

	return uefi_is_elf(head) && elf->e_ident[EI_CLASS] == ELFCLASS64 &&
	       elf->e_machine == EM_386;
}

static int uefi_refuse_kernel(const struct kernel_file *file, const struct kernel_head *head)
{
	bool bzimage = head->size > 0x206 && memcmp(head->bytes + 0x202, "HdrS", 4) == 0;

	if (!bzimage && !uefi_is_elf(head))
		return kernel_file_refuse(file, head, "UEFI firmware");
	log_error(file->name, "is a kernel, not UEFI firmware");
	log_fix("minivmm --kernel %s ...", file->name);
	return -ENOEXEC;
}

/* The volume at `offset`; it must end inside the file. */
static int uefi_read_volume(const struct kernel_file *file, uint64_t offset,
			    struct uefi_volume *volume)
{
	uint64_t left = file->size - offset;
	int ret;

	if (left < sizeof(*volume))
		return uefi_refuse(file, "is not UEFI firmware: it ends inside a volume's header");
	ret = kernel_file_read(file, offset, volume, sizeof(*volume));
	if (ret < 0)
		return ret;
	if (memcmp(volume->signature, UEFI_VOLUME_SIGNATURE, sizeof(volume->signature)) != 0 ||
	    volume->size < sizeof(*volume) || volume->size % UEFI_PAGE)
		return uefi_refuse(file, "is not UEFI firmware: no volume lies where one must");
	if (volume->size <= left)
		return 0;
	log_error(file->name,
		  "is truncated: its volume at %#" PRIx64 " has %#" PRIx64
		  " bytes, the file ends after %#" PRIx64,
		  offset, volume->size, left);
	return -ENOEXEC;
}

/* Volumes must fill the file; the volumes of variables come first. */
static int uefi_read_contents(const struct kernel_file *file, struct uefi_contents *contents)
{
	struct uefi_volume volume;

	*contents = (struct uefi_contents){ 0 };
	for (uint64_t offset = 0; offset < file->size; offset += volume.size) {
		int ret = uefi_read_volume(file, offset, &volume);

		if (ret < 0)
			return ret;
		if (memcmp(volume.kind, uefi_vars_kind, sizeof(uefi_vars_kind)) != 0)
			contents->code_size += volume.size;
		else if (contents->code_size == 0)
			contents->vars_size += volume.size;
		else
			return uefi_refuse(file, "has variables behind its code");
	}
	return 0;
}

/* ---- the code ---- */

/* Debian's name for firmware that trusts its variables only in system management mode. */
static int uefi_refuse_smm(const char *name)
{
	char path[PATH_MAX];

	if (!realpath(name, path) || !strstr(path, ".secboot."))
		return 0;
	log_error(name, "needs system management mode, which minivmm's machine does not have");
	log_fix("use the CODE file without .secboot or .ms in its name; the VARS file may be .ms");
	return -ENOEXEC;
}

int uefi_image_open_code(struct uefi_code *code, int fd, const char *name)
{
	struct uefi_contents contents;
	struct kernel_head head = { 0 };
	int ret = kernel_file_init(&code->file, fd, name);

	if (ret == 0)
		ret = kernel_file_read_head(&code->file, &head);
	if (ret < 0)
		return ret;
	if (head.size < sizeof(struct uefi_volume) ||
	    memcmp(((struct uefi_volume *)head.bytes)->signature, UEFI_VOLUME_SIGNATURE, 4) != 0)
		return uefi_refuse_kernel(&code->file, &head);
	ret = uefi_read_contents(&code->file, &contents);
	if (ret < 0)
		return ret;
	if (contents.code_size == 0)
		return uefi_refuse(
			&code->file,
			"holds the firmware's variables, not its code: use it as vars=FILE");
	if (code->file.size > UEFI_FLASH_MAX)
		return uefi_refuse(&code->file, "is larger than the machine's flash, 4 MiB");
	code->vars_size = contents.vars_size;
	return uefi_refuse_smm(name);
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

/*
 * Code and variables are built for one flash, whose size is a power of two. Sizes that add up to
 * such a power belong together.
 */
static int uefi_check_vars(const struct uefi_code *code, const struct kernel_file *file)
{
	uint64_t sum = file->size + code->file.size;
	struct uefi_contents contents;
	int ret = uefi_read_contents(file, &contents);

	if (ret < 0)
		return ret;
	if (contents.code_size)
		return uefi_refuse(
			file,
			"holds the firmware's code, not its variables: use it as --firmware FILE");
	if (code->vars_size == 0 && (sum & (sum - 1)) == 0 && sum <= UEFI_FLASH_MAX)
		return 0;
	log_error(file->name,
		  "does not belong to %s: %" PRIu64 " and %" PRIu64
		  " bytes do not make up one flash of 2 or 4 MiB",
		  code->file.name, file->size, code->file.size);
	return -EINVAL;
}

/* Close the file that was opened as vars->fd, if there was one. */
static int uefi_look_at_vars(const struct uefi_code *code, const char *path,
			     struct kernel_file *vars)
{
	int fd = vars->fd, ret;

	if (fd < 0) {
		log_errno(path, -errno, "open the firmware's variables");
		return -ENOENT;
	}
	ret = kernel_file_init(vars, fd, path);
	return ret < 0 ? ret : uefi_check_vars(code, vars);
}

int uefi_image_open_template(const struct uefi_code *code, const char *template,
			     struct kernel_file *vars)
{
	*vars = (struct kernel_file){ .fd = open(template, O_RDONLY | O_CLOEXEC) };
	return uefi_look_at_vars(code, template, vars);
}

/* The lock belongs to the open file description, so it ends with minivmm, however that ends. */
static int uefi_lock(const char *path, int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return log_errno(path, -errno, "lock");
	log_error(path, "is in use by another guest: each needs variables of its own");
	return -EBUSY;
}

static int uefi_copy(const struct kernel_file *from, const char *path, int to)
{
	uint8_t *bytes = malloc(from->size);
	int ret = bytes ? kernel_file_read(from, 0, bytes, from->size) : -ENOMEM;
	ssize_t done;

	if (ret == 0) {
		done = write(to, bytes, from->size);
		if (done != (ssize_t)from->size || fsync(to) < 0)
			ret = log_errno(path, done < 0 ? -errno : -EIO, "write");
	}
	free(bytes);
	return ret;
}

/*
 * The file gets its name only when it is whole. If another minivmm is faster, its file is as good
 * as ours.
 */
static int uefi_create_vars(const char *path, const struct kernel_file *from)
{
	char temporary[PATH_MAX];
	int fd, ret;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= PATH_MAX)
		return log_errno(path, -ENAMETOOLONG, "make a file of variables");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return log_errno(path, -errno, "make a file of variables");
	ret = uefi_copy(from, temporary, fd);
	if (ret == 0 && link(temporary, path) < 0 && errno != EEXIST)
		ret = log_errno(path, -errno, "make a file of variables");
	unlink(temporary);
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
