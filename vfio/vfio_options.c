/* SPDX-License-Identifier: MIT */
#include "vfio_options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define OPTIONS_NAMES_MAX 512 /* room for all names in one line */

struct option_property {
	const char *name;
	/* 0 or -EINVAL; not logged. */
	int (*set)(struct vfio_device_options *options, const struct option_property *property,
		   const char *value);
	const char *expected; /* the form of a value, for the message */
	size_t offset;        /* offset of a bool in the options */
	enum vfio_id id;
	uint32_t max; /* largest value of the ID */
};

int vfio_options_parse_switch(const char *value, bool *on)
{
	static const struct {
		const char *on, *off;
	} words[] = { { "on", "off" }, { "yes", "no" }, { "true", "false" }, { "y", "n" } };

	for (size_t i = 0; i < array_size(words); i++) {
		*on = strcmp(value, words[i].on) == 0;
		if (*on || strcmp(value, words[i].off) == 0)
			return 0;
	}
	return -EINVAL;
}

static int option_set_bool(struct vfio_device_options *options,
			   const struct option_property *property, const char *value)
{
	return vfio_options_parse_switch(value, (bool *)((char *)options + property->offset));
}

static int option_set_identity(struct vfio_device_options *options,
			       const struct option_property *property, const char *value)
{
	unsigned long long number;
	char *end;

	if (*value < '0' || *value > '9') /* strtoull() takes blanks and signs, too */
		return -EINVAL;
	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno || *end || number > property->max)
		return -EINVAL;
	options->ids[property->id] = (struct vfio_id_override){ true, (uint32_t)number };
	return 0;
}

int vfio_options_parse_fd(const char *text, int *fd)
{
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9') /* strtoul() takes blanks and signs, too */
		return -EINVAL;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number > INT_MAX)
		return -EINVAL;
	*fd = (int)number;
	return 0;
}

static int option_set_vf_token(struct vfio_device_options *options,
			       const struct option_property *property, const char *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	(void)property;
	if (strlen(value) != sizeof(form) - 1)
		return -EINVAL;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? value[i] != '-' : !isxdigit((unsigned char)value[i]))
			return -EINVAL;
	options->vf_token = value;
	return 0;
}

static int option_set_romfile(struct vfio_device_options *options,
			      const struct option_property *property, const char *value)
{
	(void)property;
	options->romfile = *value ? value : NULL;
	options->no_rom |= !*value; /* as QEMU has it: no file, no ROM */
	return 0;
}

static int option_set_rombar(struct vfio_device_options *options,
			     const struct option_property *property, const char *value)
{
	bool shown = strcmp(value, "1") == 0;

	(void)property;
	if (!shown && strcmp(value, "0") != 0 && vfio_options_parse_switch(value, &shown) < 0)
		return -EINVAL;
	options->no_rom = !shown;
	return 0;
}

static int option_set_iommufd(struct vfio_device_options *options,
			      const struct option_property *property, const char *value)
{
	(void)property;
	options->iommufd = value;
	return *value ? 0 : -EINVAL;
}

static int option_set_fd(struct vfio_device_options *options,
			 const struct option_property *property, const char *value)
{
	(void)property;
	options->has_fd = true;
	return vfio_options_parse_fd(value, &options->fd);
}

/* Read one hexadecimal number, with or without 0x, and move *text behind it. */
static bool option_read_hex(const char **text, unsigned long *number)
{
	char *end;

	if (!isxdigit((unsigned char)**text)) /* strtoul() takes blanks and signs, too */
		return false;
	*number = strtoul(*text, &end, 16);
	*text = end;
	return true;
}

int vfio_options_parse_addr(const char *text, uint8_t *devfn)
{
	unsigned long slot, function = 0;

	if (!option_read_hex(&text, &slot))
		return -EINVAL;
	if (*text == '.' && (text++, !option_read_hex(&text, &function)))
		return -EINVAL;
	if (*text || slot > 0x1f || function > 7)
		return -EINVAL;
	*devfn = (uint8_t)(slot << 3 | function);
	return 0;
}

static int option_set_addr(struct vfio_device_options *options,
			   const struct option_property *property, const char *value)
{
	(void)property;
	options->has_devfn = true;
	return vfio_options_parse_addr(value, &options->devfn);
}

static int option_set_bus(struct vfio_device_options *options,
			  const struct option_property *property, const char *value)
{
	(void)property;
	options->bus = value;
	return *value ? 0 : -EINVAL;
}

static int option_set_port(struct vfio_device_options *options,
			   const struct option_property *property, const char *value)
{
	(void)property;
	options->port = strcmp(value, "on") == 0 ? VFIO_PORT_ON : VFIO_PORT_OFF;
	return options->port == VFIO_PORT_ON || strcmp(value, "off") == 0 ? 0 : -EINVAL;
}

static int option_set_on_error(struct vfio_device_options *options,
			       const struct option_property *property, const char *value)
{
	(void)property;
	options->errors_to_guest = strcmp(value, "guest") == 0;
	return options->errors_to_guest || strcmp(value, "stop") == 0 ? 0 : -EINVAL;
}

static int option_set_id(struct vfio_device_options *options,
			 const struct option_property *property, const char *value)
{
	(void)property;
	options->id = value;
	return *value ? 0 : -EINVAL;
}

/* Accept properties of QEMU's that say what minivmm does anyway. */
static int option_accept(struct vfio_device_options *options,
			 const struct option_property *property, const char *value)
{
	(void)options;
	(void)property;
	return *value ? 0 : -EINVAL;
}

static int option_accept_off(struct vfio_device_options *options,
			     const struct option_property *property, const char *value)
{
	bool on = strcmp(value, "auto") != 0 && strcmp(value, "0") != 0;

	(void)options;
	(void)property;
	if (on && vfio_options_parse_switch(value, &on) < 0)
		return -EINVAL;
	return on ? -EINVAL : 0;
}

#define FLAG(name, field)                                                                          \
	{                                                                                          \
		name, option_set_bool, "on or off", offsetof(struct vfio_device_options, field),   \
			VFIO_IDS, 0                                                                \
	}
#define ID(name, id, max)                                                                          \
	{                                                                                          \
		name, option_set_identity, "a number up to " #max, 0, id, max                      \
	}

static const struct option_property option_properties[] = {
	{ "romfile", option_set_romfile, "a file; rombar=0 for no ROM", 0, VFIO_IDS, 0 },
	{ "rombar", option_set_rombar, "0 or 1", 0, VFIO_IDS, 0 },
	{ "vf-token", option_set_vf_token, "a UUID, such as uuidgen prints", 0, VFIO_IDS, 0 },
	{ "iommufd", option_set_iommufd, "on, off, or the id of -object iommufd", 0, VFIO_IDS, 0 },
	{ "fd", option_set_fd, "the number of an open file", 0, VFIO_IDS, 0 },
	FLAG("x-acpi-rom", acpi_rom),
	FLAG("x-no-mmap", no_mmap),
	FLAG("x-no-kvm-irqfd", no_kvm_irqfd),
	ID("x-pci-vendor-id", VFIO_ID_VENDOR, 0xfffe), /* 0xffff means that there is no device */
	ID("x-pci-device-id", VFIO_ID_DEVICE, 0xffff),
	ID("x-pci-sub-vendor-id", VFIO_ID_SUB_VENDOR, 0xffff),
	ID("x-pci-sub-device-id", VFIO_ID_SUB_DEVICE, 0xffff),
	ID("x-pci-class-code", VFIO_ID_CLASS, 0xffffff),
	{ "addr", option_set_addr, "a device number on the guest's bus, such as 2 or 2.0", 0,
	  VFIO_IDS, 0 },
	{ "port", option_set_port, "on or off", 0, VFIO_IDS, 0 },
	{ "on-error", option_set_on_error, "stop or guest", 0, VFIO_IDS, 0 },
	{ "id", option_set_id, "a name", 0, VFIO_IDS, 0 },
	{ "bus", option_set_bus, "pcie.0, or the id of -device pcie-root-port", 0, VFIO_IDS, 0 },
	{ "multifunction", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "bootindex", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "display", option_accept_off, "off: minivmm shows no display of its own", 0, VFIO_IDS,
	  0 },
	{ "ramfb", option_accept_off, "off: minivmm shows no display of its own", 0, VFIO_IDS, 0 },
	{ "enable-migration", option_accept_off, "off: such a guest does not migrate", 0, VFIO_IDS,
	  0 },
	{ "x-enable-migration", option_accept_off, "off: such a guest does not migrate", 0,
	  VFIO_IDS, 0 },
	{ "migration-events", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-migration-multifd-transfer", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-migration-load-config-after-iter", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-migration-max-queued-buffers-size", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-device-dirty-page-tracking", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-ramfb-migrate", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-igd-legacy-mode", option_accept_off, "off: an integrated GPU is a second one here", 0,
	  VFIO_IDS, 0 },
	{ "x-pcie-lnksta-dllla", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-pcie-extcap-init", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-pcie-err-unc-mask", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-pcie-ari-nextfn-1", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-pcie-ext-tag", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-max-bounce-buffer-size", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "skip-vsc-check", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "ats", option_accept, "on, off or auto", 0, VFIO_IDS, 0 },
	{ "xres", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "yres", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-igd-opregion", option_accept_off, "off: the guest finds no OpRegion of this host's", 0,
	  VFIO_IDS, 0 },
	{ "x-igd-lpc", option_accept_off, "off", 0, VFIO_IDS, 0 },
	{ "x-igd-gms", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-no-kvm-intx", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-no-kvm-msi", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-no-kvm-msix", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-no-kvm-ioeventfd", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-no-vfio-ioeventfd", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-no-geforce-quirks", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-nv-gpudirect-clique", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-intx-mmap-timeout-ms", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-msix-relocation", option_accept, "a BAR, off or auto", 0, VFIO_IDS, 0 },
	{ "x-req", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-balloon-allowed", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-pre-copy-dirty-page-tracking", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "failover_pair_id", option_accept, "a name", 0, VFIO_IDS, 0 },
	{ "romsize", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "acpi-index", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "x-vpasid-cap-offset", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "busnr", option_accept, "a number", 0, VFIO_IDS, 0 },
	{ "sriov-pf", option_accept, "a name", 0, VFIO_IDS, 0 },
	{ "command_serr_enable", option_accept, "on or off", 0, VFIO_IDS, 0 },
	{ "x-vga", option_accept_off,
	  "off: a GPU needs no legacy VGA ports under UEFI firmware or Linux", 0, VFIO_IDS, 0 },
};

#define OPTION_COUNT array_size(option_properties)

static const struct option_property *option_find(const char *word, size_t length)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strncmp(option_properties[i].name, word, length) == 0 &&
		    option_properties[i].name[length] == '\0')
			return &option_properties[i];
	return NULL;
}

static int option_log_unknown(const char *word, size_t length)
{
	char names[OPTIONS_NAMES_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < OPTION_COUNT && used < sizeof(names); i++) {
		if (option_properties[i].set == option_accept ||
		    option_properties[i].set == option_accept_off)
			continue; /* useful only in a line that was written for QEMU */
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 option_properties[i].name);
	}
	log_error("--vfio", "unknown property '%.*s'; known are %s", (int)length, word, names);
	return -EINVAL;
}

/* In QEMU's short form the name of a switch alone means on. */
static const char *option_value(const struct option_property *property, const char *rest)
{
	if (*rest)
		return rest + 1;
	return property->set == option_set_bool || property->set == option_accept ||
			       property->set == option_accept_off
		       ? "on"
		       : NULL;
}

int vfio_options_set(struct vfio_device_options *options, const char *word)
{
	size_t length = strcspn(word, "=");
	const struct option_property *property = option_find(word, length);
	const char *value;
	int ret;

	if (!property)
		return option_log_unknown(word, length);
	value = option_value(property, word + length);
	ret = value ? property->set(options, property, value) : -EINVAL;
	if (ret < 0)
		log_error("--vfio", "%s: expected %s=%s", word, property->name, property->expected);
	return ret;
}
