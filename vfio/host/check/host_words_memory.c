/* SPDX-License-Identifier: MIT */
/* The words for memory: how much may be locked, how much is there, and on which NUMA node. */
#include "host_words_tables.h"

const struct host_words host_words_of_memory[FOUND_COUNT] = {
	[FOUND_MEMLOCK] = {
		CHECK_MEMLOCK, HOST_OK,
		.text = "{need} of guest RAM may be locked",
	},
	[FOUND_MEMLOCK_SHORT] = {
		CHECK_MEMLOCK, HOST_FAIL,
		.text = "passing a device through needs {need} of locked memory (the guest's "
			"RAM): {need_kib} KiB. The limit (ulimit -l, RLIMIT_MEMLOCK) is "
			"{room_kib} KiB for each process[, and with {iommufd} for all processes "
			"of the user together]",
		.fixes = {
			"sudo prlimit --memlock={need_bytes} --pid $$   # this shell, now",
			"echo \"$USER - memlock {need_kib}\" | sudo tee "
			"/etc/security/limits.d/minivmm.conf   # from the next login on",
			"LimitMEMLOCK={need_bytes}   # in the unit file of a systemd service",
		},
	},

	[FOUND_MEMORY] = {
		CHECK_MEMORY, HOST_OK,
		.text = "{room} of memory are available, the guest needs {need}",
	},
	[FOUND_MEMORY_SWAPS] = {
		CHECK_MEMORY, HOST_WARN,
		.text = "the guest needs {need} of memory at once, but only {room} of {size} are "
			"available: this host will have to swap other programs out",
	},
	[FOUND_MEMORY_SHORT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory at once, and only {room} of {size} are "
			"available: the kernel would kill a program to get them",
		.fixes = {
			"give the guest less RAM: --memory {room_mib}M at most",
			"end other programs or guests that need memory",
		},
	},
	[FOUND_MEMORY_LIMITED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory at once, and the cgroup limit of {size} "
			"leaves {room}: the kernel would kill it",
		.fixes = {
			"give the guest less RAM: --memory {room_mib}M at most",
			"echo {unlimited} | sudo tee {path}   # takes the limit away until the "
			"cgroup is made anew",
		},
	},
	[FOUND_MEMORY_PROMISED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} of memory, and the kernel promises at most "
			"{room} more, because vm.overcommit_memory is 2",
		.fixes = {
			"sudo sysctl vm.overcommit_memory=0   # until the next boot",
			"give the guest less RAM: --memory {room_mib}M at most",
		},
	},
	[FOUND_HUGE_PAGES] = {
		CHECK_MEMORY, HOST_OK,
		.text = "{room} of huge pages of {size} are free, the guest needs {need}",
	},
	[FOUND_HUGE_PAGES_SURPLUS] = {
		CHECK_MEMORY, HOST_WARN,
		.text = "the guest needs {need} in huge pages of {size}, and {room} of them are "
			"free: the kernel will have to make the rest (nr_overcommit_hugepages), "
			"which fails if memory is fragmented",
		.fixes = { "echo {count} | sudo tee {path}/nr_hugepages   # makes them now" },
	},
	[FOUND_HUGE_PAGES_SHORT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} in huge pages of {size}, and {room} of them are "
			"free",
		.fixes = {
			"--memory {need_mib}M,hugepages={name}   # enough pages of that size are "
			"free",
			"echo {count} | sudo tee {path}/nr_hugepages   # enlarges the pool now",
			"add hugepagesz={size_kib}K hugepages={count} to the kernel command "
			"line   # at the next boot, when memory is not fragmented yet",
		},
	},
	[FOUND_HUGE_PAGES_ABSENT] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "this kernel has no huge pages of {size}",
		.fixes = { "ls /sys/kernel/mm/hugepages   # shows the sizes it has" },
	},
	[FOUND_HUGE_PAGES_LIMITED] = {
		CHECK_MEMORY, HOST_FAIL,
		.text = "the guest needs {need} in huge pages of {size}, and the cgroup's limit "
			"leaves {room}",
		.fixes = {
			"echo {unlimited} | sudo tee {path}   # takes the limit away until the "
			"cgroup is made anew",
		},
	},
	[FOUND_MEMORY_UNSEEN] = {
		CHECK_MEMORY, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "how much memory is available cannot be seen from here: /proc/meminfo "
			"does not say",
		.fixes = { "{program} doctor   # outside this container" },
	},
	[FOUND_NUMA] = {
		CHECK_NUMA, HOST_OK,
		.text = "next to NUMA node {count}, from which the guest gets its memory if it can",
	},
	[FOUND_NUMA_PAGES_SHORT] = {
		CHECK_NUMA, HOST_WARN,
		.text = "next to NUMA node {group}, which has {room} of free huge pages of {size} "
			"for the {need} that the guest needs: the rest is farther away from the "
			"device",
		.fixes = { "echo {count} | sudo tee {path}/nr_hugepages   # enlarges the node's "
			   "pool now" },
	},
	[FOUND_NUMA_CPUS_ELSEWHERE] = {
		CHECK_NUMA, HOST_WARN,
		.text = "next to NUMA node {count}, whose CPUs are {name}, but the vCPUs may run "
			"on others, farther away from the device",
		.fixes = { "minivmm --cpus N,pin=LIST   # N of the CPUs {name}" },
	},
};
