/* SPDX-License-Identifier: MIT */
/*
 * A command line whose words are any bytes, and PCI addresses.
 *
 * Newlines separate the words. What minivmm took for a PCI address must be one.
 */
#include <stdlib.h>

#include "fuzz_input.h"
#include "vfio/host/look/host_sysfs.h"
#include "vmm/cli/options.h"

#define WORDS_MAX 16

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* As the kernel spells it: the domain has four digits, or up to eight where it needs them. */
static bool is_bdf(const char *text)
{
	static const char shape[] = "xxxx:xx:xx.o";
	size_t digits = strspn(text, "0123456789abcdef"), i = 0;

	if (digits > 8 || (digits > 4 && text[0] == '0'))
		return false;
	if (digits > 4)
		text += digits - 4;
	for (; shape[i] && text[i]; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		bool letter = text[i] >= 'a' && text[i] <= 'f';

		if (shape[i] == 'x'   ? !digit && !letter
		    : shape[i] == 'o' ? text[i] < '0' || text[i] > '7'
				      : text[i] != shape[i])
			return false;
	}
	return !shape[i] && !text[i];
}

static void check_config(const struct config *config)
{
	if (config->device_count > OPTIONS_DEVICES_MAX || config->user_count > OPTIONS_USERS_MAX ||
	    config->cpus < 1 || !config->memory)
		abort();
	for (unsigned int i = 0; i < config->device_count; i++)
		if (!is_bdf(config->devices[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text;
	char bdf[HOST_BDF_MAX], *words[WORDS_MAX + 1];
	struct config config;
	int count = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	if (host_parse_bdf(text, bdf) == 0 && !is_bdf(bdf))
		abort();
	words[count++] = (char[]){ "minivmm" };
	while (at && count < WORDS_MAX) {
		words[count++] = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = '\0';
	}
	words[count] = NULL;
	if (options_parse(&config, count, words) == 0)
		check_config(&config);
	free(text);
	return 0;
}
