/* SPDX-License-Identifier: MIT */
#include "host_machine.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_number.h"
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

/* Returns whether the first line of a file begins with one of the names. */
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

/* Amazon's whole machines say .metal; an Arm CPU does not tell of a monitor by itself. */
static bool machine_is_rented_part(void)
{
	static const char *const vendors[] = { "Amazon EC2" };
	struct host_path path = host_path("/sys/class/dmi/id/product_name");
	char product[64];

	host_read_line(&path, product, sizeof(product));
	return machine_begins("/sys/class/dmi/id/sys_vendor", vendors, 1) && product[0] &&
	       !strstr(product, ".metal");
}

bool host_is_virtual(void)
{
	static const char *const vendors[] = { "QEMU", "VMware", "innotek", "Xen", "Parallels" };
	static const char *const products[] = { "Virtual Machine",
						"KVM",
						"VirtualBox",
						"Google Compute Engine",
						"OpenStack",
						"Droplet",
						"vServer",
						"BHYVE",
						"AHV",
						"Apple Virtualization" };
	/* QEMU, kvmtool and others name their machine without ACPI so; Xen's has its own name. */
	static const char *const boards[] = { "linux,dummy-virt", "xen,xenvm" };
	struct host_path tree = host_path("/proc/device-tree/hypervisor");

	return host_cpu_has(" hypervisor") || host_path_exists(&tree) || machine_is_rented_part() ||
	       machine_begins("/proc/device-tree/compatible", boards, array_size(boards)) ||
	       machine_begins("/sys/class/dmi/id/sys_vendor", vendors, array_size(vendors)) ||
	       machine_begins("/sys/class/dmi/id/product_name", products, array_size(products));
}

/* What a guest's firmware or kernel says about the monitor. */
static const struct {
	const char *file, *begins;
	enum host_monitor monitor;
} machine_monitors[] = {
	{ "/proc/sys/fs/binfmt_misc/WSLInterop", "", HOST_MONITOR_WSL },
	{ "/sys/class/dmi/id/sys_vendor", "VMware", HOST_MONITOR_VMWARE },
	{ "/sys/class/dmi/id/sys_vendor", "innotek", HOST_MONITOR_VIRTUALBOX },
	{ "/sys/class/dmi/id/product_name", "VirtualBox", HOST_MONITOR_VIRTUALBOX },
	{ "/sys/class/dmi/id/product_name", "Virtual Machine", HOST_MONITOR_HYPERV },
	{ "/sys/class/dmi/id/sys_vendor", "Amazon EC2", HOST_MONITOR_CLOUD },
	{ "/sys/class/dmi/id/sys_vendor", "Google", HOST_MONITOR_CLOUD },
	{ "/sys/class/dmi/id/sys_vendor", "Xen", HOST_MONITOR_XEN },
	{ "/sys/hypervisor/type", "xen", HOST_MONITOR_XEN },
};

static bool machine_file_has(const char *file, const char *words)
{
	struct host_path path = host_path("%s", file);
	char *text = host_read_file(&path);
	bool has = text && strstr(text, words);

	free(text);
	return has;
}

enum host_monitor host_find_monitor(void)
{
	if (machine_file_has("/proc/version", "icrosoft"))
		return HOST_MONITOR_WSL;
	for (unsigned int i = 0; i < array_size(machine_monitors); i++) {
		struct host_path path = host_path("%s", machine_monitors[i].file);

		if (host_path_exists(&path) &&
		    machine_begins(machine_monitors[i].file, &machine_monitors[i].begins, 1))
			return machine_monitors[i].monitor;
	}
	return HOST_MONITOR_OTHER;
}

/*
 * Bit 11 of the features that Xen shows to its guests: XENFEAT_dom0 of Xen's public/features.h.
 */
bool host_is_xen_control(void)
{
	struct host_path path = host_path("/sys/hypervisor/properties/features");
	uint64_t features;

	return machine_file_has("/proc/xen/capabilities", "control_d") ||
	       (host_read_number(&path, 16, &features) && (features & (1u << 11)));
}

/* ---- device tree ---- */

static bool machine_node_has(const struct host_path *node, const char *file, const char *word)
{
	struct host_path path = host_path_in(node, file);
	char text[256] = "";
	int n = host_read_bytes(&path, text, sizeof(text) - 1);

	return n > 0 && memmem(text, (size_t)n, word, strlen(word));
}

/* The nodes of one folder; buses of a chip are folders in it. */
static enum host_smmu machine_look_for_smmu(const struct host_path *folder, unsigned int depth)
{
	enum host_smmu found = HOST_SMMU_NONE;
	struct host_dir dir;

	host_dir_read(&dir, folder);
	for (int i = 0; i < dir.count && found != HOST_SMMU_THERE; i++) {
		struct host_path node = host_path_in(folder, dir.entries[i]->d_name);
		enum host_smmu one = HOST_SMMU_NONE;

		if (machine_node_has(&node, "compatible", "arm,smmu") ||
		    machine_node_has(&node, "compatible", "arm,mmu-500"))
			one = machine_node_has(&node, "status", "disabled") ? HOST_SMMU_DISABLED
									    : HOST_SMMU_THERE;
		else if (depth)
			one = machine_look_for_smmu(&node, depth - 1);
		found = one > found ? one : found;
	}
	host_dir_free(&dir);
	return found;
}

enum host_smmu host_find_smmu_node(void)
{
	struct host_path root = host_path("/sys/firmware/devicetree/base");

	return host_is_arm() ? machine_look_for_smmu(&root, 2) : HOST_SMMU_NONE;
}

/* ---- how much of it can be seen ---- */

/*
 * Container engines leave signs for programs. Some mount something over files of /proc that would
 * tell about the host. Some show in the cgroup's name, if cgroups have no namespace.
 */
bool host_is_container(void)
{
	static const char *const files[] = { "/run/.containerenv",
					     "/.dockerenv",
					     "/run/systemd/container",
					     "/.flatpak-info",
					     "/run/secrets/kubernetes.io",
					     "/run/host/container-manager",
					     "/dev/lxd/sock",
					     "/dev/incus/sock",
					     "/dev/.lxc" };
	static const char *const mounts[] = { " /proc/kcore ", " /proc/keys ", " /proc/interrupts ",
					      " /proc/meminfo " };
	static const char *const cgroups[] = { "/docker/", "/kubepods", "/libpod", "/lxc/",
					       "/lxc.payload" };
	bool found = false;

	for (unsigned int i = 0; i < array_size(files) && !found; i++) {
		struct host_path path = host_path("%s", files[i]);

		found = host_path_exists(&path);
	}
	for (unsigned int i = 0; i < array_size(mounts) && !found; i++)
		found = machine_file_has("/proc/self/mountinfo", mounts[i]);
	for (unsigned int i = 0; i < array_size(cgroups) && !found; i++)
		found = machine_file_has("/proc/self/cgroup", cgroups[i]);
	return found;
}

bool host_hides_processes(void)
{
	static const char *const options[] = { "hidepid=1", "hidepid=2", "hidepid=noaccess",
					       "hidepid=invisible", "hidepid=ptraceable" };
	bool found = false;

	for (unsigned int i = 0; i < array_size(options) && !found; i++)
		found = machine_file_has("/proc/self/mountinfo", options[i]);
	return found;
}

/* The initial namespace maps all users to themselves. */
bool host_in_user_namespace(void)
{
	struct host_path path = host_path("/proc/self/uid_map");
	unsigned int inside, outside, count;
	char text[64];

	if (!host_path_exists(&path)) /* limits and capabilities are those of this process */
		snprintf(path.text, sizeof(path.text), "/proc/self/uid_map");
	host_read_line(&path, text, sizeof(text));
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (inside != 0 || outside != 0 || count != UINT32_MAX);
}

/* glibc has this function; only libcap has a header for it. */
int capget(cap_user_header_t header, cap_user_data_t data);

/*
 * The kernel wants the capability in the initial user namespace; one that another namespace gives
 * does not count.
 */
bool host_has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !host_in_user_namespace() && capget(&header, data) == 0 &&
	       (data[0].effective & (1u << capability));
}

bool host_is_lesser(void)
{
	return host_in_user_namespace() || (geteuid() == 0 && !host_has_capability(CAP_SYS_ADMIN));
}
