/* SPDX-License-Identifier: MIT */
#include "options_places.h"

#include <errno.h>
#include <linux/pci.h>
#include <string.h>

#include "vmm/trace/log.h"

/* Proxmox' file for -readconfig has ports of these names. */
#define PLACES_PROXMOX_PORT "ich9-pcie-port-"

#define PLACES_IDS (PCI_HOST_BRIDGES_MAX + OPTIONS_DEVICES_MAX + OPTIONS_USERS_MAX)

/* A device that is to be put somewhere. */
struct place {
	const char *name; /* for messages */
	const char *bdf;  /* on the host; NULL for a device that is a program */
	struct vfio_device_options *options;
};

/* Iterate over all devices; *index is 0 at first. False after the last one. */
static bool places_next(struct config *config, unsigned int *index, struct place *place)
{
	unsigned int i = (*index)++;

	if (i < config->device_count) {
		*place = (struct place){ config->devices[i], config->devices[i], &config->vfio[i] };
		return true;
	}
	i -= config->device_count;
	if (i >= config->user_count)
		return false;
	*place = (struct place){ config->users[i].path ? config->users[i].path : "demo", NULL,
				 &config->users[i].vfio };
	return true;
}

/* ---- names ---- */

bool options_is_root_bus(const char *bus)
{
	return strcmp(bus, "pcie.0") == 0 || strcmp(bus, "pci.0") == 0;
}

static bool places_is_port(const struct config *config, const char *bus)
{
	for (unsigned int i = 0; i < config->named_port_count; i++)
		if (config->named_ports[i].id && strcmp(config->named_ports[i].id, bus) == 0)
			return true;
	return false;
}

static bool places_is_bridge(const struct config *config, const char *bus)
{
	for (unsigned int i = 0; i < config->bridge_count; i++)
		if (strcmp(config->bridges[i], bus) == 0)
			return true;
	return false;
}

/* device_del and DEVICE_DELETED know a device by its id. */
static int places_check_ids(struct config *config)
{
	const char *ids[PLACES_IDS];
	unsigned int count = 0;
	struct place place;

	for (unsigned int i = 0; i < config->named_port_count; i++)
		if (config->named_ports[i].id)
			ids[count++] = config->named_ports[i].id;
	for (unsigned int i = 0; places_next(config, &i, &place);)
		if (place.options->id)
			ids[count++] = place.options->id;
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int k = 0; k < i; k++)
			if (strcmp(ids[i], ids[k]) == 0) {
				log_error("-device", "id=%s is given twice", ids[i]);
				return -EINVAL;
			}
	return 0;
}

/*
 * A line without any port is the half of one, and a device works on the root bus as well. In a line
 * with ports, the name is a slip.
 */
static int places_miss_bus(const struct config *config, const char *name, const char *bus)
{
	if (!config->named_port_count) {
		log_info(name,
			 "bus=%s: no -device pcie-root-port has this id; it is on the root bus",
			 bus);
		return 0;
	}
	log_error(name, "bus=%s: no -device pcie-root-port has this id", bus);
	return -EINVAL;
}

/* ---- which bus ---- */

/* All ports are on the root bus, at any place where their own bus is one that a guest has not. */
static int places_put_port(const struct config *config, struct options_port *port)
{
	const char *name = port->id ? port->id : "-device", *bus = port->bus;

	if (!bus || options_is_root_bus(bus))
		return 0;
	if (places_is_port(config, bus)) {
		log_error(name, "bus=%s: a root port is on the root bus, not below another port",
			  bus);
		return -EINVAL;
	}
	port->has_devfn = false;
	return places_is_bridge(config, bus) ? 0 : places_miss_bus(config, name, bus);
}

static bool places_add_proxmox_port(struct config *config, const char *bus)
{
	if (strncmp(bus, PLACES_PROXMOX_PORT, strlen(PLACES_PROXMOX_PORT)) != 0 ||
	    config->named_port_count == PCI_HOST_BRIDGES_MAX)
		return false;
	config->named_ports[config->named_port_count++] = (struct options_port){ .id = bus };
	return true;
}

static int places_put_below(const struct place *place)
{
	if (place->options->port == VFIO_PORT_OFF) {
		log_error(place->name, "bus=%s is a root port, but port=off says none",
			  place->options->bus);
		return -EINVAL;
	}
	place->options->port = VFIO_PORT_ON;
	return 0;
}

/* A port that is made for the device chooses its own place. */
static int places_check_own_port(const struct place *place)
{
	if (place->options->port != VFIO_PORT_ON || !place->options->has_devfn)
		return 0;
	log_error(place->name, "addr= names a place on the root bus, so it cannot be combined with "
			       "port=on");
	return -EINVAL;
}

static int places_put_device(struct config *config, const struct place *place)
{
	struct vfio_device_options *options = place->options;
	const char *bus = options->bus;

	if (bus && options_is_root_bus(bus))
		bus = NULL;
	if (bus && (places_is_port(config, bus) || places_add_proxmox_port(config, bus)))
		return places_put_below(place);
	options->bus = NULL;
	if (!bus)
		return places_check_own_port(place);
	options->has_devfn = false; /* it counts on that other bus */
	return places_is_bridge(config, bus) ? 0 : places_miss_bus(config, place->name, bus);
}

static int places_put_all(struct config *config)
{
	struct place place;
	int ret = 0;

	for (unsigned int i = 0; i < config->named_port_count && ret == 0; i++)
		ret = places_put_port(config, &config->named_ports[i]);
	for (unsigned int i = 0; ret == 0 && places_next(config, &i, &place);)
		ret = places_put_device(config, &place);
	return ret;
}

/* ---- which device and function: `taken` has the name of who is there ---- */

static int places_claim(const char **taken, const char *name, uint8_t devfn)
{
	if (!taken[devfn]) {
		taken[devfn] = name;
		return 0;
	}
	log_error(name, "addr=%x.%x is taken by %s", PCI_SLOT(devfn), PCI_FUNC(devfn),
		  taken[devfn]);
	return -EINVAL;
}

/* A guest looks for further functions only behind a function 0. */
static int places_check_zero(const char *const *taken, unsigned int count)
{
	for (unsigned int devfn = 0; devfn < count; devfn++)
		if (taken[devfn] && !taken[PCI_DEVFN(PCI_SLOT(devfn), 0)]) {
			log_error(taken[devfn],
				  "addr=%x.%x: a guest does not find it, because no device is "
				  "addr=%x.0",
				  PCI_SLOT(devfn), PCI_FUNC(devfn), PCI_SLOT(devfn));
			return -EINVAL;
		}
	return 0;
}

static int places_check_root(struct config *config)
{
	const char *taken[PCI_HOST_FUNCTIONS] = { "the host bridge" };
	struct place place;
	int ret = 0;

	for (unsigned int i = 0; i < config->named_port_count && ret == 0; i++) {
		const struct options_port *port = &config->named_ports[i];

		if (port->has_devfn)
			ret = places_claim(taken, port->id ? port->id : "a root port", port->devfn);
	}
	for (unsigned int i = 0; ret == 0 && places_next(config, &i, &place);)
		if (place.options->has_devfn && place.options->port != VFIO_PORT_ON)
			ret = places_claim(taken, place.name, place.options->devfn);
	return ret < 0 ? ret : places_check_zero(taken, PCI_HOST_FUNCTIONS);
}

/* ---- below one port ---- */

static bool places_on(const struct place *place, const char *bus)
{
	return place->options->bus && strcmp(place->options->bus, bus) == 0;
}

static bool places_are_siblings(const struct place *a, const struct place *b)
{
	return a->bdf && b->bdf && a->bdf != b->bdf &&
	       strncmp(a->bdf, b->bdf, strlen(a->bdf) - 1) == 0;
}

/* Whether a sibling is on the same port; with `zero`, the one that is function 0 on the host. */
static bool places_has_sibling(struct config *config, const struct place *place, bool zero)
{
	struct place other;

	for (unsigned int i = 0; places_next(config, &i, &other);)
		if (places_on(&other, place->options->bus) && places_are_siblings(place, &other) &&
		    (!zero || other.bdf[strlen(other.bdf) - 1] == '0'))
			return true;
	return false;
}

/* Functions of one device keep their numbers where function 0 is among them. */
static uint8_t places_choose_function(struct config *config, const struct place *place,
				      const char *const *taken)
{
	uint8_t number = 0;

	if (place->bdf && places_has_sibling(config, place, true))
		number = (uint8_t)(place->bdf[strlen(place->bdf) - 1] - '0');
	if (taken[number] && places_has_sibling(config, place, false))
		for (number = 0; number < PCI_BRIDGE_FUNCTIONS - 1 && taken[number];)
			number++;
	return number;
}

static int places_number_one(struct config *config, const struct place *place, const char **taken)
{
	struct vfio_device_options *options = place->options;
	uint8_t number = places_choose_function(config, place, taken);

	if (taken[number]) {
		log_error(place->name, "bus=%s: %s is below this port already", options->bus,
			  taken[number]);
		return -EINVAL;
	}
	taken[number] = place->name;
	options->has_devfn = true;
	options->devfn = number;
	return 0;
}

static int places_claim_below(const struct place *place, const char **taken)
{
	const struct vfio_device_options *options = place->options;

	if (PCI_SLOT(options->devfn) == 0)
		return places_claim(taken, place->name, options->devfn);
	log_error(place->name, "bus=%s,addr=%x.%x: below a root port there is only device 0",
		  options->bus, PCI_SLOT(options->devfn), PCI_FUNC(options->devfn));
	return -EINVAL;
}

/* A program is a device by itself. */
static int places_check_program(struct config *config, const char *bus)
{
	const char *program = NULL;
	unsigned int count = 0;
	struct place place;

	for (unsigned int i = 0; places_next(config, &i, &place);) {
		if (!places_on(&place, bus))
			continue;
		count++;
		if (!place.bdf)
			program = place.name;
	}
	if (!program || count < 2)
		return 0;
	log_error(program, "bus=%s: a device that is a program is alone below a port", bus);
	return -EINVAL;
}

/* First who says a function, then the others. */
static int places_check_port(struct config *config, const char *bus)
{
	const char *taken[PCI_BRIDGE_FUNCTIONS] = { NULL };
	int ret = places_check_program(config, bus);
	struct place place;

	for (unsigned int i = 0; ret == 0 && places_next(config, &i, &place);)
		if (places_on(&place, bus) && place.options->has_devfn)
			ret = places_claim_below(&place, taken);
	for (unsigned int i = 0; ret == 0 && places_next(config, &i, &place);)
		if (places_on(&place, bus) && !place.options->has_devfn)
			ret = places_number_one(config, &place, taken);
	return ret < 0 ? ret : places_check_zero(taken, PCI_BRIDGE_FUNCTIONS);
}

int options_check_places(struct config *config)
{
	int ret = places_check_ids(config);

	if (ret == 0)
		ret = places_put_all(config);
	if (ret == 0)
		ret = places_check_root(config);
	for (unsigned int i = 0; i < config->named_port_count && ret == 0; i++)
		if (config->named_ports[i].id)
			ret = places_check_port(config, config->named_ports[i].id);
	return ret;
}
