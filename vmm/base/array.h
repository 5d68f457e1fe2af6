/* SPDX-License-Identifier: MIT */
/*
 * An element more, an element less, in an array on the heap that is kept in order.
 *
 * The order, and the count of elements, are the caller's.
 */
#ifndef MINIVMM_ARRAY_H
#define MINIVMM_ARRAY_H

#include <stddef.h>

/*
 * Copy the `size` bytes at `element` into `array` before its element number `at`, of `count`.
 * Returns the array, which may have moved; or NULL when there is no memory: then it is as before.
 */
void *array_insert(void *array, size_t count, size_t size, size_t at, const void *element);

/* Close the gap that element number `at` of `count` leaves. */
void array_remove(void *array, size_t count, size_t size, size_t at);

#endif
