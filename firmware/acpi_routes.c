/* SPDX-License-Identifier: MIT */
#include "acpi_routes.h"

#include <assert.h>
#include <string.h>

#include "vmm/core/arch.h"

#define ROUTE_SLOTS     32
#define ROUTE_PINS      4
#define ROUTE_FUNCTIONS 0xffff /* in the place of a function's number: all of them */

/* AML opcodes, ACPI 6.4 chapter 20. */
#define AML_ZERO    0x00
#define AML_NAME    0x08
#define AML_BYTE    0x0a
#define AML_DWORD   0x0c
#define AML_PACKAGE 0x12

#define AML_LENGTH_OF_THREE 0x80 /* two more bytes follow, and the first has four bits */

/* A row: a device's address, its pin (0 is INTA), no link device, and the GSI. */
struct acpi_route {
	uint8_t op, length, count;
	uint8_t address_op;
	uint32_t address;
	uint8_t pin_op, pin;
	uint8_t link;
	uint8_t gsi_op, gsi;
} __attribute__((packed));

struct acpi_routes {
	uint8_t name_op;
	char name[4];
	uint8_t op, length[3], count;
	struct acpi_route rows[ROUTE_SLOTS * ROUTE_PINS];
} __attribute__((packed));

size_t acpi_routes_size(void)
{
	return sizeof(struct acpi_routes);
}

static struct acpi_route acpi_route(uint32_t slot, uint8_t pin, uint32_t gsi)
{
	assert(gsi <= UINT8_MAX);
	return (struct acpi_route){
		.op = AML_PACKAGE,
		.length = sizeof(struct acpi_route) - offsetof(struct acpi_route, length),
		.count = 4,
		.address_op = AML_DWORD,
		.address = slot << 16 | ROUTE_FUNCTIONS,
		.pin_op = AML_BYTE,
		.pin = pin,
		.link = AML_ZERO,
		.gsi_op = AML_BYTE,
		.gsi = (uint8_t)gsi,
	};
}

void acpi_put_routes(void *to, uint32_t first_gsi)
{
	const uint32_t length = sizeof(struct acpi_routes) - offsetof(struct acpi_routes, length);
	struct acpi_routes routes = {
		.name_op = AML_NAME,
		.name = { 'P', 'R', 'T', 'B' },
		.op = AML_PACKAGE,
		.length = { AML_LENGTH_OF_THREE | (length & 0xf), (uint8_t)(length >> 4),
			    (uint8_t)(length >> 12) },
		.count = ROUTE_SLOTS * ROUTE_PINS,
	};

	for (uint32_t slot = 0; slot < ROUTE_SLOTS; slot++)
		for (uint8_t pin = 0; pin < ROUTE_PINS; pin++)
			routes.rows[slot * ROUTE_PINS + pin] = acpi_route(
				slot, pin, first_gsi + (slot + pin) % arch_layout.pci_intx_lines);
	memcpy(to, &routes, sizeof(routes));
}
