/* SPDX-License-Identifier: MIT */
#include "smbios.h"

#include <assert.h>
#include <string.h>

#define SMBIOS_SYSTEM  1
#define SMBIOS_CHASSIS 3
#define SMBIOS_END     127

#define SMBIOS_WAKE_POWER_SWITCH 6
#define SMBIOS_CHASSIS_OTHER     1
#define SMBIOS_STATE_SAFE        3
#define SMBIOS_SECURITY_UNKNOWN  2

struct smbios_header {
	uint8_t type, length;
	uint16_t handle;
} __attribute__((packed));

/*
 * A structure names its strings by number: 1 is the first string behind the structure, 0 is none.
 */
struct smbios_system {
	struct smbios_header header;
	uint8_t maker, product, version, serial;
	uint8_t uuid[16]; /* the UUID: all zeroes means that there is none */
	uint8_t wake_up, sku, family;
} __attribute__((packed));
_Static_assert(sizeof(struct smbios_system) == 27, "SMBIOS 3.2, 7.2");

struct smbios_chassis {
	struct smbios_header header;
	uint8_t maker, type, version, serial, asset_tag;
	uint8_t boot_state, power_state, thermal_state, security;
	uint32_t oem;
	uint8_t height, cords, element_count, element_size, sku;
} __attribute__((packed));
_Static_assert(sizeof(struct smbios_chassis) == 22, "SMBIOS 3.2, 7.4");

struct smbios_area {
	uint8_t *at, *end;
};

static void smbios_put(struct smbios_area *area, const void *bytes, size_t size)
{
	assert(size <= (size_t)(area->end - area->at));
	memcpy(area->at, bytes, size);
	area->at += size;
}

/*
 * A list of strings ends with an empty one, which is the literal's own NUL. A list without any
 * string has two NULs.
 */
static void smbios_put_strings(struct smbios_area *area, const char *strings, size_t size)
{
	smbios_put(area, strings, size);
	if (size == 1)
		smbios_put(area, "", 1);
}

static void smbios_put_system(struct smbios_area *area)
{
	static const char strings[] = "minivmm\0Virtual machine\0" MINIVMM_VERSION "\0";
	const struct smbios_system system = {
		.header = { SMBIOS_SYSTEM, sizeof(system), 0x100 },
		.maker = 1,
		.product = 2,
		.version = 3,
		.wake_up = SMBIOS_WAKE_POWER_SWITCH,
	};

	smbios_put(area, &system, sizeof(system));
	smbios_put_strings(area, strings, sizeof(strings));
}

static void smbios_put_chassis(struct smbios_area *area)
{
	static const char strings[] = "minivmm\0";
	const struct smbios_chassis chassis = {
		.header = { SMBIOS_CHASSIS, sizeof(chassis), 0x300 },
		.maker = 1,
		.type = SMBIOS_CHASSIS_OTHER,
		.boot_state = SMBIOS_STATE_SAFE,
		.power_state = SMBIOS_STATE_SAFE,
		.thermal_state = SMBIOS_STATE_SAFE,
		.security = SMBIOS_SECURITY_UNKNOWN,
	};

	smbios_put(area, &chassis, sizeof(chassis));
	smbios_put_strings(area, strings, sizeof(strings));
}

static void smbios_put_end(struct smbios_area *area)
{
	const struct smbios_header end = { SMBIOS_END, sizeof(end), 0x7f00 };

	smbios_put(area, &end, sizeof(end));
	smbios_put_strings(area, "", 1);
}

uint32_t smbios_write(struct smbios_anchor *anchor, uint8_t tables[SMBIOS_TABLES_MAX])
{
	struct smbios_area area = { tables, tables + SMBIOS_TABLES_MAX };
	uint8_t *bytes = (uint8_t *)anchor, sum = 0;

	smbios_put_system(&area);
	smbios_put_chassis(&area);
	smbios_put_end(&area);
	*anchor = (struct smbios_anchor){
		.signature = { '_', 'S', 'M', '3', '_' },
		.length = sizeof(*anchor),
		.major = 3,
		.minor = 2,
		.revision = 1,
		.tables_size = (uint32_t)(area.at - tables),
	};
	for (size_t i = 0; i < sizeof(*anchor); i++)
		sum += bytes[i];
	anchor->checksum = -sum;
	return anchor->tables_size;
}
