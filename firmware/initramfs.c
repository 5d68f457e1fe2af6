/* SPDX-License-Identifier: MIT */
#include "initramfs.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modules.h"
#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

extern const char guest_init_start[];
extern const char guest_init_end[];

#define ARCHIVE    "initramfs"
#define MODULE_DIR "lib/modules/"

/* A module for the machine's own pvpanic device, beside those of the passed-through devices. */
static const char *const machine_aliases[] = { "acpi:QEMU0001:" };

static const char *const directories[] = {
	"bin", "dev", "lib", "lib/modules", "mnt", "proc", "root", "sys", "tmp",
};

/* Where distributions keep busybox: Debian and Ubuntu, Fedora, then Ubuntu's initramfs. */
static const char *const busybox_places[] = {
	"/bin/busybox",
	"/sbin/busybox",
	"/usr/lib/initramfs-tools/bin/busybox",
};

/*
 * The archive that is being written. Small pieces gather in `pending`, so that a member costs one
 * write.
 */
struct cpio {
	int fd;
	uint64_t size; /* bytes written so far, with those in `pending` */
	size_t used;
	char pending[8192];
};

static int cpio_write(struct cpio *cpio, const char *data, size_t len)
{
	int ret = write_whole(cpio->fd, data, len, -1);

	return ret < 0 ? log_errno(ARCHIVE, ret, "write") : 0;
}

static int cpio_flush(struct cpio *cpio)
{
	size_t len = cpio->used;

	cpio->used = 0;
	return cpio_write(cpio, cpio->pending, len);
}

static int cpio_append(struct cpio *cpio, const void *data, size_t len)
{
	int ret;

	cpio->size += len;
	if (len > sizeof(cpio->pending) - cpio->used) {
		ret = cpio_flush(cpio);
		if (ret < 0)
			return ret;
	}
	if (len > sizeof(cpio->pending))
		return cpio_write(cpio, data, len);
	memcpy(cpio->pending + cpio->used, data, len);
	cpio->used += len;
	return 0;
}

/* Headers and contents start at multiples of four in the archive. */
static int cpio_align(struct cpio *cpio)
{
	return cpio_append(cpio, "\0\0\0", -cpio->size & 3);
}

/* Write the header and the name that come before a member's contents. */
static int cpio_start(struct cpio *cpio, const char *name, mode_t mode, uint64_t size, dev_t dev)
{
	size_t name_size = strlen(name) + 1;
	char header[111];
	int ret;

	if (size > UINT32_MAX)
		return log_errno(name, -EFBIG, "add to the initramfs");
	/*
	 * inode, mode, uid, gid, links, mtime, size, device of the file, device of the node,
	 * length of the name, checksum
	 */
	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0,
		 (uint32_t)size, 0, 0, major(dev), minor(dev), (uint32_t)name_size, 0);
	ret = cpio_append(cpio, header, sizeof(header) - 1);
	if (ret == 0)
		ret = cpio_append(cpio, name, name_size);
	if (ret == 0)
		ret = cpio_align(cpio);
	return ret;
}

static int cpio_add_data(struct cpio *cpio, const char *name, mode_t mode, const void *data,
			 size_t len)
{
	int ret = cpio_start(cpio, name, S_IFREG | mode, len, 0);

	if (ret == 0)
		ret = cpio_append(cpio, data, len);
	if (ret == 0)
		ret = cpio_align(cpio);
	return ret;
}

/* The kernel copies from file to file, so the bytes never pass through this process. */
static int cpio_copy(struct cpio *cpio, int in, const char *path, uint64_t len)
{
	int ret = cpio_flush(cpio);
	ssize_t n;

	if (ret < 0)
		return ret;
	cpio->size += len;
	for (; len; len -= n) {
		n = sendfile(cpio->fd, in, NULL, len);
		if (n < 0)
			return log_errno(path, -errno, "copy to the initramfs");
		if (!n) {
			log_error(path, "became shorter while it was copied to the initramfs");
			return -EIO;
		}
	}
	return cpio_align(cpio);
}

static int cpio_add_file(struct cpio *cpio, const char *name, mode_t mode, const char *path)
{
	int in = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int ret;

	if (in < 0)
		return log_errno(path, -errno, "open for the initramfs");
	if (fstat(in, &st) < 0) {
		ret = log_errno(path, -errno, "fstat");
	} else {
		ret = cpio_start(cpio, name, S_IFREG | mode, st.st_size, 0);
		if (ret == 0)
			ret = cpio_copy(cpio, in, path, st.st_size);
	}
	close(in);
	return ret;
}

/*
 * Returns whether a file is an executable for the guest's processor that needs no dynamic linker.
 */
static bool initramfs_is_static(const char *path)
{
	const Elf64_Ehdr *init = (const Elf64_Ehdr *)guest_init_start;
	bool is_static = false;
	Elf64_Ehdr elf;
	Elf64_Phdr ph;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    memcmp(elf.e_ident, init->e_ident, EI_VERSION) != 0 ||
	    elf.e_machine != init->e_machine || elf.e_phentsize != sizeof(ph))
		goto out;
	for (int i = 0; i < elf.e_phnum; i++)
		if (pread(fd, &ph, sizeof(ph), elf.e_phoff + i * sizeof(ph)) != sizeof(ph) ||
		    ph.p_type == PT_INTERP)
			goto out;
	is_static = true;
out:
	close(fd);
	return is_static;
}

static int initramfs_add_busybox(struct cpio *cpio, const char *wanted)
{
	const char *const *places = wanted ? &wanted : busybox_places;
	size_t count = wanted ? 1 : array_size(busybox_places);

	for (size_t i = 0; i < count; i++)
		if (initramfs_is_static(places[i]))
			return cpio_add_file(cpio, "bin/busybox", 0755, places[i]);
	/* Without busybox the guest's init says what is missing and how to get it. */
	return 0;
}

static int initramfs_add_skeleton(struct cpio *cpio)
{
	int ret = 0;

	for (size_t i = 0; i < array_size(directories) && ret == 0; i++)
		ret = cpio_start(cpio, directories[i], S_IFDIR | 0755, 0, 0);
	if (ret == 0)
		ret = cpio_start(cpio, "dev/console", S_IFCHR | 0600, 0, makedev(5, 1));
	if (ret == 0)
		ret = cpio_add_data(cpio, "init", 0755, guest_init_start,
				    (uintptr_t)guest_init_end - (uintptr_t)guest_init_start);
	return ret;
}

static int initramfs_add_modules(struct cpio *cpio, const struct modules_list *list)
{
	char *names = NULL;
	size_t len = 0;
	char name[sizeof(MODULE_DIR) + NAME_MAX];
	FILE *text;
	int ret = 0;

	text = open_memstream(&names, &len);
	if (!text)
		return log_errno("modules", -errno, "list them");
	for (size_t i = 0; i < list->count && ret == 0; i++) {
		snprintf(name, sizeof(name), MODULE_DIR "%s", basename(list->paths[i]));
		fprintf(text, "/%s\n", name);
		ret = cpio_add_file(cpio, name, 0644, list->paths[i]);
	}
	if (fclose(text) && ret == 0)
		ret = log_errno("modules", -errno, "list them");
	if (ret == 0)
		ret = cpio_add_data(cpio, "modules", 0644, names, len);
	free(names);
	return ret;
}

/* The kernel, which unpacks the archive, accepts a folder that is there already. */
static int initramfs_add_parents(struct cpio *cpio, const char *name)
{
	char folder[PATH_MAX];
	int ret = 0;

	for (const char *slash = strchr(name, '/'); slash && ret == 0;
	     slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		ret = cpio_start(cpio, folder, S_IFDIR | 0755, 0, 0);
	}
	return ret;
}

static int initramfs_add_files(struct cpio *cpio, char *const *files)
{
	int ret = 0;

	for (; files && *files && ret == 0; files++) {
		const char *name = *files + strspn(*files, "/");

		ret = initramfs_add_parents(cpio, name);
		if (ret == 0)
			ret = cpio_add_file(cpio, name, 0755, *files);
	}
	return ret;
}

static int initramfs_add_command(struct cpio *cpio, const struct initramfs_config *config)
{
	if (!config->command)
		return 0;
	return cpio_add_data(cpio, "command", 0644, config->command, config->command_size);
}

static int initramfs_resolve_modules(const struct initramfs_config *config,
				     struct modules_list *list)
{
	const size_t ours = array_size(machine_aliases);
	const char **aliases;
	int ret;

	aliases = calloc(ours + config->modalias_count, sizeof(*aliases));
	if (!aliases)
		return log_errno("modules", -ENOMEM, "list the aliases");
	for (size_t i = 0; i < ours; i++)
		aliases[i] = machine_aliases[i];
	for (size_t i = 0; i < config->modalias_count; i++)
		aliases[ours + i] = config->modaliases[i];
	ret = modules_resolve(config->modules, aliases, ours + config->modalias_count, ours, list);
	free(aliases);
	return ret;
}

static int initramfs_write(const struct initramfs_config *config, int fd)
{
	struct cpio cpio = { .fd = fd };
	struct modules_list modules = { 0 };
	int ret;

	ret = initramfs_resolve_modules(config, &modules);
	if (ret < 0)
		return ret;
	ret = initramfs_add_skeleton(&cpio);
	if (ret == 0)
		ret = initramfs_add_busybox(&cpio, config->busybox);
	if (ret == 0)
		ret = initramfs_add_modules(&cpio, &modules);
	if (ret == 0)
		ret = initramfs_add_files(&cpio, config->files);
	if (ret == 0)
		ret = initramfs_add_command(&cpio, config);
	if (ret == 0)
		ret = cpio_start(&cpio, "TRAILER!!!", 0, 0, 0);
	if (ret == 0)
		ret = cpio_flush(&cpio);
	modules_list_destroy(&modules);
	return ret;
}

/* The child has logged what went wrong; its exit status is the errno. */
static int initramfs_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return log_errno(ARCHIVE, -errno, "waitpid");
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	log_error(ARCHIVE, "the process that builds it was ended by signal %d", WTERMSIG(status));
	return -EIO;
}

int initramfs_build(const struct initramfs_config *config, int *fd)
{
	int ret, archive;
	pid_t pid;

	archive = memfd_create(ARCHIVE, MFD_CLOEXEC);
	if (archive < 0)
		return log_errno(ARCHIVE, -errno, "memfd_create");
	pid = fork();
	if (!pid)
		_exit(-initramfs_write(config, archive));
	if (pid < 0)
		ret = log_errno(ARCHIVE, -errno, "fork");
	else
		ret = initramfs_wait(pid);
	if (ret < 0) {
		close(archive);
		return ret;
	}
	*fd = archive;
	return 0;
}
