/* SPDX-License-Identifier: MIT */
/*
 * A finding is a value: one of an enum that says what was found, and the facts that belong to it.
 *
 * A check adds findings and knows no words. The tables of host_words_*.c have a row for each
 * finding: the check that it belongs to, how bad it is, a sentence, and the lines that fix it. This
 * file owns the facts, and turns a finding into text.
 */
#ifndef MINIVMM_HOST_FINDING_H
#define MINIVMM_HOST_FINDING_H

#include <stdint.h>
#include <stdio.h>

#include "host_words.h"

/* Facts that are text. A fact that is NULL or "" is missing. */
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
	X(arch)      /* of Debian's packages */                                                    \
	X(iommufd)   /* "iommufd", on a host that has it */                                        \
	X(unlimited) /* what takes a limit away when it is written into its file */

/* Facts that are numbers. They are never missing. */
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
	enum host_monitor monitor; /* the monitor that this host is a guest of */
};

#define HOST_NO_FACTS ((struct host_facts){ .loader = HOST_LOADER_UNKNOWN })

struct host_finding {
	enum host_found found;
	struct host_facts facts;
};

/* Find the row of words of a finding. Each finding has one, as host_finding_test.c checks. */
const struct host_words *host_words_find(enum host_found found);

/* The id of a check, such as "driver". */
const char *host_check_name(enum host_check check);

/* What a failing finding says in two or three words, for a column: such as "not bound". */
const char *host_found_brief(enum host_found found);

/* The sentence of a finding. The caller frees it; NULL if there is no memory. */
char *host_finding_text(const struct host_finding *finding);

/*
 * The line number `number` of those that fix it, counted from 0. The caller frees it; NULL if
 * there is no such line.
 */
char *host_finding_fix(const struct host_finding *finding, unsigned int number);

/* Returns whether each fact that the template names exists. For the tests of the table. */
int host_template_is_known(const char *template);

#endif
