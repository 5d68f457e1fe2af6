/* SPDX-License-Identifier: MIT */
#include "options_ports.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "devices/pci_host.h"
#include "options_values.h"
#include "options_words.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define PORTS_ROOM_MIN (1ull << 20)

/* QEMU's names of what its pcie-root-port has room for. */
static const struct ports_room {
	const char *name;
	size_t offset; /* of a uint64_t in the config */
	uint64_t max;
	const char *expected;
} ports_rooms[] = {
	{ "mem-reserve=", offsetof(struct config, port_memory), 1ull << 30, "1M to 1G" },
	{ "pref64-reserve=", offsetof(struct config, port_prefetchable), 1ull << 42, "1M to 4T" },
};

/* A window is placed as a BAR is: its size is a power of two. */
static int ports_set_room(struct config *config, const struct ports_room *room, const char *text)
{
	uint64_t size = PORTS_ROOM_MIN, wanted;

	if (options_parse_size(text, &wanted) < 0 || wanted == 0 || wanted > room->max) {
		log_error("--ports", "%s%s: expected %s", room->name, text, room->expected);
		return -EINVAL;
	}
	while (size < wanted)
		size <<= 1;
	*(uint64_t *)((char *)config + room->offset) = size;
	return 0;
}

static int ports_set_word(struct config *config, const char *word)
{
	for (size_t i = 0; i < array_size(ports_rooms); i++) {
		size_t length = strlen(ports_rooms[i].name);

		if (strncmp(word, ports_rooms[i].name, length) == 0)
			return ports_set_room(config, &ports_rooms[i], word + length);
	}
	log_error("--ports", "%s: expected mem-reserve=SIZE or pref64-reserve=SIZE", word);
	return -EINVAL;
}

int options_set_ports(struct config *config, char *text)
{
	char *words = options_cut_word(text), *word, *end;
	unsigned long count = strtoul(text, &end, 10);
	int ret = 0;

	if (end == text || *end || text[0] == '-' || count > PCI_HOST_BRIDGES_MAX) {
		log_error("--ports", "%s: expected a number from 0 to %d", text,
			  PCI_HOST_BRIDGES_MAX);
		return -EINVAL;
	}
	config->ports = (unsigned int)count;
	while ((word = words) && ret == 0) {
		words = options_cut_word(word);
		ret = ports_set_word(config, word);
	}
	return ret;
}

unsigned int options_free_ports(const struct config *config)
{
	return config->qmp ? config->ports + config->named_port_count : 0;
}

bool options_expect_devices(const struct config *config)
{
	bool ports = options_free_ports(config);

	for (unsigned int i = 0; i < config->device_count; i++)
		ports |= config->vfio[i].port == VFIO_PORT_ON;
	for (unsigned int i = 0; i < config->user_count; i++)
		ports |= config->users[i].vfio.port == VFIO_PORT_ON;
	return config->qmp && ports;
}

int options_check_ports(const struct config *config)
{
	for (unsigned int i = 0; i < config->device_count; i++) {
		const struct vfio_device_options *vfio = &config->vfio[i];

		if (!vfio->errors_to_guest || vfio->port == VFIO_PORT_ON)
			continue;
		log_error("--vfio",
			  "%s: on-error=guest: only a root port can tell the guest: add port=on",
			  config->devices[i]);
		return -EINVAL;
	}
	return 0;
}
