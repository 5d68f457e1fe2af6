/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <libkmod.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define LIBKMOD "libkmod.so.2"

#define LIBKMOD_FUNCTIONS(X)                                                                       \
	X(new)                                                                                     \
	X(unref)                                                                                   \
	X(set_log_priority)                                                                        \
	X(load_resources)                                                                          \
	X(unload_resources)                                                                        \
	X(list_next)                                                                               \
	X(module_new_from_lookup)                                                                  \
	X(module_get_module)                                                                       \
	X(module_get_path)                                                                         \
	X(module_get_dependencies)                                                                 \
	X(module_get_softdeps)                                                                     \
	X(module_unref)                                                                            \
	X(module_unref_list)

/* libkmod's functions without the prefix kmod_, with the types of its own header. */
struct libkmod {
	void *handle;
#define FIELD(name) typeof(kmod_##name) *name;
	LIBKMOD_FUNCTIONS(FIELD)
#undef FIELD
};

struct modules_resolver {
	struct libkmod lib;
	struct kmod_ctx *ctx;
	struct modules_list seen; /* the modules met so far: soft dependencies may form circles */
	struct modules_list *order;
	const char *dir; /* the folder with the modules */
	bool needed;     /* the module looked up now is needed; false for an extra */
};

/*
 * On a running system a driver's children (a disk, a USB stick, a codec) announce themselves by
 * modaliases of their own, and udev loads the modules that these name. The default guest has no
 * udev. So this table names the children that make a controller worth passing through, by the
 * controller's modalias.
 */
static const struct companion {
	const char *device;
	const char *modules[6];
} companions[] = {
	/* SCSI, IDE, RAID, SATA, SAS: disks */
	{ "pci:*bc01sc0[01467]*", { "sd_mod" } },
	/* USB: sticks, disks, keyboards and mice */
	{ "pci:*bc0Csc03*", { "usb-storage", "uas", "sd_mod", "usbhid", "hid-generic" } },
	/* SD host controller: cards */
	{ "pci:*bc08sc05*", { "mmc_block" } },
	/* High definition audio: the codec's generic driver */
	{ "pci:*bc04sc03*", { "snd-hda-codec-generic" } },
	/* virtio: virtio_pci drives the PCI device, whose device ID tells the driver behind it */
	{ "pci:v00001AF4d00001000*", { "virtio_net" } },
	{ "pci:v00001AF4d00001041*", { "virtio_net" } },
	{ "pci:v00001AF4d00001001*", { "virtio_blk" } },
	{ "pci:v00001AF4d00001042*", { "virtio_blk" } },
	{ "pci:v00001AF4d00001004*", { "virtio_scsi", "sd_mod" } },
	{ "pci:v00001AF4d00001048*", { "virtio_scsi", "sd_mod" } },
};

static int modules_open_libkmod(struct libkmod *lib)
{
	bool complete = true;

	lib->handle = dlopen(LIBKMOD, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle) {
		log_error(LIBKMOD, "dlopen: %s", dlerror());
		log_fix("apt-get install libkmod2");
		return -ENOENT;
	}
#define LOOK_UP(name)                                                                              \
	lib->name = dlsym(lib->handle, "kmod_" #name);                                             \
	complete = complete && lib->name;
	LIBKMOD_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	if (!complete) {
		log_error(LIBKMOD, "lacks a function that minivmm needs");
		return -ENOSYS;
	}
	return 0;
}

static void modules_resolver_destroy(struct modules_resolver *r)
{
	if (r->ctx) {
		r->lib.unload_resources(r->ctx);
		r->lib.unref(r->ctx);
	}
	if (r->lib.handle)
		dlclose(r->lib.handle);
	modules_list_destroy(&r->seen);
	*r = (struct modules_resolver){ 0 };
}

static int modules_resolver_init(struct modules_resolver *r, const char *dir,
				 struct modules_list *order)
{
	static const char *const no_config[] = { NULL };
	int ret;

	*r = (struct modules_resolver){ .order = order, .dir = dir };
	ret = modules_open_libkmod(&r->lib);
	if (ret < 0)
		goto err;
	r->ctx = r->lib.new(dir, no_config);
	if (!r->ctx) {
		ret = -ENOMEM;
		log_errno(dir, ret, "kmod_new");
		goto err;
	}
	/*
	 * libkmod would write lines of its own to standard error; ours say the same in one shape.
	 */
	r->lib.set_log_priority(r->ctx, 0);
	ret = r->lib.load_resources(r->ctx);
	if (ret < 0) {
		log_errno(dir, ret, "read the module index");
		log_fix("depmod %s", basename(dir));
		goto err;
	}
	return 0;
err:
	modules_resolver_destroy(r);
	return ret;
}

static bool modules_list_has(const struct modules_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->paths[i], path) == 0)
			return true;
	return false;
}

static int modules_list_add(struct modules_list *list, const char *path)
{
	char **paths = reallocarray(list->paths, list->count + 1, sizeof(*paths));

	if (!paths)
		return log_errno(path, -ENOMEM, "add to the modules");
	list->paths = paths;
	paths[list->count] = strdup(path);
	if (!paths[list->count])
		return log_errno(path, -ENOMEM, "add to the modules");
	list->count++;
	return 0;
}

void modules_list_destroy(struct modules_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct modules_list){ 0 };
}

static int modules_resolve_list(struct modules_resolver *r, struct kmod_list *list);

/* A file that the index names may be missing: hosts are stripped to save room. */
static int modules_miss(const struct modules_resolver *r, const char *path)
{
	if (!r->needed) {
		log_warn(path, "is missing: the guest does without it");
		return 0;
	}
	log_error(path, "is missing, and the driver of a passed-through device needs it");
	log_fix("install this kernel's modules again   # or run depmod, if they have moved");
	return -ENOENT;
}

/* Report the first missing file among the names behind the colon of a line of modules.dep. */
static int modules_check_line(const struct modules_resolver *r, char *names)
{
	char path[PATH_MAX], *name;
	int ret = 0;

	while (ret == 0 && (name = strsep(&names, " \n"))) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, name);
		if (name[0] && access(path, F_OK) < 0)
			return modules_miss(r, path);
	}
	return ret;
}

/*
 * libkmod lists no dependencies of a module at all when the file of one is missing, so look them
 * up here.
 */
static int modules_check_dependencies(const struct modules_resolver *r, const char *module)
{
	const char *own = module + strlen(r->dir) + 1;
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *index;
	int ret = 0;

	snprintf(path, sizeof(path), "%s/modules.dep", r->dir);
	index = strlen(module) > strlen(r->dir) ? fopen(path, "re") : NULL;
	while (index && ret == 0 && getline(&line, &size, index) > 0)
		if (strncmp(line, own, strlen(own)) == 0 && line[strlen(own)] == ':')
			ret = modules_check_line(r, line + strlen(own) + 1);
	if (index)
		fclose(index);
	free(line);
	return ret;
}

/* A soft dependency is a wish: the guest starts without it. */
static int modules_resolve_soft(struct modules_resolver *r, struct kmod_list *list)
{
	bool needed = r->needed;
	int ret;

	r->needed = false;
	ret = modules_resolve_list(r, list);
	r->needed = needed;
	return ret;
}

static int modules_resolve_module(struct modules_resolver *r, struct kmod_module *module)
{
	struct kmod_list *deps, *pre = NULL, *post = NULL;
	const char *path = r->lib.module_get_path(module);
	int ret;

	/* A module without a file is part of the kernel. */
	if (!path || modules_list_has(&r->seen, path))
		return 0;
	if (access(path, F_OK) < 0)
		return modules_miss(r, path);
	ret = modules_list_add(&r->seen, path);
	if (ret < 0)
		return ret;
	r->lib.module_get_softdeps(module, &pre, &post);
	deps = r->lib.module_get_dependencies(module);
	ret = deps ? modules_resolve_list(r, deps) : modules_check_dependencies(r, path);
	if (ret == 0)
		ret = modules_resolve_soft(r, pre);
	if (ret == 0)
		ret = modules_list_add(r->order, path);
	if (ret == 0)
		ret = modules_resolve_soft(r, post);
	r->lib.module_unref_list(deps);
	r->lib.module_unref_list(pre);
	r->lib.module_unref_list(post);
	return ret;
}

static int modules_resolve_list(struct modules_resolver *r, struct kmod_list *list)
{
	struct kmod_module *module;
	int ret = 0;

	for (struct kmod_list *l = list; l && ret == 0; l = r->lib.list_next(list, l)) {
		module = r->lib.module_get_module(l);
		ret = modules_resolve_module(r, module);
		r->lib.module_unref(module);
	}
	return ret;
}

static int modules_resolve_alias(struct modules_resolver *r, const char *alias)
{
	struct kmod_list *list = NULL;
	int ret;

	ret = r->lib.module_new_from_lookup(r->ctx, alias, &list);
	if (ret < 0 && ret != -ENOENT && ret != -ENOSYS)
		return log_errno(alias, ret, "look up its module");
	ret = modules_resolve_list(r, list);
	r->lib.module_unref_list(list);
	return ret;
}

static int modules_resolve_companions(struct modules_resolver *r, const char *alias)
{
	const size_t count = array_size(companions);
	const struct companion *c;
	int ret = 0;

	r->needed = false;
	for (c = companions; c < companions + count; c++) {
		if (fnmatch(c->device, alias, 0) != 0)
			continue;
		for (const char *const *name = c->modules; *name && ret == 0; name++)
			ret = modules_resolve_alias(r, *name);
	}
	return ret;
}

int modules_resolve(const char *dir, const char *const *aliases, size_t count, size_t extras,
		    struct modules_list *list)
{
	struct modules_resolver r;
	int ret;

	*list = (struct modules_list){ 0 };
	if (access(dir, F_OK) < 0) {
		log_warn(dir, "is missing, so the guest gets no kernel modules");
		return 0;
	}
	ret = modules_resolver_init(&r, dir, list);
	for (size_t i = 0; i < count && ret == 0; i++) {
		r.needed = i >= extras;
		ret = modules_resolve_alias(&r, aliases[i]);
		if (ret == 0)
			ret = modules_resolve_companions(&r, aliases[i]);
	}
	modules_resolver_destroy(&r);
	if (ret < 0)
		modules_list_destroy(list);
	return ret;
}
