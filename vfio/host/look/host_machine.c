/* SPDX-License-Identifier: MIT */
#include "host_machine.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_path.h"
#include "vmm/trace/macros.h"

bool host_cpu_has(const char *text)
{
	struct host_path path = host_path("/proc/cpuinfo");
	char *cpus = host_read_file(&path), *end;
	bool has = false;

	if (cpus) {
		end = strstr(cpus, "\n\n");
		if (end)
			*end = '\0';
		has = strstr(cpus, text) != NULL;
	}
	free(cpus);
	return has;
}

bool host_is_arm(void)
{
	return host_cpu_has("CPU implementer");
}

/* Whether the first line of a file begins with one of the names. */
static bool machine_begins(const char *file, const char *const *names, unsigned int count)
{
	struct host_path path = host_path("%s", file);
	char text[64];

	host_read_line(&path, text, sizeof(text));
	for (unsigned int i = 0; i < count; i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

bool host_is_virtual(void)
{
	static const char *const vendors[] = { "QEMU", "VMware", "innotek", "Xen", "Parallels" };
	static const char *const products[] = { "Virtual Machine", "KVM", "VirtualBox" };
	struct host_path tree = host_path("/proc/device-tree/hypervisor");

	return host_cpu_has(" hypervisor") || host_path_exists(&tree) ||
	       machine_begins("/sys/class/dmi/id/sys_vendor", vendors, array_size(vendors)) ||
	       machine_begins("/sys/class/dmi/id/product_name", products, array_size(products));
}

bool host_is_container(void)
{
	static const char *const signs[] = { "/run/.containerenv", "/.dockerenv",
					     "/run/systemd/container" };
	bool found = false;

	for (unsigned int i = 0; i < array_size(signs) && !found; i++) {
		struct host_path path = host_path("%s", signs[i]);

		found = host_path_exists(&path);
	}
	return found;
}

/* The initial namespace maps all users to themselves. */
bool host_in_user_namespace(void)
{
	struct host_path path = host_path("/proc/self/uid_map");
	unsigned int inside, outside, count;
	char text[64];

	host_read_line(&path, text, sizeof(text));
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (inside != 0 || outside != 0 || count != UINT32_MAX);
}
