/* SPDX-License-Identifier: MIT */
/*
 * A finding is a value: what was found, as one of an enum, and the facts that belong to it.
 *
 * A check adds findings and knows no words. The table in host_words.c has a row for each finding:
 * the check it belongs to, how bad it is, a sentence, and the lines that fix it. This file owns the
 * types, and turns a finding into text.
 *
 * How a template reads: `{name}` stands for a fact. `[...]` is left out when a fact in it is
 * missing. A fix is left out altogether when one of its facts is missing.
 */
#ifndef MINIVMM_HOST_FINDING_H
#define MINIVMM_HOST_FINDING_H

#include <stdint.h>
#include <stdio.h>

#include "vfio/host/look/host_kernel.h"

enum host_status {
	HOST_OK,
	HOST_WARN, /* works, but the user wants to know */
	HOST_FAIL, /* a start would fail, or do harm */
};

/* The checks, in the order of doctor's list. Their names are promised to readers of JSON. */
enum host_check {
	CHECK_KVM,
	CHECK_IOMMU,
	CHECK_REMAPPING,
	CHECK_VFIO,
	CHECK_MEMLOCK,
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
	FOUND_KVM_NOT_AT_EL2,
	FOUND_KVM_NOT_IN_CPU,
	FOUND_KVM_DENIED,
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

	FOUND_REMAPPING,
	FOUND_REMAPPING_UNSAFE,
	FOUND_REMAPPING_SWITCHED_OFF,
	FOUND_REMAPPING_MISSING,

	FOUND_VFIO,
	FOUND_VFIO_BUILTIN,
	FOUND_VFIO_NOT_LOADED,
	FOUND_VFIO_BLACKLISTED,
	FOUND_VFIO_BLOCKED,
	FOUND_VFIO_ABSENT,
	FOUND_VFIO_UNREGISTERED,
	FOUND_VFIO_WITHOUT_CONTAINER,
	FOUND_VFIO_DENIED,

	FOUND_MEMLOCK,
	FOUND_MEMLOCK_SHORT,

	FOUND_DEVICE,
	FOUND_DEVICE_ABSENT,
	FOUND_DEVICE_BRIDGE,

	FOUND_CONFIG,
	FOUND_CONFIG_UNREADABLE,
	FOUND_CONFIG_ALL_ONES,

	FOUND_ISOLATED,
	FOUND_ISOLATED_BUT_RESERVED,
	FOUND_NOT_ISOLATED,

	FOUND_USE_MOUNTED,
	FOUND_USE_SWAP,
	FOUND_USE_UPPER_DISK,
	FOUND_USE_CLAIMED,
	FOUND_USE_ROUTE,
	FOUND_USE_DISPLAY,
	FOUND_USE_FUNCTIONS,

	FOUND_DRIVER,
	FOUND_DRIVER_OTHER,
	FOUND_DRIVER_NONE,

	FOUND_GROUP_ALONE,
	FOUND_GROUP_TOGETHER,
	FOUND_GROUP_NOT_VIABLE,
	FOUND_GROUP_BRIDGE_IN_WAY,

	FOUND_NODE,
	FOUND_NODE_ABSENT,
	FOUND_NODE_DENIED,
	FOUND_NODE_BROKEN,
	FOUND_NODE_BUSY,
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
	FOUND_DISPLAY_BOOTED,

	FOUND_COUNT
};

/* Why devices share a group: what on the way up to the CPU cannot keep them apart. */
enum host_sharing {
	SHARING_ONE_CHIP,     /* functions of one chip, or of a root complex without ACS */
	SHARING_WITHOUT_ACS,  /* the port above forwards from one device below it to another */
	SHARING_CONVENTIONAL, /* behind a bridge to conventional PCI they look like one */
	SHARING_UNSEEN,       /* only root sees it */
	SHARING_COUNT
};

/* Text. A fact that is NULL or "" is missing. */
#define HOST_FACT_TEXTS(X)                                                                         \
	X(object)  /* what the report is about: a BDF, or "host" */                                \
	X(program) /* how minivmm was started, for fixes that start it again */                    \
	X(bdf)     /* another device */                                                            \
	X(driver)  /* of the kernel */                                                             \
	X(module)                                                                                  \
	X(error)     /* what the kernel said */                                                    \
	X(name)      /* of the thing found, as people call it */                                   \
	X(path)      /* of a file */                                                               \
	X(where)     /* a place in the file system, or a line of a file */                         \
	X(parameter) /* of the kernel's command line */                                            \
	X(members)   /* of an IOMMU group, with their drivers */                                   \
	X(others)    /* BDFs */                                                                    \
	X(port)      /* the BDF of a bridge or port above */                                       \
	X(rule)      /* by which udev knows a file */                                              \
	X(subsystem) /* of a device file */                                                        \
	X(methods)   /* of reset */                                                                \
	X(state)     /* of power */                                                                \
	X(status)    /* of runtime power management */                                             \
	X(d3cold)    /* the BDF of a device that may lose its power */                             \
	X(switched)  /* the file by which a laptop's second GPU is switched on */                  \
	X(iommufd)   /* "iommufd", on a host that has it */

/* Numbers are never missing. */
#define HOST_FACT_NUMBERS(X)                                                                       \
	X(vendor)                                                                                  \
	X(device)                                                                                  \
	X(class_code)                                                                              \
	X(group) /* an IOMMU group */                                                              \
	X(count) /* of the things found */                                                         \
	X(bar)   /* a BAR's number */                                                              \
	X(size)  /* bytes, as are the next five */                                                 \
	X(room)                                                                                    \
	X(need)                                                                                    \
	X(narrow) /* BARs with 32-bit addresses */                                                 \
	X(wide)   /* and with 64-bit ones */                                                       \
	X(ports)  /* and of I/O */                                                                 \
	X(bits)   /* an address has */                                                             \
	X(end)    /* an address, as is the next */                                                 \
	X(reach)                                                                                   \
	X(offset)

struct host_facts {
#define TEXT(name)   const char *name;
#define NUMBER(name) uint64_t name;
	HOST_FACT_TEXTS(TEXT)
	HOST_FACT_NUMBERS(NUMBER)
#undef TEXT
#undef NUMBER
	enum host_loader loader; /* where `parameter` is added or taken away */
	enum host_sharing sharing;
};

#define HOST_NO_FACTS ((struct host_facts){ .loader = HOST_LOADER_UNKNOWN })

struct host_finding {
	enum host_found found;
	struct host_facts facts;
};

/* A row of the table. */
#define HOST_FIXES_MAX 6

struct host_words {
	enum host_check check;
	enum host_status status;
	const char *text;
	const char *fixes[HOST_FIXES_MAX];
};

extern const struct host_words host_words[FOUND_COUNT];

/* Templates within templates: {add} and {del} of a kernel parameter, {why} a group is shared. */
struct host_loader_words {
	const char *add, *del;
};

extern const struct host_loader_words host_loader_words[HOST_LOADERS];
extern const char *const host_sharing_words[SHARING_COUNT];

/* The id of a check, such as "driver". */
const char *host_check_name(enum host_check check);

/* In two or three words, for a column: what is wrong when the check fails, such as "not bound". */
const char *host_check_brief(enum host_check check);

/* The sentence of a finding: the caller's to free, NULL without memory. */
char *host_finding_text(const struct host_finding *finding);

/*
 * The lines that fix it, counted from 0: the caller's to free. NULL when there is none of that
 * number.
 */
char *host_finding_fix(const struct host_finding *finding, unsigned int number);

/* Whether each fact that the template names exists. For the tests of the table. */
int host_template_is_known(const char *template);

#endif
