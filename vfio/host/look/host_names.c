/* SPDX-License-Identifier: MIT */
#include "host_names.h"

#include <dlfcn.h>
#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"

#define LIBPCI "libpci.so.3"

#define LIBPCI_FUNCTIONS(X)                                                                        \
	X(alloc)                                                                                   \
	X(cleanup)                                                                                 \
	X(lookup_name)                                                                             \
	X(set_name_list_path)

/* Do not ask udev's database: it would bring libudev, and knows no more. */
#define NAMES_LOOKUP (PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB)

struct host_names {
	void *handle;
	struct pci_access *access;
#define FIELD(name) typeof(pci_##name) *name;
	LIBPCI_FUNCTIONS(FIELD)
#undef FIELD
};

/* Drop what libpci would print on standard error: the numbers are shown then. */
static void names_ignore(char *message, ...)
{
	(void)message;
}

/* libpci calls this when there is no memory left; it must not return. */
static void __attribute__((noreturn)) names_die(char *message, ...)
{
	log_error(LIBPCI, "%s", message);
	exit(EXIT_FAILURE);
}

static bool names_load(struct host_names *names)
{
	bool complete;

	names->handle = dlopen(LIBPCI, RTLD_NOW | RTLD_LOCAL);
	if (!names->handle)
		return false;
	complete = true;
#define LOOK_UP(name)                                                                              \
	names->name = dlsym(names->handle, "pci_" #name);                                          \
	complete = complete && names->name;
	LIBPCI_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	return complete;
}

struct host_names *host_names_new(void)
{
	struct host_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	if (!names_load(names))
		goto err;
	names->access = names->alloc();
	if (!names->access)
		goto err;
	/* pci_init() would set these, but it ends the program if there are no devices. */
	names->access->error = names_die;
	names->access->warning = names_ignore;
	names->access->debug = names_ignore;
	if (host_root()[0]) {
		struct host_path ids = host_path("/usr/share/misc/pci.ids");

		names->set_name_list_path(names->access, strdup(ids.text), 1);
	}
	return names;
err:
	host_names_free(names);
	return NULL;
}

void host_names_free(struct host_names *names)
{
	if (!names)
		return;
	if (names->access)
		names->cleanup(names->access);
	if (names->handle)
		dlclose(names->handle);
	free(names);
}

void host_name_device(struct host_names *names, const struct host_device *device, char *text,
		      size_t size)
{
	char vendor_text[128];
	const char *vendor = NULL, *product = NULL;

	if (names) {
		vendor = names->lookup_name(names->access, vendor_text, sizeof(vendor_text),
					    PCI_LOOKUP_VENDOR | NAMES_LOOKUP, device->vendor);
		product = names->lookup_name(names->access, text, (int)size,
					     PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | NAMES_LOOKUP,
					     device->vendor, device->device);
	}
	if (product)
		return;
	if (vendor)
		snprintf(text, size, "%s %04x:%04x", vendor, device->vendor, device->device);
	else
		snprintf(text, size, "%04x:%04x", device->vendor, device->device);
}

void host_name_class(struct host_names *names, const struct host_device *device, char *text,
		     size_t size)
{
	if (!names || !names->lookup_name(names->access, text, (int)size,
					  PCI_LOOKUP_CLASS | NAMES_LOOKUP, device->class_code >> 8))
		snprintf(text, size, "class %04x", device->class_code >> 8);
}
