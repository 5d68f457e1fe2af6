/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a word of QEMU's: one row of the tables in options_qemu.c and
 * options_qemu_kinds.c.
 *
 * Owns the three verdicts, and the advice that several rows give.
 */
#ifndef MINIVMM_OPTIONS_QEMU_WORDS_H
#define MINIVMM_OPTIONS_QEMU_WORDS_H

#include <stdbool.h>

enum qemu_verdict { QEMU_SILENT, QEMU_NOTED, QEMU_REFUSED };

struct qemu_word {
	const char *option;
	const char *pattern; /* fnmatch(3), of one word of the value; NULL: there is no value */
#include <stdbool.h>

	enum qemu_verdict verdict;
	const char *words; /* NULL for QEMU_SILENT */
};

#define ONE_SHAPE "minivmm has one kind of machine; ignored"
#define ONE_ROOT  "a guest has one root bus, and root ports on it; ignored"
#define OWN_CPUS  "a guest has the CPUs of this host; ignored"
#define USE_DISK                                                                                   \
	"use --disk FILE for a disk image, or pass the disk's controller through by --vfio BDF"
#define USE_FIRMWARE "use --firmware FILE,vars=FILE"
#define USE_NET                                                                                    \
	"pass a network card through by --vfio BDF, or use --vhost-user net,socket=PATH with a "   \
	"server such as passt"
#define USE_GPU                                                                                    \
	"minivmm emulates no display: pass a GPU through by --vfio BDF, or use the console of "    \
	"this terminal"
#define NO_IOMMU  "a guest has no IOMMU of its own: leave it out unless the guest passes devices on"
#define USE_SOUND "minivmm emulates no sound: pass a sound card through by --vfio BDF"
#define USE_USB   "minivmm emulates no USB: pass a USB controller through by --vfio BDF"

#define OWN_TREE         "minivmm writes the device tree itself; --dump-dtb FILE shows it"
#define NOT_CONFIDENTIAL "minivmm starts no confidential guests"

#define USE_QMP                                                                                    \
	"minivmm has no monitor: Ctrl-A h lists the keys, and --qmp unix:PATH is for programs"

/* Whether the value of an option asks for help, as QEMU answers it; then that is logged. */
bool options_qemu_is_question(const char *option, const char *value);

/*
 * Say it, of `value` or "". 0, or -ENOTSUP, logged, for a word that is refused: the rest of the
 * line can be read all the same, and may have more of them.
 */
int options_qemu_say(const struct qemu_word *word, const char *value);

#endif
