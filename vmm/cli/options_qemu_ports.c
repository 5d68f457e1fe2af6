/* SPDX-License-Identifier: MIT */
#include "options_qemu_ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options_values.h"
#include "options_words.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* The downstream port of a switch is one of them: what is below it works as below a root port. */
static const char *const port_models[] = { "pcie-root-port", "ioh3420", "xio3130-downstream" };

struct port_property {
	const char *name;
	/* 0 or -EINVAL; not logged. */
	int (*set)(struct options_port *port, const struct port_property *property,
		   const char *value);
	const char *expected;   /* the form of a value, for the message */
	enum pci_window window; /* of a size */
	uint64_t max;
};

static int port_set_id(struct options_port *port, const struct port_property *property,
		       const char *value)
{
	(void)property;
	port->id = value;
	return *value ? 0 : -EINVAL;
}

static int port_set_bus(struct options_port *port, const struct port_property *property,
			const char *value)
{
	(void)property;
	port->bus = value;
	return *value ? 0 : -EINVAL;
}

static int port_set_addr(struct options_port *port, const struct port_property *property,
			 const char *value)
{
	(void)property;
	port->has_devfn = true;
	return vfio_options_parse_addr(value, &port->devfn);
}

static int port_set_hotplug(struct options_port *port, const struct port_property *property,
			    const char *value)
{
	bool on;
	int ret = vfio_options_parse_switch(value, &on);

	(void)property;
	port->fixed = ret == 0 && !on;
	return ret;
}

/* A number of bytes, or with a unit as in options_parse_size(). */
static int port_parse_bytes(const char *text, uint64_t *bytes)
{
	char *end;

	if (text[strspn(text, "0123456789")] && strncmp(text, "0x", 2) != 0)
		return options_parse_size(text, bytes);
	errno = 0;
	*bytes = strtoull(text, &end, 0);
	return errno || end == text || *end ? -EINVAL : 0;
}

/* All ones is QEMU's word for the usual size. A window is a power of two, as a BAR is. */
static int port_set_room(struct options_port *port, const struct port_property *property,
			 const char *value)
{
	uint64_t wanted, size = pci_bridge_granularity(property->window);

	if (strcmp(value, "-1") == 0 || strcmp(value, "18446744073709551615") == 0)
		return 0;
	if (port_parse_bytes(value, &wanted) < 0 || wanted > property->max)
		return -EINVAL;
	if (wanted == 0 && property->window == PCI_WINDOW_IO)
		return 0; /* a port has none anyway */
	while (size < wanted)
		size <<= 1;
	port->room[property->window] = size;
	return 0;
}

/* What says nothing of which a guest of minivmm would notice. */
static int port_accept(struct options_port *port, const struct port_property *property,
		       const char *value)
{
	(void)port;
	(void)property;
	return *value ? 0 : -EINVAL;
}

#define ROOM(name, window, max, expected)                                                          \
	{                                                                                          \
		name, port_set_room, expected, window, max                                         \
	}
#define WORD(name, set, expected)                                                                  \
	{                                                                                          \
		name, set, expected, PCI_WINDOW_IO, 0                                              \
	}

static const struct port_property port_properties[] = {
	WORD("id", port_set_id, "a name"),
	WORD("bus", port_set_bus, "pcie.0"),
	WORD("addr", port_set_addr, "a device number on the root bus, such as 2 or 2.0"),
	WORD("hotplug", port_set_hotplug, "on or off"),
	ROOM("io-reserve", PCI_WINDOW_IO, 1ull << 16, "0 to 64K"),
	ROOM("mem-reserve", PCI_WINDOW_MEMORY, 1ull << 30, "0 to 1G"),
	ROOM("pref64-reserve", PCI_WINDOW_PREFETCHABLE, 1ull << 42, "0 to 4T"),
	WORD("pref32-reserve", port_accept, "a size"),
	WORD("bus-reserve", port_accept, "a number"),
	WORD("chassis", port_accept, "a number"),
	WORD("slot", port_accept, "a number"),
	WORD("port", port_accept, "a number"),
	WORD("multifunction", port_accept, "on or off"),
	WORD("x-speed", port_accept, "a speed; the device below decides"),
	WORD("x-width", port_accept, "a number of lanes; the device below decides"),
	WORD("disable-acs", port_accept, "on or off"),
	WORD("aer_log_max", port_accept, "a number"),
	WORD("power_controller_present", port_accept, "on or off"),
	WORD("x-native-hotplug", port_accept, "on or off"),
	WORD("x-do-not-expose-native-hotplug-cap", port_accept, "on or off"),
	WORD("x-migrate-msix", port_accept, "on or off"),
	WORD("x-pcie-lnksta-dllla", port_accept, "on or off"),
	WORD("x-pcie-extcap-init", port_accept, "on or off"),
	WORD("x-pcie-err-unc-mask", port_accept, "on or off"),
	WORD("x-pcie-ext-tag", port_accept, "on or off"),
	WORD("x-max-bounce-buffer-size", port_accept, "a number"),
	WORD("acpi-index", port_accept, "a number"),
	WORD("failover_pair_id", port_accept, "a name"),
	WORD("rombar", port_accept, "0 or 1"),
	WORD("romsize", port_accept, "a number"),
	WORD("romfile", port_accept, "a file"),
	WORD("msi", port_accept, "on or off"),
};

bool options_is_qemu_port(const char *model)
{
	for (size_t i = 0; i < array_size(port_models); i++)
		if (strcmp(model, port_models[i]) == 0)
			return true;
	return false;
}

static const struct port_property *port_find(const char *word, size_t length)
{
	for (size_t i = 0; i < array_size(port_properties); i++)
		if (strncmp(port_properties[i].name, word, length) == 0 &&
		    !port_properties[i].name[length])
			return &port_properties[i];
	return NULL;
}

static int port_set_word(struct options_port *port, const char *model, const char *word)
{
	size_t length = strcspn(word, "=");
	const struct port_property *property = port_find(word, length);
	const char *value = word[length] ? word + length + 1 : NULL;

	if (!property) {
		log_error("-device", "%s: unknown property '%.*s'", model, (int)length, word);
		return -EINVAL;
	}
	if (!value && (property->set == port_accept || property->set == port_set_hotplug))
		value = "on"; /* QEMU's short form of a switch */
	if (value && property->set(port, property, value) == 0)
		return 0;
	log_error("-device", "%s: %s: expected %s=%s", model, word, property->name,
		  property->expected);
	return -EINVAL;
}

int options_add_qemu_port(struct config *config, const char *model, char *words)
{
	struct options_port port = { .id = NULL };
	char *word;

	while ((word = words)) {
		words = options_cut_word(word);
		if (port_set_word(&port, model, word) < 0)
			return -EINVAL;
	}
	if (config->named_port_count == PCI_HOST_BRIDGES_MAX) {
		log_error("-device", "more than %d root ports", PCI_HOST_BRIDGES_MAX);
		return -EINVAL;
	}
	config->named_ports[config->named_port_count++] = port;
	return 0;
}

void options_add_qemu_bridge(struct config *config, char *words)
{
	char *word;

	while ((word = words)) {
		words = options_cut_word(word);
		if (strncmp(word, "id=", 3) == 0 && config->bridge_count < OPTIONS_BRIDGES_MAX)
			config->bridges[config->bridge_count++] = word + 3;
	}
}
