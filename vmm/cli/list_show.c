/* SPDX-License-Identifier: MIT */
#include "list_show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio/host/bind/host_persist.h"
#include "vfio/host/check/host_doctor.h"
#include "vfio/host/check/host_fold.h"
#include "vfio/host/check/host_json.h"
#include "vfio/host/look/host_names.h"
#include "vmm/terminal.h"
#include "vmm/trace/log.h"

#define LIST_TEXT_MAX   256
#define LIST_GAP        2 /* between columns */
#define LIST_OTHERS_MAX 2 /* of a group, by name */

enum list_column {
	LIST_BDF,
	LIST_GROUP,
	LIST_DRIVER,
	LIST_READY,
	LIST_CLASS,
	LIST_NAME,
	LIST_COLUMNS
};

static const char *const list_headings[LIST_COLUMNS] = {
	"ADDRESS", "GROUP", "DRIVER", "READY", "CLASS", "NAME",
};

struct list {
	struct host_device *devices;
	size_t count;
	struct host_names *names;
	const struct host_demand *demand;
	bool all;
};

static int list_visit(const struct host_device *device, void *arg)
{
	struct list *list = arg;
	struct host_device *grown;

	if (device->class_code >> 16 == PCI_BASE_CLASS_BRIDGE && !list->all)
		return 0;
	grown = realloc(list->devices, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[list->count++] = *device;
	list->devices = grown;
	return 0;
}

/* ---- to read ---- */

/* Two or three words for what doctor says at length. */
static const char *list_ready(const struct list *list, const struct host_device *device)
{
	enum host_found obstacle;

	return host_find_obstacle(device, list->demand, &obstacle) ? host_found_brief(obstacle)
								   : "yes";
}

struct list_others {
	const char *own;
	char text[LIST_TEXT_MAX];
	unsigned int named, more;
};

static int list_visit_other(const struct host_device *member, void *arg)
{
	struct list_others *others = arg;
	size_t used = strlen(others->text);
	const char *bdf = member->bdf;

	if (host_is_bridge(member) || strcmp(bdf, others->own) == 0)
		return 0;
	if (others->named == LIST_OTHERS_MAX) {
		others->more++;
		return 0;
	}
	bdf += strncmp(bdf, "0000:", 5) == 0 ? 5 : 0;
	snprintf(others->text + used, sizeof(others->text) - used, "%s%s",
		 others->named++ ? "," : "", bdf);
	return 0;
}

/*
 * Format a group as "3", "3 with 04:02.0" or "3 with 04:02.0,04:03.0,+5". Bridges are not counted.
 */
static void list_format_group(const struct host_device *device, char *text, size_t size)
{
	struct list_others others = { .own = device->bdf };
	int used;

	if (device->group < 0) {
		snprintf(text, size, "-");
		return;
	}
	used = snprintf(text, size, "%d", device->group);
	if (host_is_bridge(device))
		return;
	host_for_each_in_group(device->group, list_visit_other, &others);
	if (others.named)
		used += snprintf(text + used, size - (size_t)used, " with %.128s", others.text);
	if (others.more)
		snprintf(text + used, size - (size_t)used, ",+%u", others.more);
}

static void list_format(const struct list *list, const struct host_device *device,
			char fields[LIST_COLUMNS][LIST_TEXT_MAX])
{
	snprintf(fields[LIST_BDF], LIST_TEXT_MAX, "%s", device->bdf);
	list_format_group(device, fields[LIST_GROUP], LIST_TEXT_MAX);
	snprintf(fields[LIST_DRIVER], LIST_TEXT_MAX, "%s%s",
		 device->driver[0] ? device->driver : "-",
		 host_is_persistent(device->bdf) ? ", kept" : "");
	snprintf(fields[LIST_READY], LIST_TEXT_MAX, "%s", list_ready(list, device));
	host_name_class(list->names, device, fields[LIST_CLASS], LIST_TEXT_MAX);
	host_name_device(list->names, device, fields[LIST_NAME], LIST_TEXT_MAX);
}

/* How the table fits into the terminal. */
struct list_layout {
	int widths[LIST_COLUMNS];
	int width;    /* of the terminal; 0: unknown */
	bool stacked; /* class and name have no room beside the rest: they stand below it */
};

/* The first pass over all rows. */
static void list_measure(const struct list *list, struct list_layout *layout, FILE *out)
{
	char fields[LIST_COLUMNS][LIST_TEXT_MAX];
	unsigned int rows, columns;
	int start = 0;

	terminal_get_size(fileno(out), &rows, &columns);
	*layout = (struct list_layout){ .width = (int)columns };
	for (unsigned int c = 0; c < LIST_COLUMNS; c++)
		layout->widths[c] = (int)strlen(list_headings[c]);
	for (size_t i = 0; i < list->count; i++) {
		list_format(list, &list->devices[i], fields);
		for (unsigned int c = 0; c < LIST_COLUMNS; c++)
			if ((int)strlen(fields[c]) > layout->widths[c])
				layout->widths[c] = (int)strlen(fields[c]);
	}
	for (unsigned int c = 0; c < LIST_NAME; c++)
		start += layout->widths[c] + LIST_GAP;
	layout->stacked = columns && start + HOST_FOLD_MIN > layout->width;
}

static int list_print_columns(const struct list_layout *layout, const char *const *fields,
			      unsigned int count, FILE *out)
{
	int start = 0;

	for (unsigned int c = 0; c < count; c++)
		start += fprintf(out, "%-*s%*s", layout->widths[c], fields[c], LIST_GAP, "");
	return start;
}

static void list_print_row(const struct list_layout *layout, const char *const *fields, FILE *out)
{
	char below[2 * LIST_TEXT_MAX];
	int start;

	if (!layout->stacked) {
		start = list_print_columns(layout, fields, LIST_NAME, out);
		host_print_folded(fields[LIST_NAME], start, layout->width, "", out);
		return;
	}
	list_print_columns(layout, fields, LIST_READY, out);
	start = layout->widths[LIST_BDF] + LIST_GAP;
	fprintf(out, "%s\n%*s", fields[LIST_READY], start, "");
	snprintf(below, sizeof(below), "%s: %s", fields[LIST_CLASS], fields[LIST_NAME]);
	host_print_folded(below, start, layout->width, "", out);
}

static void list_print_aligned(const struct list *list, FILE *out)
{
	char fields[LIST_COLUMNS][LIST_TEXT_MAX];
	const char *row[LIST_COLUMNS];
	struct list_layout layout;

	list_measure(list, &layout, out);
	list_print_row(&layout, list_headings, out);
	for (unsigned int c = 0; c < LIST_COLUMNS; c++)
		row[c] = fields[c];
	for (size_t i = 0; i < list->count; i++) {
		list_format(list, &list->devices[i], fields);
		list_print_row(&layout, row, out);
	}
}

static void list_print_plain(const struct list *list, FILE *out)
{
	char fields[LIST_COLUMNS][LIST_TEXT_MAX];

	for (size_t i = 0; i < list->count; i++) {
		list_format(list, &list->devices[i], fields);
		for (unsigned int c = 0; c < LIST_COLUMNS; c++)
			fprintf(out, "%s%c", fields[c], c == LIST_NAME ? '\n' : '\t');
	}
}

/* ---- JSON ---- */

static void list_print_member(const char *key, const char *text, FILE *out)
{
	fprintf(out, ",\"%s\":", key);
	if (text[0])
		host_json_string(text, out);
	else
		fputs("null", out);
}

struct list_members {
	FILE *out;
	unsigned int count;
};

static int list_visit_member(const struct host_device *member, void *arg)
{
	struct list_members *members = arg;

	fputs(members->count++ ? "," : "", members->out);
	host_json_string(member->bdf, members->out);
	return 0;
}

static void list_print_json_device(const struct list *list, const struct host_device *device,
				   FILE *out)
{
	struct list_members members = { .out = out };
	enum host_found obstacle;
	bool ready = !host_find_obstacle(device, list->demand, &obstacle);
	char text[LIST_TEXT_MAX];

	fputs("{\"bdf\":", out);
	host_json_string(device->bdf, out);
	fprintf(out, ",\"vendor\":\"%04x\",\"device\":\"%04x\"", device->vendor, device->device);
	host_name_device(list->names, device, text, sizeof(text));
	list_print_member("name", text, out);
	host_name_class(list->names, device, text, sizeof(text));
	list_print_member("class", text, out);
	list_print_member("driver", device->driver, out);
	if (device->group < 0)
		fputs(",\"iommu_group\":null", out);
	else
		fprintf(out, ",\"iommu_group\":%d", device->group);
	fputs(",\"group_members\":[", out);
	if (device->group >= 0)
		host_for_each_in_group(device->group, list_visit_member, &members);
	fprintf(out, "],\"ready\":%s", ready ? "true" : "false");
	fprintf(out, ",\"persistent\":%s", host_is_persistent(device->bdf) ? "true" : "false");
	list_print_member("missing", ready ? "" : host_check_name(host_words_find(obstacle)->check),
			  out);
	fputc('}', out);
}

static void list_print_json(const struct list *list, FILE *out)
{
	fputc('[', out);
	for (size_t i = 0; i < list->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		list_print_json_device(list, &list->devices[i], out);
	}
	fputs("]\n", out);
}

int list_show(bool all, bool json, const struct host_demand *demand, FILE *out)
{
	struct list list = { .all = all, .demand = demand };
	int ret = host_for_each_device(list_visit, &list);

	if (ret < 0) {
		free(list.devices);
		return log_errno("list", ret, "read the PCI devices");
	}
	if (!host_pci_is_visible())
		log_warn("list", "PCI devices cannot be seen from here: /sys is not mounted, or it "
				 "is masked");
	list.names = host_names_new();
	if (json)
		list_print_json(&list, out);
	else if (isatty(fileno(out)))
		list_print_aligned(&list, out);
	else
		list_print_plain(&list, out);
	host_names_free(list.names);
	free(list.devices);
	return 0;
}
