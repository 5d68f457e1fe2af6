/* SPDX-License-Identifier: MIT */
/*
 * The tables behind host_words_find(), one for each subject. A finding has its row in one of them,
 * and in the others its row is empty. Phrases that two tables share are here, too.
 */
#ifndef MINIVMM_HOST_WORDS_TABLES_H
#define MINIVMM_HOST_WORDS_TABLES_H

#include "host_words.h"

#define LESS_RAM "give the guest less RAM: --memory"
#define GUARDED                                                                                    \
	"though its permissions allow it: SELinux, AppArmor or another guard "                     \
	"forbids it"
#define WHICH_GUARD                                                                                \
	"sudo dmesg | grep -iE 'denied|avc'   # tells which rule; or: sudo ausearch -m avc -ts "   \
	"recent"

extern const struct host_words host_words_of_host[FOUND_COUNT];
extern const struct host_words host_words_of_memory[FOUND_COUNT];
extern const struct host_words host_words_of_access[FOUND_COUNT];
extern const struct host_words host_words_of_hardware[FOUND_COUNT];

#endif
