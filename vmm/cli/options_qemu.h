/* SPDX-License-Identifier: MIT */
/*
 * Options of QEMU's that people paste, beside those that minivmm has itself.
 *
 * Owns a table of options, and in options_qemu_kinds.c two of devices and objects, that say what
 * becomes of each: words that say what minivmm does anyway are
 * accepted in silence; words that change what a guest hardly notices are mentioned and ignored;
 * words that ask for something minivmm has not are refused, with what to use instead.
 *
 * Read beside it: qemu-system-x86_64(1).
 */
#ifndef MINIVMM_OPTIONS_QEMU_H
#define MINIVMM_OPTIONS_QEMU_H

#include <stdbool.h>

#include "config.h"

/* True if QEMU has an option of this name of `length` characters, and minivmm does not. */
bool options_qemu_has(const char *name, size_t length);

/* True if the option takes a value. */
bool options_qemu_takes_value(const char *name, size_t length);

/*
 * The verdict on the option, whose name is one that options_qemu_has(); `value` is NULL for one
 * that takes none, and is cut up in place. 0, logged if it is worth a word; -ENOTSUP, logged with
 * what to use instead, for one that is refused; -EINVAL, logged.
 */
int options_qemu_judge(const char *name, size_t length, char *value);

/*
 * The verdict on `-device MODEL` other than vfio-pci. 0, logged once, for one that a guest can do
 * without; -ENOTSUP, logged with what to use instead.
 */
int options_qemu_judge_device(struct config *config, const char *model);

/*
 * The same for `-object TYPE,WORDS` other than iommufd. If it asks for huge pages, *config does
 * too.
 */
int options_qemu_judge_object(struct config *config, const char *type, const char *words);

/* True if the value of -trace names events of QEMU's, not a file. */
bool options_qemu_is_trace(const char *value);

/* -accel NAME[,PROPERTY=VALUE]...: what follows kvm is a second choice. 0 or -ENOTSUP, logged. */
int options_set_qemu_accel(struct config *config, char *value);

/* -serial VALUE, and -mem-path PATH: what minivmm's own options say. 0 or -EINVAL, logged. */
int options_set_qemu_serial(struct config *config, char *value);
int options_set_qemu_mem_path(struct config *config, char *value);

#endif
