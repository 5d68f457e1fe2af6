/* SPDX-License-Identifier: MIT */
#include "pci_port_errors.h"

#include <stddef.h>

#include "vmm/trace/macros.h"

#define ERRORS_CAP     PCI_CFG_SPACE_SIZE /* the first extended capability */
#define ERRORS_VERSION 2u

/* What a port of its kind could find wrong itself, and which of that is fatal at power-on. */
#define ERRORS_FATAL                                                                               \
	(PCI_ERR_UNC_DLP | PCI_ERR_UNC_SURPDN | PCI_ERR_UNC_FCP | PCI_ERR_UNC_RX_OVER |            \
	 PCI_ERR_UNC_MALF_TLP | PCI_ERR_UNC_INTN)
#define ERRORS_UNCORRECTABLE                                                                       \
	(ERRORS_FATAL | PCI_ERR_UNC_POISON_TLP | PCI_ERR_UNC_COMP_TIME | PCI_ERR_UNC_COMP_ABORT |  \
	 PCI_ERR_UNC_UNX_COMP | PCI_ERR_UNC_UNSUP)
#define ERRORS_CORRECTABLE                                                                         \
	(PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP | PCI_ERR_COR_REP_ROLL |    \
	 PCI_ERR_COR_REP_TIMER | ERRORS_MASKED)
#define ERRORS_MASKED (PCI_ERR_COR_ADV_NFAT | PCI_ERR_COR_INTERNAL)

#define ERRORS_COMMAND                                                                             \
	(PCI_ERR_ROOT_CMD_COR_EN | PCI_ERR_ROOT_CMD_NONFATAL_EN | PCI_ERR_ROOT_CMD_FATAL_EN)
#define ERRORS_STATUS                                                                              \
	(PCI_ERR_ROOT_COR_RCV | PCI_ERR_ROOT_MULTI_COR_RCV | PCI_ERR_ROOT_UNCOR_RCV |              \
	 PCI_ERR_ROOT_MULTI_UNCOR_RCV | PCI_ERR_ROOT_FIRST_FATAL | PCI_ERR_ROOT_NONFATAL_RCV |     \
	 PCI_ERR_ROOT_FATAL_RCV)
#define ERRORS_SOURCE_SHIFT 16 /* of an uncorrectable error, in the identification register */

/* Those that are not zero for ever: at power-on, and what the guest may write. */
static const struct {
	uint8_t reg;
	uint32_t power_on, writable;
} errors_registers[] = {
	{ PCI_ERR_UNCOR_MASK, 0, ERRORS_UNCORRECTABLE },
	{ PCI_ERR_UNCOR_SEVER, ERRORS_FATAL, ERRORS_UNCORRECTABLE },
	{ PCI_ERR_COR_MASK, ERRORS_MASKED, ERRORS_CORRECTABLE },
	{ PCI_ERR_ROOT_COMMAND, 0, ERRORS_COMMAND },
	{ PCI_ERR_ROOT_STATUS, 0, 0 },
	{ PCI_ERR_ROOT_ERR_SRC, 0, 0 },
};

static uint32_t errors_get(const struct pci_function *port, unsigned int reg)
{
	return pci_get_long(port, ERRORS_CAP + reg);
}

static void errors_set(struct pci_function *port, unsigned int reg, uint32_t value)
{
	pci_set_long(port, ERRORS_CAP + reg, value);
}

void pci_port_errors_init(struct pci_function *port)
{
	errors_set(port, 0, PCI_EXT_CAP_ID_ERR | ERRORS_VERSION << 16);
	for (size_t i = 0; i < array_size(errors_registers); i++)
		for (unsigned int byte = 0; byte < 4; byte++)
			port->writable[ERRORS_CAP + errors_registers[i].reg + byte] =
				(uint8_t)(errors_registers[i].writable >> 8 * byte);
	pci_port_errors_reset(port);
}

void pci_port_errors_reset(struct pci_function *port)
{
	for (size_t i = 0; i < array_size(errors_registers); i++)
		errors_set(port, errors_registers[i].reg, errors_registers[i].power_on);
}

/* Of the root error status a written 1 clears a bit. */
void pci_port_errors_config_written(struct pci_function *port, unsigned int offset,
				    unsigned int size, uint32_t value)
{
	uint32_t cleared = 0;

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int reg = ERRORS_CAP + PCI_ERR_ROOT_STATUS + i;

		if (pci_access_covers(offset, size, reg))
			cleared |= (value >> 8 * (reg - offset) & 0xff) << 8 * i;
	}
	errors_set(port, PCI_ERR_ROOT_STATUS,
		   errors_get(port, PCI_ERR_ROOT_STATUS) & ~(cleared & ERRORS_STATUS));
}

/* The message passes the bridge, and the port reports it: 6.2.6, figure 6-3. */
static bool errors_wanted(const struct pci_function *port, bool fatal)
{
	uint32_t enable = fatal ? PCI_ERR_ROOT_CMD_FATAL_EN : PCI_ERR_ROOT_CMD_NONFATAL_EN;

	return (pci_get_word(port, PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_SERR) &&
	       (errors_get(port, PCI_ERR_ROOT_COMMAND) & enable);
}

/* Only the first one leaves its number. 7.8.4.10 and 7.8.4.11. */
bool pci_port_errors_record(struct pci_function *port, uint16_t source, bool fatal)
{
	uint32_t status = errors_get(port, PCI_ERR_ROOT_STATUS);

	if (!errors_wanted(port, fatal))
		return false;
	if (status & PCI_ERR_ROOT_UNCOR_RCV) {
		status |= PCI_ERR_ROOT_MULTI_UNCOR_RCV;
	} else {
		status |= PCI_ERR_ROOT_UNCOR_RCV | (fatal ? PCI_ERR_ROOT_FIRST_FATAL : 0);
		errors_set(port, PCI_ERR_ROOT_ERR_SRC, (uint32_t)source << ERRORS_SOURCE_SHIFT);
	}
	status |= fatal ? PCI_ERR_ROOT_FATAL_RCV : PCI_ERR_ROOT_NONFATAL_RCV;
	errors_set(port, PCI_ERR_ROOT_STATUS, status);
	return true;
}

bool pci_port_errors_interrupt(const struct pci_function *port)
{
	uint32_t status = errors_get(port, PCI_ERR_ROOT_STATUS);
	uint32_t command = errors_get(port, PCI_ERR_ROOT_COMMAND);

	return ((status & PCI_ERR_ROOT_FATAL_RCV) && (command & PCI_ERR_ROOT_CMD_FATAL_EN)) ||
	       ((status & PCI_ERR_ROOT_NONFATAL_RCV) && (command & PCI_ERR_ROOT_CMD_NONFATAL_EN));
}
