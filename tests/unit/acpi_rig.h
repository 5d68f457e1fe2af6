/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables as a guest finds them. The tests go from the RSDP on, and every checksum is looked
 * at. acpica's tools read the tables, too.
 */
#ifndef MINIVMM_TESTS_ACPI_RIG_H
#define MINIVMM_TESTS_ACPI_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_GPA  0xe0000ull
#define ACPI_SIZE 0x20000

/* Where a test has the tables written, as if this were at ACPI_GPA, and what a tool said. */
extern uint8_t acpi_area[ACPI_SIZE];
extern char acpi_output[1 << 20];

uint64_t acpi_get(const uint8_t *from, size_t size);
uint8_t acpi_sum(const uint8_t *bytes, size_t size);

/* Find a table on the way that a guest goes: RSDP, XSDT, and for the DSDT the FADT. */
uint8_t *acpi_find(const char *signature);

/* Returns whether a tool is installed. If it is not, says that `test` is skipped. */
bool acpi_have(const char *tool, const char *test);

/* Write each table to a file of its own in a folder, which acpi_scratch_end() removes. */
void acpi_scratch_begin(const char *const *signatures, size_t count);
void acpi_scratch_end(void);

/* Write one more table into that folder, as NAME.dat. */
void acpi_scratch_add(const char *name, const uint8_t *table);

/* Run a command in that folder, and keep what it says. It must end well. */
void acpi_run(char *said, size_t size, const char *fmt, ...);

/* Have the interpreter evaluate `call`; what it returns is left in acpi_output. */
void acpi_evaluate(const char *call);

/* The bytes of a hex dump in acpi_output: `    0010: 47 01 F8 ...  // text`. */
size_t acpi_dumped(uint8_t *bytes, size_t size);

#endif
