# SPDX-License-Identifier: MIT
# awk -v pairs="HOST=GUEST..." -f config-diff.awk RULES HOST_DUMP GUEST_DUMP
#
# Compares the configuration space of functions in two dumps of `lspci -xxxx`, byte by byte. HOST and
# GUEST are the addresses of one function in the two. A byte that differs must lie in a register that
# RULES names, one per line:
#   AREA FIRST LAST REASON...
# AREA is `header`, `capNN` or `extNNNN`, by the capability's number on the host; FIRST and LAST are
# offsets from its start, in hexadecimal. Prints each difference with its reason, and for each
# function `HOST: N bytes, N explained, N unexplained`. Status 1 when something is not explained.
# Keeps to what busybox's awk offers.

BEGIN {
	for (i = 0; i < 4096; i++)
		hex[sprintf("%02x", i)] = i
	count = split(pairs, pair, " ")
	for (i = 1; i <= count; i++) {
		split(pair[i], end, "=")
		host[i] = end[1]
		wanted["h", end[1]] = i
		wanted["g", end[2]] = i
	}
}

FILENAME != last_file {
	last_file = FILENAME
	side = ++files == 2 ? "h" : "g"
}

files == 1 && /^[a-z]/ {
	rules++
	area_of[rules] = $1
	first[rules] = hex[$2]
	last[rules] = hex[$3]
	sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "")
	why_of[rules] = $0
}

files > 1 && /^[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]\.[0-7] / {
	n = wanted[side, $1]
}

files > 1 && n && /^[0-9a-f]+: [0-9a-f][0-9a-f] / {
	at = hex[substr($1, 1, length($1) - 1)]
	for (i = 2; i <= NF; i++)
		byte[side, n, at + i - 2] = $i
	size[side, n] = at + NF - 1
}

function value(n, at)
{
	return hex[byte["h", n, at]]
}

# Name the capabilities of the host's function by the offsets where they start.
function walk(n, at, tries)
{
	split("", start)
	for (at = value(n, 52); at >= 64 && tries++ < 48; at = value(n, at + 1))
		start[at] = "cap" byte["h", n, at]
	if (size["h", n] <= 256)
		return
	for (at = 256; at >= 256 && tries++ < 200; at = 16 * value(n, at + 3) + int(value(n, at + 2) / 16))
		start[at] = "ext" byte["h", n, at + 1] byte["h", n, at]
}

# The reason why offset `at` of `area` may differ, or nothing.
function reason(area, at, i)
{
	for (i = 1; i <= rules; i++)
		if (area_of[i] == area && at >= first[i] && at <= last[i])
			return why_of[i]
	return ""
}

function compare(n, at, area, base, why, explained, unexplained)
{
	walk(n)
	area = "header"
	for (at = 0; at < size["h", n]; at++) {
		if (at in start || at == 64 || at == 256) {
			area = at in start ? start[at] : "none"
			base = at
		}
		if (byte["h", n, at] == byte["g", n, at])
			continue
		why = reason(area, at - base)
		printf "%s %03x %s+%02x %s -> %s %s\n", host[n], at, area, at - base,
			byte["h", n, at], byte["g", n, at], why == "" ? "UNEXPLAINED" : why
		why == "" ? unexplained++ : explained++
	}
	printf "%s: %d bytes, %d explained, %d unexplained\n", host[n], size["h", n], explained, unexplained
	return unexplained > 0 || size["h", n] == 0 || size["h", n] != size["g", n]
}

END {
	for (n = 1; n <= count; n++)
		bad += compare(n)
	exit bad > 0
}
