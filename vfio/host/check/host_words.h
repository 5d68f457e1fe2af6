/* SPDX-License-Identifier: MIT */
/*
 * What can be found, and the row of words that each finding has. A row has the check that the
 * finding belongs to, how bad it is, a sentence, and the lines that fix it. The tables are in
 * host_words_*.c, each for the findings of the host_check_*.c of the same subject.
 *
 * How to read a template: `{name}` stands for a fact of host_finding.h. A part in `[...]` is left
 * out if a fact in it is missing. A fix is left out altogether if one of its facts is missing.
 */
#ifndef MINIVMM_HOST_WORDS_H
#define MINIVMM_HOST_WORDS_H

#include "vfio/host/look/host_kernel.h"
#include "vfio/host/look/host_machine.h"

enum host_status {
	HOST_OK,
	HOST_WARN,   /* works, but the user wants to know it */
	HOST_UNSEEN, /* cannot be seen from here; the words say who could see it */
	HOST_FAIL,   /* known to be bad: a start would fail or do harm */
};

/* The checks in the order of doctor's list. Readers of JSON rely on their names. */
enum host_check {
	CHECK_KVM,
	CHECK_IOMMU,
	CHECK_REMAPPING,
	CHECK_VFIO,
	CHECK_MEMLOCK,
	CHECK_MEMORY,
	CHECK_NUMA,
	CHECK_DEVICE,
	CHECK_CONFIG,
	CHECK_DRIVER,
	CHECK_GROUP,
	CHECK_NODE,
	CHECK_RESET,
	CHECK_BARS,
	CHECK_MSIX,
	CHECK_ROM,
	CHECK_DISPLAY,
};

enum host_found {
	FOUND_KVM,
	FOUND_KVM_NESTED,
	FOUND_KVM_EMULATED,
	FOUND_KVM_NOT_LOADED,
	FOUND_KVM_UNSEEN,
	FOUND_KVM_NO_FILE,
	FOUND_KVM_UNDER_XEN,
	FOUND_KVM_NOT_AT_EL2,
	FOUND_KVM_NOT_IN_CPU,
	FOUND_KVM_NOT_IN_VM,
	FOUND_KVM_DENIED,
	FOUND_KVM_GUARDED,
	FOUND_KVM_NOT_ALLOWED,
	FOUND_KVM_BROKEN,

	FOUND_IOMMU,
	FOUND_IOMMU_NARROW,
	FOUND_IOMMU_SWITCHED_OFF,
	FOUND_IOMMU_LEFT_OFF,
	FOUND_IOMMU_BROKEN,
	FOUND_IOMMU_ABSENT,
	FOUND_IOMMU_ABSENT_INTEL,
	FOUND_IOMMU_ABSENT_AMD,
	FOUND_IOMMU_ABSENT_ARM,
	FOUND_IOMMU_OFF_IN_TREE,
	FOUND_IOMMU_ABSENT_IN_VM,
	FOUND_IOMMU_ABSENT_IN_ARM_VM,
	FOUND_IOMMU_FIRMWARE_UNSEEN,
	FOUND_IOMMU_UNDER_XEN,
	FOUND_IOMMU_UNSEEN,

	FOUND_REMAPPING,
	FOUND_REMAPPING_UNSAFE,
	FOUND_REMAPPING_SWITCHED_OFF,
	FOUND_REMAPPING_MISSING,
	FOUND_REMAPPING_MISSING_ARM,
	FOUND_REMAPPING_MISSING_IN_VM,
	FOUND_REMAPPING_UNSEEN,

	FOUND_VFIO,
	FOUND_VFIO_BUILTIN,
	FOUND_VFIO_OTHER,
	FOUND_VFIO_NOT_LOADED,
	FOUND_VFIO_BLACKLISTED,
	FOUND_VFIO_BLOCKED,
	FOUND_VFIO_ABSENT,
	FOUND_VFIO_UNSEEN,
	FOUND_VFIO_UNREGISTERED,
	FOUND_VFIO_WITHOUT_CONTAINER,
	FOUND_VFIO_NOT_GIVEN,
	FOUND_VFIO_DENIED,
	FOUND_VFIO_WITHOUT_TYPE1,

	FOUND_MEMLOCK,
	FOUND_MEMLOCK_SHORT,

	FOUND_MEMORY,
	FOUND_MEMORY_SWAPS,
	FOUND_MEMORY_SHORT,
	FOUND_MEMORY_LIMITED,
	FOUND_MEMORY_PROMISED,
	FOUND_MEMORY_UNSEEN,
	FOUND_NUMA,
	FOUND_NUMA_PAGES_SHORT,
	FOUND_NUMA_CPUS_ELSEWHERE,
	FOUND_HUGE_PAGES,
	FOUND_HUGE_PAGES_SURPLUS,
	FOUND_HUGE_PAGES_SHORT,
	FOUND_HUGE_PAGES_ABSENT,
	FOUND_HUGE_PAGES_LIMITED,

	FOUND_DEVICE,
	FOUND_DEVICE_ABSENT,
	FOUND_DEVICE_UNSEEN,
	FOUND_DEVICE_BRIDGE,

	FOUND_CONFIG,
	FOUND_CONFIG_UNREADABLE,
	FOUND_CONFIG_UNSEEN,
	FOUND_CONFIG_ALL_ONES,
	FOUND_CONFIG_HALF_DEAD,

	FOUND_ISOLATED,
	FOUND_ISOLATED_BUT_RESERVED,
	FOUND_ISOLATED_BY_NOBODY,
	FOUND_ISOLATED_AS_ONE,
	FOUND_NOT_ISOLATED,
	FOUND_NOT_ISOLATED_YET,

	FOUND_USE_MOUNTED,
	FOUND_USE_ROOT,
	FOUND_USE_POOL,
	FOUND_USE_SWAP,
	FOUND_USE_UPPER_DISK,
	FOUND_USE_CLAIMED,
	FOUND_USE_ROUTE,
	FOUND_USE_DISPLAY,
	FOUND_USE_FUNCTIONS,
	FOUND_USE_UNSEEN,
	FOUND_USE_OPEN,
	FOUND_USE_OPEN_UNSEEN,
	FOUND_USE_OPEN_OUTSIDE,
	FOUND_USE_PROC_UNSEEN,
	FOUND_USE_PORT_UNSEEN,
	FOUND_USE_SWITCH,

	FOUND_DRIVER,
	FOUND_DRIVER_OTHER,
	FOUND_DRIVER_NONE,
	FOUND_DRIVER_REFUSES,

	FOUND_GROUP_ALONE,
	FOUND_GROUP_TOGETHER,
	FOUND_GROUP_NOT_VIABLE,
	FOUND_GROUP_BRIDGE_IN_WAY,

	FOUND_NODE,
	FOUND_NODE_ABSENT,
	FOUND_NODE_DENIED,
	FOUND_NODE_GUARDED,
	FOUND_NODE_NOT_ALLOWED,
	FOUND_NODE_BROKEN,
	FOUND_NODE_BUSY,
	FOUND_NODE_HELD,
	FOUND_NODE_NO_IOMMUFD,
	FOUND_NODE_NO_CDEV,

	FOUND_RESET_FLR,
	FOUND_RESET_METHODS,
	FOUND_RESET_SOME,
	FOUND_RESET_BUS_ALONE,
	FOUND_RESET_BUS_SHARED,
	FOUND_RESET_NONE,

	FOUND_BARS,
	FOUND_BARS_UNASSIGNED,
	FOUND_BARS_LOW,
	FOUND_BARS_HIGH,
	FOUND_BARS_PORTS,

	FOUND_MSIX,
	FOUND_MSIX_UNSEEN,
	FOUND_MSIX_UNSEEN_HERE,
	FOUND_MSIX_NONE_BUT_MSI,
	FOUND_MSIX_NONE_BUT_PIN,
	FOUND_MSIX_NO_INTERRUPT,
	FOUND_MSIX_OUTSIDE,
	FOUND_MSIX_SHARES_PAGE,

	FOUND_ROM,
	FOUND_ROM_SHADOWED,
	FOUND_ROM_OF_DISPLAY_NONE,
	FOUND_ROM_NONE,

	FOUND_DISPLAY_FREE,
	FOUND_DISPLAY_CONSOLE,
	FOUND_DISPLAY_OWN_CONSOLE,
	FOUND_DISPLAY_BOOTED,
	FOUND_DISPLAY_BOOTED_DARK,
	FOUND_DISPLAY_SCREEN,

	FOUND_COUNT
};

/* Why devices share a group: which part of the way up to the CPU cannot keep them apart. */
enum host_sharing {
	SHARING_ONE_CHIP,     /* functions of one chip, or of a root complex without ACS */
	SHARING_WITHOUT_ACS,  /* the port above forwards from one device below it to another */
	SHARING_CONVENTIONAL, /* a bridge to conventional PCI makes them look like one */
	SHARING_UNSEEN,       /* only root sees it */
	SHARING_COUNT
};

/* Who could see what cannot be seen from here. */
enum host_seer {
	SEER_NOBODY, /* nobody, or there is nothing unseen */
	SEER_ROOT,
	SEER_OUTSIDE, /* a process outside this container */
	SEERS
};

/* The seer's name in JSON; NULL for nobody. */
extern const char *const host_seers[SEERS];

/* A row of the table. */
#define HOST_FIXES_MAX 6

struct host_words {
	enum host_check check;
	enum host_status status;
	enum host_seer seer; /* for a finding that is something unseen, or rests on it */
	const char *text;
	const char *fixes[HOST_FIXES_MAX];
};

/*
 * Templates within templates, in host_templates.c: how to {add} and {del} a kernel parameter,
 * {why} a group is shared, and how a monitor is told to {give_kvm} or {give_iommu} to its guest.
 */
struct host_loader_words {
	const char *add, *del;
};

extern const struct host_loader_words host_loader_words[HOST_LOADERS];
extern const char *const host_sharing_words[SHARING_COUNT];

struct host_monitor_words {
	const char *kvm, *iommu;
};

extern const struct host_monitor_words host_monitor_words[HOST_MONITORS];

#endif
