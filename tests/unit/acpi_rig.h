/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables as a guest finds them, for tests: from the RSDP on, with every checksum looked at;
 * and acpica's tools, which read them.
 */
#ifndef MINIVMM_TESTS_ACPI_RIG_H
#define MINIVMM_TESTS_ACPI_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_GPA  0xe0000ull
#define ACPI_SIZE 0x20000

/* Where a test has the tables written, as if at ACPI_GPA; and what a tool said. */
extern uint8_t acpi_area[ACPI_SIZE];
extern char acpi_output[1 << 20];

uint64_t acpi_get(const uint8_t *from, size_t size);
uint8_t acpi_sum(const uint8_t *bytes, size_t size);

/* By the way the guest goes: RSDP, XSDT, and the DSDT by way of the FADT. */
uint8_t *acpi_find(const char *signature);

/* Whether a tool is installed; says that `test` is skipped if not. */
bool acpi_have(const char *tool, const char *test);

/* Each table in a file of its own in a folder, which acpi_scratch_end() removes. */
void acpi_scratch_begin(const char *const *signatures, size_t count);
void acpi_scratch_end(void);

/* One more table into that folder, as NAME.dat. */
void acpi_scratch_add(const char *name, const uint8_t *table);

/* What a command says when run in that folder; it must end well. */
void acpi_run(char *said, size_t size, const char *fmt, ...);

/* Have the interpreter evaluate `call`; what it returns is left in acpi_output. */
void acpi_evaluate(const char *call);

/* The bytes of a hex dump in acpi_output: `    0010: 47 01 F8 ...  // text`. */
size_t acpi_dumped(uint8_t *bytes, size_t size);

#endif
