/* SPDX-License-Identifier: MIT */
#include "options_laptop.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "options_qemu.h"
#include "vmm/core/arch.h"
#include "vmm/trace/log.h"

static bool options_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (strcspn(list, ",") == length && strncmp(list, word, length) == 0)
			return true;
	return false;
}

int options_set_qemu_cpu(struct config *config, char *text)
{
	config->hide_kvm |= options_has_word(text, "kvm=off");
	return options_qemu_judge("cpu", strlen("cpu"), text);
}

static int options_check_rom(const char *bdf, const struct vfio_device_options *vfio)
{
	if (vfio->romfile)
		return 0;
	log_error("--vfio", "%s: x-acpi-rom=on needs romfile=FILE", bdf);
	return -EINVAL;
}

/* Only one node of the guest's ACPI tables has a method _ROM. */
static int options_check_acpi_rom(const struct config *config)
{
	const char *first = NULL;

	for (unsigned int i = 0; i < config->device_count; i++) {
		if (!config->vfio[i].acpi_rom)
			continue;
		if (options_check_rom(config->devices[i], &config->vfio[i]) < 0)
			return -EINVAL;
		if (first) {
			log_error("--vfio", "%s: x-acpi-rom=on, but %s has it already",
				  config->devices[i], first);
			return -EINVAL;
		}
		first = config->devices[i];
	}
	if (!first || arch_layout.acpi_rom.size)
		return 0;
	log_error("--vfio", "%s: x-acpi-rom=on: guests have no ACPI on %s", first,
		  arch_layout.name);
	return -EINVAL;
}

int options_check_laptop(const struct config *config)
{
	if (config->battery && !arch_layout.acpi_rom.size) {
		log_error("--battery", "guests have no ACPI on %s", arch_layout.name);
		return -EINVAL;
	}
	return options_check_acpi_rom(config);
}
