/* SPDX-License-Identifier: MIT */
#include "pci_root_port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pci_port_errors.h"
#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* Guests know this as a generic root port of other virtual machines, as with the host bridge. */
#define PORT_VENDOR 0x1b36
#define PORT_DEVICE 0x000c
#define PORT_CLASS  0x060400u /* PCI-to-PCI bridge */

#define PORT_PIN      1u /* INTA */
#define PORT_EXP_SIZE 0x3cu
#define PORT_MSI_SIZE (PCI_MSI_PENDING_64 + 4)
#define PORT_SSVID    8u

#define PORT_DEVCTL                                                                                \
	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |  \
	 PCI_EXP_DEVCTL_PAYLOAD)
#define PORT_RTCTL                                                                                 \
	(PCI_EXP_RTCTL_SECEE | PCI_EXP_RTCTL_SENFEE | PCI_EXP_RTCTL_SEFEE | PCI_EXP_RTCTL_PMEIE)
#define PORT_LINK_SHAPE   (PCI_EXP_LNKCAP_SLS | PCI_EXP_LNKCAP_MLW)
#define PORT_LINK_SLOW    (PCI_EXP_LNKCAP_SLS_2_5GB | 1u << 4) /* 2.5 GT/s, one lane */
#define PORT_NUMBER_SHIFT 24

/* What the port can want the guest's attention for. */
#define PORT_EVENT_SLOT  1u
#define PORT_EVENT_ERROR 2u

static struct pci_root_port *port_of(struct pci_function *function)
{
	return container_of(function, struct pci_root_port, bridge.function);
}

static struct pci_function *port_function(struct pci_root_port *port)
{
	return &port->bridge.function;
}

/* ---- its own interrupt ---- */

static void port_set_pin(struct pci_root_port *port, bool level)
{
	struct pci_function *function = port_function(port);
	uint16_t command = pci_get_word(function, PCI_COMMAND);

	irq_line_set(&port->host->vm->irq, &port->line,
		     level && !port->msi.enabled && !(command & PCI_COMMAND_INTX_DISABLE));
}

static unsigned int port_pending(struct pci_root_port *port)
{
	return (pci_slot_interrupts(&port->slot) ? PORT_EVENT_SLOT : 0) |
	       (pci_port_errors_interrupt(port_function(port)) ? PORT_EVENT_ERROR : 0);
}

/*
 * A message is sent when something becomes pending, not for as long as it is. The slot and errors
 * have a message each: Linux has a handler for each, which clears only its own. PCI Express Base
 * 6.2.4.1.2 and 6.7.3.4.
 */
static void port_update_interrupt(void *owner)
{
	struct pci_root_port *port = owner;
	unsigned int pending = port_pending(port);

	port_set_pin(port, pending != 0);
	if ((pending & ~port->signalled) && port->vector.eventfd >= 0)
		irq_vector_raise(&port->vector);
	port->signalled = pending;
}

static void port_wire_vector(struct pci_root_port *port)
{
	if (!msi_vector_live(&port->msi, 0)) {
		irq_vector_mask(&port->vector);
		return;
	}
	irq_vector_set_message(&port->vector, port->msi.address, msi_vector_data(&port->msi, 0));
	irq_vector_unmask(&port->vector);
}

static void port_msi_changed(void *owner)
{
	struct pci_root_port *port = owner;
	int ret = 0;

	port->group.devid = pci_requester_id(port_function(port));
	if (!port->msi.enabled)
		irq_vector_destroy(&port->vector);
	else if (port->vector.eventfd < 0)
		ret = irq_vector_init(&port->vector);
	if (ret < 0)
		log_errno(port_function(port)->name, ret, "make an eventfd for its vector");
	if (port->vector.eventfd >= 0)
		port_wire_vector(port);
	port_update_interrupt(port);
}

static bool port_msi_pending(void *owner, unsigned int vector)
{
	const struct pci_root_port *port = owner;

	(void)vector;
	return port->vector.eventfd >= 0 && irq_vector_pending(&port->vector);
}

static const struct msi_ops port_msi_ops = { port_msi_changed, port_msi_pending };

/* ---- what the device's link says ---- */

/* A register of the device's PCI Express capability; `none` where it has no such capability. */
static uint32_t port_read_below(struct pci_root_port *port, unsigned int reg, unsigned int size,
				uint32_t none)
{
	struct pci_function *below = port->bridge.below[0];
	unsigned int cap = below ? pci_find_capability(below, PCI_CAP_ID_EXP) : 0;

	return cap ? below->ops->config_read(below, cap + reg, size) : none;
}

/* Link speeds up to this one, as Link Capabilities 2 tells them. */
static uint32_t port_speeds(uint32_t link)
{
	return (2u << (link & PCI_EXP_LNKCAP_SLS)) - 2;
}

/* Show the link's properties that do not change while the device is there. */
static void port_mirror(struct pci_root_port *port)
{
	struct pci_function *function = port_function(port);
	uint32_t payload = port_read_below(port, PCI_EXP_DEVCAP, 4, 0) & PCI_EXP_DEVCAP_PAYLOAD;
	uint32_t link = port_read_below(port, PCI_EXP_LNKCAP, 4, 0) & PORT_LINK_SHAPE;

	if (!link)
		link = PORT_LINK_SLOW;
	pci_set_long(function, port->cap + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | payload);
	pci_set_long(function, port->cap + PCI_EXP_LNKCAP,
		     link | PCI_EXP_LNKCAP_DLLLARC |
			     (uint32_t)port->bridge.number << PORT_NUMBER_SHIFT);
	pci_set_long(function, port->cap + PCI_EXP_LNKCAP2, port_speeds(link));
	pci_set_word(function, port->cap + PCI_EXP_LNKCTL2, (uint16_t)(link & PCI_EXP_LNKCAP_SLS));
}

/* Speed and width change with the device's power states, so they are read each time. */
static void port_reading_link(struct pci_root_port *port)
{
	struct pci_function *function = port_function(port);
	uint16_t active = pci_get_word(function, port->cap + PCI_EXP_LNKSTA) & PCI_EXP_LNKSTA_DLLLA;
	uint16_t shape = (uint16_t)port_read_below(port, PCI_EXP_LNKSTA, 2, 0) & PORT_LINK_SHAPE;

	if (active && !shape)
		shape = PORT_LINK_SLOW;
	pci_set_word(function, port->cap + PCI_EXP_LNKSTA, active ? active | shape : 0);
}

/* ---- the PCI function ---- */

static uint32_t port_config_read(struct pci_function *function, unsigned int offset,
				 unsigned int size)
{
	struct pci_root_port *port = port_of(function);

	if (pci_access_covers(offset, size, port->cap + PCI_EXP_LNKSTA) ||
	    pci_access_covers(offset, size, port->cap + PCI_EXP_LNKSTA + 1))
		port_reading_link(port);
	msi_config_reading(&port->msi, offset, size);
	return pci_config_read(function, offset, size);
}

static bool port_in_reset(const struct pci_function *function)
{
	return pci_get_word(function, PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_BUS_RESET;
}

static void port_config_write(struct pci_function *function, unsigned int offset, unsigned int size,
			      uint32_t value)
{
	struct pci_root_port *port = port_of(function);
	bool was_in_reset = port_in_reset(function);

	pci_config_write(function, offset, size, value);
	if (pci_bridge_decides(offset, size))
		function->bus->vacated = true; /* BARs below come and go */
	if (!was_in_reset && port_in_reset(function))
		pci_bridge_reset_bus(&port->bridge);
	msi_config_written(&port->msi, offset, size);
	pci_port_errors_config_written(function, offset, size, value);
	pci_slot_config_written(&port->slot, offset, size, value);
}

static void port_clear_controls(struct pci_root_port *port)
{
	static const uint8_t controls[] = { PCI_EXP_DEVCTL, PCI_EXP_LNKCTL, PCI_EXP_RTCTL,
					    PCI_EXP_DEVCTL2 };

	for (size_t i = 0; i < array_size(controls); i++)
		pci_set_word(port_function(port), port->cap + controls[i], 0);
}

static void port_reset(struct pci_function *function)
{
	struct pci_root_port *port = port_of(function);

	pci_bridge_reset(&port->bridge);
	port_clear_controls(port);
	msi_reset(&port->msi);
	pci_port_errors_reset(function);
	pci_slot_reset(&port->slot);
}

static void port_destroy(struct pci_function *function)
{
	struct pci_root_port *port = port_of(function);

	irq_vector_destroy(&port->vector);
	free(port);
}

static const struct pci_function_ops port_ops = {
	.config_read = port_config_read,
	.config_write = port_config_write,
	.bar_map = pci_no_bar_map,
	.bar_unmap = pci_no_bar_unmap,
	.reset = port_reset,
	.destroy = port_destroy,
};

/* ---- life ---- */

static void port_released(void *owner)
{
	struct pci_root_port *port = owner;

	port->owner.released(port->owner.owner);
}

static const struct pci_slot_ops port_slot_ops = { port_update_interrupt, port_released };

static void port_set_writable(struct pci_function *function, unsigned int offset, uint16_t bits)
{
	function->writable[offset] = (uint8_t)bits;
	function->writable[offset + 1] = (uint8_t)(bits >> 8);
}

static void port_init_express(struct pci_root_port *port)
{
	struct pci_function *function = port_function(port);

	port->cap = pci_add_capability(function, PCI_CAP_ID_EXP, PORT_EXP_SIZE);
	pci_set_word(function, port->cap + PCI_EXP_FLAGS,
		     2 | PCI_EXP_TYPE_ROOT_PORT << 4 | PCI_EXP_FLAGS_SLOT);
	port_set_writable(function, port->cap + PCI_EXP_DEVCTL, PORT_DEVCTL);
	port_set_writable(function, port->cap + PCI_EXP_LNKCTL,
			  PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	port_set_writable(function, port->cap + PCI_EXP_RTCTL, PORT_RTCTL);
	port_set_writable(function, port->cap + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS);
}

static void port_init_config(struct pci_root_port *port, const char *name)
{
	struct pci_function *function = port_function(port);
	unsigned int cap;

	pci_bridge_init(&port->bridge, &port_ops, name);
	pci_set_word(function, PCI_VENDOR_ID, PORT_VENDOR);
	pci_set_word(function, PCI_DEVICE_ID, PORT_DEVICE);
	pci_set_long(function, PCI_CLASS_REVISION, PORT_CLASS << 8);
	function->config[PCI_INTERRUPT_PIN] = PORT_PIN;
	pci_root_port_set_room(port, PCI_WINDOW_MEMORY, PCI_ROOT_PORT_ROOM_MEMORY);
	pci_root_port_set_room(port, PCI_WINDOW_PREFETCHABLE, PCI_ROOT_PORT_ROOM_PREFETCHABLE);
	cap = pci_add_capability(function, PCI_CAP_ID_SSVID, PORT_SSVID);
	pci_set_word(function, cap + PCI_SSVID_VENDOR_ID, 0x1af4);
	pci_set_word(function, cap + PCI_SSVID_DEVICE_ID, 0x1100);
	cap = pci_add_capability(function, PCI_CAP_ID_MSI, PORT_MSI_SIZE);
	pci_set_word(function, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	msi_init(&port->msi, function, cap, 1, &port_msi_ops, port);
	port_init_express(port);
	pci_port_errors_init(function);
}

static struct pci_root_port *port_new(struct pci_host *host, const char *name,
				      const struct pci_root_port_owner *owner)
{
	struct pci_root_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->host = host;
	port->owner = *owner;
	port->group = (struct irq_vector_group){ .router = &host->vm->irq,
						 .loop = &host->vm->loop,
						 .lock = &host->bus.lock,
						 .name = port->name };
	irq_vector_setup(&port->vector, &port->group);
	snprintf(port->name, sizeof(port->name), "root port %u", host->bridge_count + 1);
	port_init_config(port, name ? name : port->name);
	return port;
}

int pci_root_port_add(struct pci_host *host, const struct pci_root_port_options *options,
		      const struct pci_root_port_owner *owner, struct pci_root_port **result)
{
	const uint8_t *devfn = options->has_devfn ? &options->devfn : NULL;
	struct pci_root_port *port = port_new(host, options->name, owner);
	struct pci_function *function;
	int ret;

	if (!port)
		return log_errno("root port", -ENOMEM, "allocate");
	ret = pci_host_add_bridge(host, &port->bridge, devfn);
	if (ret < 0) {
		free(port);
		return ret;
	}
	function = port_function(port);
	function->id = options->name;
	port->line.gsi = pci_host_intx_gsi(function, PORT_PIN);
	pci_slot_init(&port->slot, function, port->cap, port->bridge.number, &port_slot_ops, port);
	if (options->fixed)
		pci_slot_fix(&port->slot);
	port_mirror(port);
	*result = port;
	return 0;
}

void pci_root_port_set_room(struct pci_root_port *port, enum pci_window window, uint64_t size)
{
	port->bridge.windows[window].size = size;
}

void pci_root_port_plug(struct pci_root_port *port, struct pci_function *function,
			unsigned int number)
{
	pci_host_add_below(port->host, &port->bridge, function, number);
}

void pci_root_port_show(struct pci_root_port *port, bool running)
{
	pending_lock(&port->host->bus.lock);
	port_mirror(port);
	if (running)
		pci_slot_set_present(&port->slot, true);
	else
		pci_slot_fill(&port->slot);
	pthread_mutex_unlock(&port->host->bus.lock);
}

void pci_root_port_ask(struct pci_root_port *port)
{
	pending_lock(&port->host->bus.lock);
	pci_slot_ask(&port->slot);
	pthread_mutex_unlock(&port->host->bus.lock);
}

void pci_root_port_unplug(struct pci_root_port *port, bool tell)
{
	for (unsigned int i = PCI_BRIDGE_FUNCTIONS; i--;)
		if (port->bridge.below[i])
			pci_host_del_below(port->host, &port->bridge, i);
	pending_lock(&port->host->bus.lock);
	if (tell)
		pci_slot_set_present(&port->slot, false);
	port_mirror(port);
	pthread_mutex_unlock(&port->host->bus.lock);
}

void pci_root_port_set_atomics(struct pci_root_port *port, uint32_t bits, bool first)
{
	unsigned int offset = port->cap + PCI_EXP_DEVCAP2;

	pending_lock(&port->host->bus.lock);
	if (!first)
		bits &= pci_get_long(port_function(port), offset);
	pci_set_long(port_function(port), offset, bits);
	pthread_mutex_unlock(&port->host->bus.lock);
}

bool pci_root_port_report(struct pci_function *below, bool fatal)
{
	struct pci_root_port *port = port_of(below->bridge);
	bool told;

	pending_lock(&port->host->bus.lock);
	told = pci_port_errors_record(port_function(port), pci_requester_id(below), fatal);
	port_update_interrupt(port);
	pthread_mutex_unlock(&port->host->bus.lock);
	return told;
}
