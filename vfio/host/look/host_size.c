/* SPDX-License-Identifier: MIT */
#include "host_size.h"

#include <stdio.h>

static const char *const size_units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

/* How many digits behind the point make three significant digits; none if they are all zeros. */
static int size_digits(double value)
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	for (double scaled = value * (digits == 2 ? 100 : 10); digits; digits--, scaled /= 10)
		if ((uint64_t)(scaled + 0.5) % 10)
			break;
	return digits;
}

const char *host_format_size(uint64_t bytes, char text[HOST_SIZE_MAX])
{
	double value = (double)bytes;
	unsigned int unit = 0;

	/* In the smaller unit it would need a fourth digit. */
	while (value >= 999.5) {
		value /= 1024;
		unit++;
	}
	snprintf(text, HOST_SIZE_MAX, "%.*f %s", unit ? size_digits(value) : 0, value,
		 size_units[unit]);
	return text;
}
