/* SPDX-License-Identifier: MIT */
/*
 * Insert and remove an element of a sorted array on the heap.
 *
 * The caller keeps the order and the count of elements.
 */
#ifndef MINIVMM_ARRAY_H
#define MINIVMM_ARRAY_H

#include <stddef.h>

/*
 * Copy the `size` bytes at `element` into `array` before its element number `at`, of `count`.
 * Returns the array, which may have moved, or NULL if there is no memory; then the array is
 * unchanged.
 */
void *array_insert(void *array, size_t count, size_t size, size_t at, const void *element);

/* Remove element number `at` of `count` by moving those after it. */
void array_remove(void *array, size_t count, size_t size, size_t at);

#endif
