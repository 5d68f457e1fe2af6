/* SPDX-License-Identifier: MIT */
#include "options_set.h"

#include <errno.h>
#include <string.h>

#include "options_qemu.h"
#include "vfio/vfio_options.h"
#include "vmm/trace/log.h"

static int settings_add(struct config *config, const char *option, const char *id, const char *word)
{
	if (config->setting_count == OPTIONS_SETTINGS_MAX) {
		log_error(option, "more than %d", OPTIONS_SETTINGS_MAX);
		return -EINVAL;
	}
	config->settings[config->setting_count++] = (struct options_setting){ id, word };
	return 0;
}

/* "device.hostdev0.x-no-mmap=on": an id may have dots, a property has none. */
int options_add_qemu_set(struct config *config, char *text)
{
	size_t length = strcspn(text, "=");
	char *dot = memrchr(text, '.', length);

	if (strncmp(text, "device.", 7) != 0 || !dot || dot < text + 7)
		return options_qemu_judge("set", strlen("set"), text);
	*dot = '\0';
	return settings_add(config, "-set", text + 7, dot + 1);
}

int options_add_qemu_global(struct config *config, char *text)
{
	static const char driver[] = "driver=vfio-pci,property=", value[] = ",value=";
	char *property = text + strlen(driver), *found;

	if (strncmp(text, "vfio-pci.", 9) == 0)
		return settings_add(config, "-global", NULL, text + 9);
	if (strncmp(text, driver, strlen(driver)) != 0 || !(found = strstr(property, value)))
		return options_qemu_judge("global", strlen("global"), text);
	*found = '=';
	memmove(found + 1, found + strlen(value), strlen(found + strlen(value)) + 1);
	return settings_add(config, "-global", NULL, property);
}

static bool settings_fit(const struct options_setting *setting, const char *id)
{
	return !setting->id || (id && strcmp(setting->id, id) == 0);
}

int options_apply_settings(struct config *config)
{
	for (unsigned int n = 0; n < config->setting_count; n++) {
		const struct options_setting *setting = &config->settings[n];
		bool found = !setting->id;

		for (unsigned int i = 0; i < config->device_count; i++) {
			if (!settings_fit(setting, config->vfio[i].id))
				continue;
			found = true;
			if (vfio_options_set(&config->vfio[i], setting->word) < 0)
				return -EINVAL;
		}
		if (!found)
			log_info("-set", "device.%s.%s: no device has that id; ignored",
				 setting->id, setting->word);
	}
	return 0;
}
