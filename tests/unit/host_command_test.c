/* SPDX-License-Identifier: MIT */
/*
 * vmm/cli/host_command.c and vmm/cli/options_host.c: command lines, what list and doctor print on
 * hosts that do not exist, exit statuses, and JSON against its schemas.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "host_tree.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/host/bind/host_change.h"
#include "vfio/host/check/host_json.h"
#include "vmm/cli/host_command.h"
#include "vmm/cli/list_show.h"
#include "vmm/cli/options.h"

#define WORDS_MAX 8

/* The words of a command line after the program's name. */
static int parse(const char *line, struct config *config)
{
	static char text[256], self[] = "minivmm";
	char *words[WORDS_MAX + 2] = { self }, *next = text;
	struct stderr_text caught;
	int count = 1, ret;

	snprintf(text, sizeof(text), "%s", line);
	while (count <= WORDS_MAX && (words[count] = strsep(&next, " ")))
		count++;
	stderr_begin(&caught);
	ret = options_parse(config, count, words);
	stderr_end(&caught);
	return ret;
}

/* Run it as main() would. Standard output goes to a file of the tree, $folder/out. */
static int run(const char *line)
{
	struct config config;
	int saved = dup(STDOUT_FILENO), file, ret;
	char path[128];

	ck_assert_int_eq(parse(line, &config), 0);
	snprintf(path, sizeof(path), "%s/../out", host_root());
	file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	close(file);
	ret = host_command_run(&config);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return ret;
}

/* ---- command lines ---- */

static const struct {
	const char *line;
	int ret;
	enum options_command command;
	unsigned int devices;
} lines[] = {
	{ "list", 0, OPTIONS_LIST, 0 },
	{ "list --all --json", 0, OPTIONS_LIST, 0 },
	{ "list 01:00.0", -EINVAL, 0, 0 },
	{ "list --force", -EINVAL, 0, 0 },
	{ "doctor", 0, OPTIONS_DOCTOR, 0 },
	{ "doctor 01:00.0 0000:02:00.0", 0, OPTIONS_DOCTOR, 2 },
	{ "doctor 01:00.0 --json 0000:01:00.0", 0, OPTIONS_DOCTOR, 1 },
	{ "doctor --memory 4G", 0, OPTIONS_DOCTOR, 0 },
	{ "doctor --memory 4X", -EINVAL, 0, 0 },
	{ "doctor --memory", -EINVAL, 0, 0 },
	{ "doctor 01:00", -EINVAL, 0, 0 },
	{ "doctor --vfio 01:00.0", -EINVAL, 0, 0 },
	{ "bind", -EINVAL, 0, 0 },
	{ "bind --help", 0, OPTIONS_HELP, 0 },
	{ "bind --dry-run --force 01:00.0", 0, OPTIONS_BIND, 1 },
	{ "bind --persist 01:00.0", 0, OPTIONS_BIND, 1 },
	{ "restore --persist 01:00.0", -EINVAL, 0, 0 },
	{ "bind ../../etc", -EINVAL, 0, 0 },
	{ "restore", 0, OPTIONS_RESTORE, 0 },
	{ "restore 01:00.0", 0, OPTIONS_RESTORE, 1 },
	{ "restore --json", -EINVAL, 0, 0 },
	{ "--bind --vfio 01:00.0", 0, OPTIONS_RUN, 1 },
	{ "--bind", -EINVAL, 0, 0 },
	{ "lists", -EINVAL, 0, 0 },
};

START_TEST(command_lines)
{
	struct config config;

	ck_assert_int_eq(parse(lines[_i].line, &config), lines[_i].ret);
	if (lines[_i].ret < 0)
		return;
	ck_assert_int_eq(config.command, lines[_i].command);
	ck_assert_uint_eq(config.device_count, lines[_i].devices);
}
END_TEST

/* ---- exit status and text ---- */

static const struct {
	const char *situation, *line;
	int status;
	const char *text; /* a line of the output, as a pattern */
} runs[] = {
	{ "ready", "doctor --memory 1M", 0, "^0000:01:00.0: ready$" },
	{ "ready", "doctor --memory 1M 01:00.0", 0, "^host: ready$" },
	{ "ready", "doctor --memory 1M 01:00.0 02:00.0", 1, "^0000:02:00.0: not ready$" },
	{ "remapping-missing", "doctor --memory 1M 01:00.0", 1,
	  "^0000:01:00.0: not ready, see the host above$" },
	{ "ready", "list", 0, "^0000:01:00.0\t1\tvfio-pci\tyes\tNon-Vol.*\tIntel.* test$" },
	{ "ready", "list", 0, "^0000:02:00.0\t2\tnvme\tnot bound\t" },
	{ "ready", "list", 0, "^0000:04:00.0\t4 with 04:00.1\tvfio-pci\tyes\t" },
	{ "group-missing", "list", 0, "^0000:01:00.0\t-\tvfio-pci\tno IOMMU\t" },
	{ "ready", "list --all", 0, "^0000:00:01.0\t11\tpcieport\tbridge\t" },
	{ "open-screen", "list", 0, "^0000:05:00.0\t6\ti915\tin use\t" },
	{ "persistent", "list", 0, "^0000:01:00.0\t1\tvfio-pci, kept\tyes\t" },
	{ "behind-vmd", "list", 0, "^10000:e1:00.0\t-\tnvme\tno IOMMU\t" },
	{ "container", "doctor --json --memory 1M", 0, "\"seen_by\":\"outside\"" },
	/* where the tests run as a container's root, that one sees no more */
	{ "config-for-users", "doctor --json 01:00.0", 0,
	  "\"id\":\"msix\".*\"seen_by\":\"\\(root\\|outside\\)\"" },
	{ "config-for-users-in-user-namespace", "doctor --json --memory 1M 01:00.0", 0,
	  "\"id\":\"msix\".*\"seen_by\":\"outside\"" },
	{ "virtual-function", "config 01:00.0", 0, "Vendor ID *0x8086 *the same$" },
	{ "virtual-function", "config 01:00.0", 0, "Device ID *0xa808 *the same$" },
	{ "virtual-function", "config 01:00.0", 0, "Interrupt Pin *0x00 *the same$" },
	{ "ready", "bind --dry-run 02:00.0", 0,
	  "^echo 0000:02:00.0 > /sys/bus/pci/drivers/nvme/unbind$" },
	{ "ready", "restore --dry-run 01:00.0", 0,
	  "^echo  > /sys/bus/pci/devices/0000:01:00.0/driver_override$" },
};

START_TEST(what_is_printed)
{
	host_tree_make(runs[_i].situation);
	ck_assert_int_eq(run(runs[_i].line), runs[_i].status);
	host_tree_run("grep -q '%s' $folder/out", runs[_i].text);
}
END_TEST

START_TEST(bridges_only_with_all)
{
	host_tree_make("ready");
	run("list");
	host_tree_run("! grep -q pcieport $folder/out");
}
END_TEST

/*
 * For a host that does not exist no module is loaded, and a name is never taken for an option: with
 * this one modprobe would succeed.
 */
START_TEST(modules_are_not_loaded)
{
	ck_assert_int_eq(host_load_module("--version"), -ENOENT);
	host_tree_make("ready");
	ck_assert_int_eq(host_load_module("--version"), -ENOENT);
}
END_TEST

/* ---- JSON ---- */

static const struct {
	const char *situation, *line, *schema;
} documents[] = {
	{ "ready", "list --json --all", "list" },
	{ "group-without-acs", "list --json", "list" },
	{ "group-missing", "list --json", "list" },
	{ "ready", "doctor --json 01:00.0 04:00.0 02:00.0 0a:00.0", "doctor" },
	{ "disk-mounted", "doctor --json 02:00.0", "doctor" },
	{ "container", "doctor --json 02:00.0", "doctor" },
	{ "behind-vmd", "doctor --json 10000:e1:00.0", "doctor" },
	{ "behind-vmd", "list --json", "list" },
	{ "iommu-left-off", "doctor --json 01:00.0", "doctor" },
	{ "config-for-users", "doctor --json 01:00.0", "doctor" },
	{ "ids-are-nonsense", "doctor --json 01:00.0", "doctor" },
	{ "ids-are-nonsense", "list --json", "list" },
	{ "domain-of-five-digits", "doctor --json 10000:01:00.0", "doctor" },
	{ "domain-of-five-digits", "list --json", "list" },
	{ "chroot-without-sysfs", "doctor --json 01:00.0", "doctor" },
	{ "xen-dom0", "doctor --json 01:00.0", "doctor" },
};

START_TEST(json_follows_its_schema)
{
	host_tree_make(documents[_i].situation);
	run(documents[_i].line);
	host_tree_run("python3 -W ignore -m jsonschema -i $folder/out "
		      "tests/unit/%s.schema.json",
		      documents[_i].schema);
}
END_TEST

/*
 * What a driver or a file may be called: there are quotes, control characters, and bytes that are
 * no text.
 */
static const struct {
	const char *text, *json;
} strings[] = {
	{ "", "\"\"" },
	{ "a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"" },
	{ "\n\t\x01", "\"\\u000a\\u0009\\u0001\"" },
	{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa5", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa5\"" },
	{ "\xff x", "\"\\ufffd x\"" },
	{ "\xc3", "\"\\ufffd\"" },
	{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
};

START_TEST(json_strings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	host_json_string(strings[_i].text, out);
	fclose(out);
	ck_assert_str_eq(text, strings[_i].json);
	free(text);
}
END_TEST

/* ---- completion ---- */

static const struct {
	const char *line, *words;
} completions[] = {
	{ "minivmm ", "run list" },
	{ "minivmm l", "list" },
	{ "minivmm config 02", "02:00.0" },
	{ "minivmm config -", "--json" },
	{ "minivmm bind ", "01:00.0 02:00.0" },
	{ "minivmm bind 01:00.0 0000:0", "0000:01:00.0 0000:02:00.0" },
	{ "minivmm restore --d", "--dry-run" },
	{ "minivmm list ", "--all --json" },
	{ "minivmm doctor --", "--cpus --json --memory" },
	{ "minivmm --vfio 02", "02:00.0" },
	{ "minivmm run --vf", "--vfio" },
	{ "minivmm --a", "" },
	{ "minivmm --console st", "stdio" },
};

START_TEST(completion)
{
	host_tree_run("[ \"$(tests/unit/completion.sh '%s')\" = '%s' ]", completions[_i].line,
		      completions[_i].words);
}
END_TEST

/* ---- on a terminal ---- */

/* What list prints on a terminal of `columns`, without what terminals add to a line's end. */
static void list_on_terminal(unsigned short columns, char *text, size_t size)
{
	const struct winsize window = { .ws_row = 24, .ws_col = columns };
	const struct host_demand demand = { .memory = 1 << 20 };
	int far = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios mode;
	char path[64];
	size_t length = 0;
	FILE *near;
	ssize_t n;

	ck_assert_int_eq(grantpt(far) | unlockpt(far) | ptsname_r(far, path, sizeof(path)), 0);
	near = fopen(path, "r+");
	ck_assert_ptr_nonnull(near);
	ck_assert_int_eq(ioctl(far, TIOCSWINSZ, &window), 0);
	tcgetattr(fileno(near), &mode);
	mode.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(fileno(near), TCSANOW, &mode);
	ck_assert_int_eq(list_show(false, false, &demand, near), 0);
	fputs("end\n", near);
	fflush(near);
	/* A pseudo-terminal hands on what is written in its own time. */
	for (text[0] = '\0'; !strstr(text, "end\n"); text[length] = '\0') {
		n = read(far, text + length, size - 1 - length);
		ck_assert_int_gt(n, 0);
		length += (size_t)n;
	}
	fclose(near);
	close(far);
}

static const struct {
	unsigned short columns;
	bool stacked;
} windows[] = { { 50, true }, { 80, true }, { 100, true }, { 110, false }, { 300, false } };

/* No line is wider than the terminal, and every word of the table is there. */
START_TEST(table_fits_the_terminal)
{
	char text[4096], *line, *next = text;
	bool found = false;

	host_tree_make("ready");
	list_on_terminal(windows[_i].columns, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, windows[_i].stacked ? "CLASS: NAME\n" : "NAME\n"));
	while ((line = strsep(&next, "\n"))) {
		ck_assert_msg(strlen(line) <= windows[_i].columns, "%s", line);
		found |= strstr(line, "0000:01:00.0") && strstr(line, "vfio-pci");
	}
	ck_assert(found);
}
END_TEST

/* The last test. */
START_TEST(trees_are_removed)
{
	host_tree_remove();
	ck_assert_str_eq(host_root(), "");
}
END_TEST

UNIT_MAIN("host_command", { command_lines, UNIT_COUNT(lines) },
	  { what_is_printed, UNIT_COUNT(runs) }, { bridges_only_with_all, 0 },
	  { modules_are_not_loaded, 0 }, { json_follows_its_schema, UNIT_COUNT(documents) },
	  { json_strings, UNIT_COUNT(strings) }, { completion, UNIT_COUNT(completions) },
	  { table_fits_the_terminal, UNIT_COUNT(windows) }, { trees_are_removed, 0 })
