/* SPDX-License-Identifier: MIT */
#include "options_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/pci_host.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"
#include "vmm/guest_ram.h"

#define MIB (1ull << 20)

#define OPTIONS_MEMORY_MAX (1ull << 46)
#define OPTIONS_GRACE_MAX  86400

int options_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "bkmgtpe";
	const char *suffix = text + strspn(text, "0123456789."), *unit = strchr(units, 'm');
	long double number;
	char *end;

	if (*suffix)
		unit = strchr(units, tolower((unsigned char)*suffix));
	number = strtold(text, &end);
	if (!unit || suffix == text || end != suffix || (*suffix && suffix[1]))
		return -EINVAL;
	number *= 1ull << 10 * (unit - units);
	if (number >= 0x1p64L)
		return -EINVAL;
	*bytes = (uint64_t)number;
	return 0;
}

static int options_set_size(struct config *config, const char *text)
{
	if (options_parse_size(text, &config->memory) < 0 || config->memory % MIB ||
	    config->memory == 0)
		log_error("--memory", "%s: expected a size in whole MiB, such as 512M or 4G",
			  *text ? text : "no size");
	else if (config->memory > OPTIONS_MEMORY_MAX)
		log_error("--memory", "%s: more than 64T, the most that minivmm takes", text);
	else
		return 0;
	return -EINVAL;
}

/* Read hugepages=SIZE, the only property of RAM. */
static int options_set_backing(struct config *config, const char *word)
{
	static const struct {
		const char *word;
		uint64_t huge_page;
	} words[] = { { "hugepages=on", RAM_HUGE_DEFAULT },
		      { "hugepages=off", 0 },
		      { "hugepages=2M", 2 * MIB },
		      { "hugepages=1G", 1024 * MIB } };

	for (unsigned int i = 0; i < array_size(words); i++)
		if (strcmp(words[i].word, word) == 0) {
			config->huge_page = words[i].huge_page;
			return 0;
		}
	log_error("--memory",
		  "%s: expected a size in whole MiB, such as 512M or 4G, and hugepages=on, off, 2M "
		  "or 1G",
		  *word ? word : "a comma with nothing behind it");
	return -EINVAL;
}

int options_set_memory(struct config *config, char *text)
{
	char *words = text, *word = strsep(&words, ",");
	int ret = options_set_size(config, strncmp(word, "size=", 5) == 0 ? word + 5 : word);

	while (ret == 0 && (word = strsep(&words, ","))) {
		if (strncmp(word, "slots=", 6) == 0 || strncmp(word, "maxmem=", 7) == 0)
			log_info("-m",
				 "%s: ignored, because a guest has all of its RAM from the start",
				 word);
		else
			ret = options_set_backing(config, word);
	}
	return ret;
}

/* Everything after pin= is the list, which contains commas itself. */
static int options_set_pinned(struct config *config, const char *text)
{
	if (cpu_list_parse(&config->pinned, text) == 0)
		return 0;
	log_error("--cpus", "pin=%s: expected a list of host CPUs, such as 2-5,8", text);
	return -EINVAL;
}

static bool options_parse_count(const char *text, unsigned long *count)
{
	char *end;

	*count = strtoul(text, &end, 10);
	return end != text && !*end && text[0] != '-' && *count >= 1 &&
	       *count <= arch_layout.cpus_max;
}

/*
 * Read one word of -smp: N, cpus=N, or a factor of the topology; without a number, the product of
 * the factors is the number. *shaped is set if the word asks for a topology that a guest does not
 * have anyway. 0 or -EINVAL, not logged.
 */
static int options_add_cpus(const char *word, unsigned long *cpus, unsigned long *product,
			    bool *shaped)
{
	static const char *const factors[] = { "drawers=",  "books=",   "sockets=", "dies=",
					       "clusters=", "modules=", "cores=",   "threads=" };
	unsigned long count;

	for (unsigned int i = 0; i < array_size(factors); i++)
		if (strncmp(word, factors[i], strlen(factors[i])) == 0) {
			if (!options_parse_count(word + strlen(factors[i]), &count))
				return -EINVAL;
			*product = (*product ? *product : 1) * count;
			*shaped |= count > 1 && strcmp(factors[i], "cores=") != 0;
			return *product <= arch_layout.cpus_max ? 0 : -EINVAL;
		}
	if (strncmp(word, "maxcpus=", 8) == 0) /* CPUs that could be plugged in later are ignored */
		return options_parse_count(word + 8, &count) ? 0 : -EINVAL;
	if (strncmp(word, "cpus=", 5) == 0)
		word += 5;
	return options_parse_count(word, cpus) ? 0 : -EINVAL;
}

int options_set_cpus(struct config *config, char *text)
{
	unsigned long cpus = 0, product = 0;
	char *pin = strstr(text, ",pin="), *word;
	bool shaped = false;

	config->pinned.count = 0; /* forget the list of an earlier option */
	if (pin) {
		*pin = '\0';
		if (options_set_pinned(config, pin + strlen(",pin=")) < 0)
			return -EINVAL;
	}
	while ((word = strsep(&text, ",")))
		if (options_add_cpus(word, &cpus, &product, &shaped) < 0) {
			log_error("--cpus", "%s: expected a number from 1 to %u", word,
				  arch_layout.cpus_max);
			return -EINVAL;
		}
	if (shaped)
		log_info("-smp", "a guest's CPUs are cores of one socket, of one thread each");
	cpus = cpus ? cpus : product ? product : 1;
	if (pin && config->pinned.count != cpus) {
		log_error("--cpus", "pin=: %u host CPUs for %lu vCPUs, but each vCPU needs one",
			  config->pinned.count, cpus);
		return -EINVAL;
	}
	config->cpus = (unsigned int)cpus;
	return 0;
}

int options_set_console(struct config *config, char *text)
{
	bool file = strncmp(text, "file:", 5) == 0 && text[5];

	if (!file && strcmp(text, "stdio") != 0 && strcmp(text, "none") != 0 &&
	    strcmp(text, "pty") != 0) {
		log_error("--console", "%s: expected stdio, none, pty or file:PATH", text);
		return -EINVAL;
	}
	config->console = text;
	return 0;
}

int options_set_grace(struct config *config, char *text)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || seconds > OPTIONS_GRACE_MAX) {
		log_error("--grace", "%s: expected a number of seconds from 0 to %d", text,
			  OPTIONS_GRACE_MAX);
		return -EINVAL;
	}
	config->grace = (unsigned int)seconds;
	return 0;
}
