/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_error.c and vfio_event.c: an error of a device below a root port, with
 * on-error=guest. What stands in the device's registers decides who is told, and what the port
 * then says.
 */
#include <string.h>
#include <sys/eventfd.h>

#include "call_log.h"
#include "devices/pci_root_port.h"
#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define AER       0x100u
#define TOLD      "the guest is told by its root port"
#define STOPPED   "the guest is stopped"
#define MALFORMED PCI_ERR_UNC_MALF_TLP
#define POISONED  PCI_ERR_UNC_POISON_TLP

static void nobody(void *owner)
{
	(void)owner;
}

static void device_set(struct rig *rig, unsigned int offset, uint32_t value)
{
	memcpy(&rig->fake.config[offset], &value, sizeof(value));
}

static uint32_t port_get(const struct pci_root_port *port, unsigned int reg)
{
	return pci_get_long(&port->bridge.function, AER + reg);
}

/* pci_windows_assign_bars() and a guest's AER driver leave it like this. */
static void port_listen(struct pci_root_port *port, uint32_t command)
{
	struct pci_function *function = &port->bridge.function;

	function->ops->config_write(function, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_SERR);
	function->ops->config_write(function, AER + PCI_ERR_ROOT_COMMAND, 4, command);
}

/* The usual device, with or without AER, is below a port. */
static struct pci_root_port *rig_open_below(struct rig *rig, bool aer, const char *words)
{
	const struct pci_root_port_options usual = { .name = NULL };
	const struct pci_root_port_owner owner = { nobody, NULL };
	struct pci_root_port *port;
	struct stderr_text caught;

	rig_init_usual(rig);
	rig->fake.notifies = true;
	if (aer)
		fake_add_ext_cap(&rig->fake, AER, PCI_EXT_CAP_ID_ERR);
	rig->options.port = VFIO_PORT_ON;
	rig->options.errors_to_guest = true;
	ck_assert_int_eq(pci_root_port_add(&rig->host, &usual, &owner, &port), 0);
	stderr_begin(&caught);
	ck_assert_int_eq(
		vfio_pci_new(&rig->vm, &rig->space, &rig_request, &rig->options, &rig->pci), 0);
	stderr_end(&caught);
	if (words)
		stderr_holds(&caught, words);
	else
		ck_assert_str_eq(caught.text, "");
	pci_root_port_plug(port, &rig->pci->function, 0);
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	ck_assert_int_eq(vfio_pci_power_on(rig->pci), 0);
	return port;
}

#define BOTH (PCI_ERR_ROOT_CMD_FATAL_EN | PCI_ERR_ROOT_CMD_NONFATAL_EN)

static const struct {
	bool no_aer;
	enum fake_death death;
	uint32_t status, mask, severity; /* of the device */
	uint32_t command;                /* of the port */
	const char *words;
	uint32_t root_status;
} errors[] = {
	{ false, FAKE_ALIVE, MALFORMED, 0, MALFORMED, BOTH, TOLD, 0x54 },
	{ false, FAKE_ALIVE, POISONED, 0, MALFORMED, BOTH, TOLD, 0x24 },
	{ false, FAKE_ALIVE, POISONED | MALFORMED, 0, MALFORMED, BOTH, TOLD, 0x54 },
	{ false, FAKE_ALIVE, POISONED | MALFORMED, MALFORMED, MALFORMED, BOTH, TOLD, 0x24 },
	/* The device says nothing any more. */
	{ false, FAKE_ALIVE, 0, 0, MALFORMED, BOTH, TOLD, 0x54 },
	{ false, FAKE_GONE, 0, 0, 0, BOTH, TOLD, 0x54 },
	{ false, FAKE_BROKEN, 0, 0, 0, BOTH, TOLD, 0x54 },
	/* Nobody listens. */
	{ false, FAKE_ALIVE, MALFORMED, 0, MALFORMED, 0, "does not listen to fatal errors", 0 },
	{ false, FAKE_ALIVE, POISONED, 0, 0, PCI_ERR_ROOT_CMD_FATAL_EN,
	  "listen to non-fatal errors", 0 },
	{ true, FAKE_ALIVE, 0, 0, 0, BOTH, "has no AER capability", 0 },
};

START_TEST(an_error_is_the_guests)
{
	static struct rig rig;
	struct pci_root_port *port;
	struct stderr_text caught;
	bool told = errors[_i].root_status;

	memset(&rig, 0, sizeof(rig));
	port = rig_open_below(&rig, !errors[_i].no_aer,
			      errors[_i].no_aer ? "no AER capability" : NULL);
	port_listen(port, errors[_i].command);
	device_set(&rig, AER + PCI_ERR_UNCOR_STATUS, errors[_i].status);
	device_set(&rig, AER + PCI_ERR_UNCOR_MASK, errors[_i].mask);
	device_set(&rig, AER + PCI_ERR_UNCOR_SEVER, errors[_i].severity);
	rig.fake.death = errors[_i].death;
	eventfd_write(rig.fake.error_fd, 1);
	stderr_begin(&caught);
	if (told)
		rig_turn(&rig);
	else
		ck_assert_int_eq(vm_wait(&rig.vm), VM_EVENT_DEVICE_LOST);
	stderr_end(&caught);
	stderr_holds(&caught, errors[_i].words);
	stderr_holds(&caught, told ? TOLD : STOPPED);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	ck_assert_uint_eq(port_get(port, PCI_ERR_ROOT_STATUS), errors[_i].root_status);
	ck_assert_uint_eq(port_get(port, PCI_ERR_ROOT_ERR_SRC), told ? 0x01000000 : 0);
	rig.fake.death = FAKE_ALIVE;
	rig_close(&rig);
}
END_TEST

/* After a reboot the device is opened again, and the guest is still told. */
START_TEST(an_error_after_a_reboot)
{
	static struct rig rig;
	struct pci_root_port *port;
	struct stderr_text caught;

	memset(&rig, 0, sizeof(rig));
	port = rig_open_below(&rig, true, NULL);
	pci_host_reset(&rig.host);
	vfio_pci_power_off(rig.pci);
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	port_listen(port, BOTH);
	eventfd_write(rig.fake.error_fd, 1);
	stderr_begin(&caught);
	rig_turn(&rig);
	stderr_end(&caught);
	stderr_holds(&caught, TOLD);
	ck_assert_uint_eq(port_get(port, PCI_ERR_ROOT_STATUS), 0x54);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_error", { an_error_is_the_guests, UNIT_COUNT(errors) },
	  { an_error_after_a_reboot, 0 })
