/* SPDX-License-Identifier: MIT */
/* Two operators that C lacks. */
#ifndef MINIVMM_MACROS_H
#define MINIVMM_MACROS_H

#include <stddef.h>

/* How many elements an array has; not for pointers. */
#define array_size(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of this type whose `member` is at `pointer`. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
