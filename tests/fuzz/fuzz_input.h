/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer's bytes, taken one after the other. There are zeros past their end, so that a target
 * need not ask whether bytes are left. A target ends when fuzz_left() is 0.
 */
#ifndef MINIVMM_FUZZ_INPUT_H
#define MINIVMM_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

static inline size_t fuzz_left(const struct fuzz_input *input)
{
	return input->left;
}

static inline size_t fuzz_bytes(struct fuzz_input *input, void *to, size_t size)
{
	size_t n = size < input->left ? size : input->left;

	memset(to, 0, size);
	if (n)
		memcpy(to, input->at, n);
	input->at += n;
	input->left -= n;
	return n;
}

static inline uint64_t fuzz_number(struct fuzz_input *input, size_t size)
{
	uint64_t value = 0;

	fuzz_bytes(input, &value, size);
	return value;
}

/* libFuzzer calls this. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
