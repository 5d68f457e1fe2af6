/* SPDX-License-Identifier: MIT */
#include "acpi_rig.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch_folder.h"

uint8_t acpi_area[ACPI_SIZE];
char acpi_output[1 << 20];

static char directory[64]; /* "" while there is none */
static pid_t owner;        /* the process that made it, and removes it */

uint64_t acpi_get(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, from, size);
	return value;
}

static uint8_t *at(uint64_t gpa)
{
	ck_assert_msg(gpa >= ACPI_GPA && gpa < ACPI_GPA + ACPI_SIZE, "%" PRIx64 " is outside", gpa);
	return acpi_area + (gpa - ACPI_GPA);
}

uint8_t acpi_sum(const uint8_t *bytes, size_t size)
{
	uint8_t total = 0;

	while (size--)
		total += *bytes++;
	return total;
}

static uint8_t *check_table(uint8_t *table)
{
	uint64_t length = acpi_get(table + 4, 4);

	ck_assert_uint_ge(length, 36);
	ck_assert_uint_le(length, ACPI_SIZE - (table - acpi_area));
	ck_assert_msg(acpi_sum(table, length) == 0, "checksum of %.4s", (char *)table);
	ck_assert_uint_eq((table - acpi_area) % 16, 0);
	return table;
}

uint8_t *acpi_find(const char *signature)
{
	uint8_t *xsdt = check_table(at(acpi_get(acpi_area + 24, 8)));
	uint64_t count = (acpi_get(xsdt + 4, 4) - 36) / 8;

	ck_assert_int_eq(memcmp(xsdt, "XSDT", 4), 0);
	if (strcmp(signature, "DSDT") == 0)
		return check_table(at(acpi_get(acpi_find("FACP") + 140, 8)));
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *table = check_table(at(acpi_get(xsdt + 36 + 8 * i, 8)));

		if (memcmp(table, signature, 4) == 0)
			return table;
	}
	ck_abort_msg("no %s", signature);
}

bool acpi_have(const char *tool, const char *test)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/%s", tool);
	if (access(path, X_OK) == 0)
		return true;
	printf("SKIP acpi:%s: %s is not installed (acpica-tools)\n", test, tool);
	return false;
}

void acpi_scratch_add(const char *name, const uint8_t *table)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dat", directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(table, acpi_get(table + 4, 4), 1, file), 1);
	fclose(file);
}

/*
 * Remove the folder of a test that failed, for which nobody called acpi_scratch_end(). No assertion
 * is made here, because this also runs at the exit.
 */
static void acpi_scratch_tidy(void)
{
	if (directory[0] && owner == getpid())
		scratch_folder_tidy(directory);
}

void acpi_scratch_begin(const char *const *signatures, size_t count)
{
	if (!owner)
		atexit(acpi_scratch_tidy);
	acpi_scratch_tidy();
	strcpy(directory, "/tmp/acpi_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	owner = getpid();
	for (size_t i = 0; i < count; i++)
		acpi_scratch_add(signatures[i], acpi_find(signatures[i]));
}

void acpi_run(char *said, size_t size, const char *fmt, ...)
{
	char tool[256], command[384];
	va_list args;
	size_t length;
	FILE *pipe;

	va_start(args, fmt);
	vsnprintf(tool, sizeof(tool), fmt, args);
	va_end(args);
	snprintf(command, sizeof(command), "{ cd %s && %s; } 2>&1", directory, tool);
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	length = fread(said, 1, size - 1, pipe);
	said[length] = '\0';
	ck_assert_msg(pclose(pipe) == 0, "%s\n%s", command, said);
}

void acpi_scratch_end(void)
{
	ck_assert_int_eq(scratch_folder_remove(directory), 0);
	directory[0] = '\0';
}

void acpi_evaluate(const char *call)
{
	static const char returned[] = " returned object ";
	char *result;

	acpi_run(acpi_output, sizeof(acpi_output), "acpiexec -b 'execute %s' DSDT.dat SSDT.dat",
		 call);
	result = strstr(acpi_output, returned);
	ck_assert_msg(result && !strcasestr(acpi_output, "exception"), "%s", acpi_output);
	memmove(acpi_output, result, strlen(result) + 1);
}

/* The bytes of a hex dump: `    0010: 47 01 F8 ...  // text`. */
size_t acpi_dumped(uint8_t *bytes, size_t size)
{
	size_t count = 0;

	for (char *line = strstr(acpi_output, "0000: "); line; line = strchr(line, '\n')) {
		char *next = strstr(line, ": ");
		unsigned int byte;
		int used;

		if (!next || next > line + 16)
			break;
		for (line = next + 2; sscanf(line, "%2x %n", &byte, &used) == 1; line += used) {
			ck_assert_uint_lt(count, size);
			bytes[count++] = byte;
		}
	}
	return count;
}
