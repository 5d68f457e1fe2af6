/* SPDX-License-Identifier: MIT */
#include "machine_qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hotplug.h"
#include "machine_state.h"
#include "qmp_pci.h"
#include "qmp_version.h"
#include "vm_pause.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define QMP_TEXT_MAX    1024 /* length of a device's description, as on a command line */
#define QMP_DEVICE_PATH "/machine/peripheral/"

static void machine_tell(struct machine *machine, const char *event, json_t *data)
{
	qmp_server_event(&machine->qmp, event, data);
}

/* ---- asking ---- */

static json_t *qmp_query_status(void *owner, json_t *arguments, struct qmp_error *error)
{
	const struct machine *machine = owner;
	bool running = !machine->vm.paused;

	(void)arguments;
	(void)error;
	return json_pack("{s:s, s:b}", "status", running ? "running" : "paused", "running",
			 running);
}

static json_t *qmp_query_version(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)arguments;
	(void)error;
	return qmp_version();
}

static json_t *qmp_query_pci(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	return qmp_pci(&machine->pci_host);
}

/* A guest has no name, so the answer is empty. */
static json_t *qmp_query_name(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)arguments;
	(void)error;
	return json_object();
}

/* ---- the run ---- */

static json_t *qmp_powerdown(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	power_button_press(&machine->button);
	machine_tell(machine, "POWERDOWN", NULL);
	return json_object();
}

static json_t *qmp_reset(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	machine->qmp_wants = "host-qmp-system-reset";
	vm_post(&machine->vm, VM_EVENT_RESET);
	return json_object();
}

static json_t *qmp_quit(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	machine->qmp_wants = "host-qmp-quit";
	vm_post(&machine->vm, VM_EVENT_QUIT);
	return json_object();
}

static json_t *qmp_stop(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	if (!machine->vm.paused) {
		vm_pause(&machine->vm);
		machine_tell(machine, "STOP", NULL);
	}
	return json_object();
}

static json_t *qmp_cont(void *owner, json_t *arguments, struct qmp_error *error)
{
	struct machine *machine = owner;

	(void)arguments;
	(void)error;
	if (machine->vm.paused) {
		vm_resume(&machine->vm);
		machine_tell(machine, "RESUME", NULL);
	}
	return json_object();
}

/* ---- devices ---- */

/* A device's description, as the value of --vfio. The first error is kept. */
struct qmp_text {
	char text[QMP_TEXT_MAX];
	size_t length;
	bool bad;
};

static void text_add(struct qmp_text *text, char byte)
{
	if (text->length == sizeof(text->text) - 1)
		text->bad = true;
	else
		text->text[text->length++] = byte;
}

/* A comma would end the value, so it is doubled. */
static void text_add_value(struct qmp_text *text, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			text_add(text, ',');
		text_add(text, *value);
	}
}

/* QEMU accepts numbers and booleans, and also texts with the same meaning. */
static void text_add_property(struct qmp_text *text, const char *name, const json_t *value)
{
	char number[24];

	text_add(text, ',');
	text_add_value(text, name);
	text_add(text, '=');
	if (json_is_string(value)) {
		text_add_value(text, json_string_value(value));
	} else if (json_is_boolean(value)) {
		text_add_value(text, json_is_true(value) ? "on" : "off");
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text_add_value(text, number);
	} else {
		text->bad = true;
	}
}

static bool text_is_property(const char *name, const char *place)
{
	return strcmp(name, "driver") != 0 && strcmp(name, place) != 0;
}

/* `place` is the property that names the device; its value comes first. */
static bool qmp_describe(struct qmp_text *text, json_t *arguments, const char *place,
			 const char *value, struct qmp_error *error)
{
	const char *name;
	json_t *property;

	if (!value) {
		qmp_error_set(error, NULL, "Parameter '%s' is missing, or it is not a string",
			      place);
		return false;
	}
	text_add_value(text, value);
	json_object_foreach(arguments, name, property) if (text_is_property(name, place))
		text_add_property(text, name, property);
	if (text->bad)
		qmp_error_set(error, NULL,
			      "a property of the device is too long, or it has no simple value");
	return !text->bad;
}

/* The path of a socket that is given as {"type": "unix", "path": PATH}, or as the path alone. */
static const char *qmp_socket_path(const json_t *socket)
{
	return json_string_value(json_is_object(socket) ? json_object_get(socket, "path") : socket);
}

typedef int (*qmp_add)(struct machine *machine, const char *id, const char *text);

/* The reply has the same words as the error that the failing call logged. */
static json_t *qmp_finish(int ret, const char *words, struct qmp_error *error)
{
	if (ret == 0)
		return json_object();
	return qmp_error_set(error, ret == -ENOENT ? "DeviceNotFound" : NULL, "%s",
			     words[0] ? words : log_reason(ret));
}

static json_t *qmp_add_device(struct machine *machine, qmp_add add, const char *id,
			      const char *text, struct qmp_error *error)
{
	char words[sizeof(error->text)];
	int ret;

	log_keep_error(words, sizeof(words));
	ret = add(machine, id, text);
	log_keep_error(NULL, 0);
	return qmp_finish(ret, words, error);
}

static json_t *qmp_device_add(void *owner, json_t *arguments, struct qmp_error *error)
{
	const char *driver = json_string_value(json_object_get(arguments, "driver"));
	const char *id = json_string_value(json_object_get(arguments, "id"));
	bool user = strcmp(driver, "vfio-user-pci") == 0;
	const char *place = user ? "socket" : "host", *value;
	struct qmp_text text = { .length = 0 };

	if (!user && strcmp(driver, "vfio-pci") != 0)
		return qmp_error_set(error, NULL,
				     "'%.64s' is not a device that can be added: expected vfio-pci "
				     "or vfio-user-pci",
				     driver);
	value = user ? qmp_socket_path(json_object_get(arguments, place))
		     : json_string_value(json_object_get(arguments, place));
	if (!qmp_describe(&text, arguments, place, value, error))
		return NULL;
	return qmp_add_device(owner, user ? hotplug_add_socket : hotplug_add_vfio, id ? id : value,
			      text.text, error);
}

static json_t *qmp_device_del(void *owner, json_t *arguments, struct qmp_error *error)
{
	const char *id = json_string_value(json_object_get(arguments, "id"));
	char words[sizeof(error->text)];
	int ret;

	if (strncmp(id, QMP_DEVICE_PATH, strlen(QMP_DEVICE_PATH)) == 0)
		id += strlen(QMP_DEVICE_PATH);
	log_keep_error(words, sizeof(words));
	ret = hotplug_del(owner, id);
	log_keep_error(NULL, 0);
	return qmp_finish(ret, words, error);
}

static void machine_device_deleted(void *owner, const char *id)
{
	machine_tell(owner, "DEVICE_DELETED",
		     json_pack("{s:s, s:s+}", "device", id, "path", QMP_DEVICE_PATH, id));
}

/* ---- the whole ---- */

static const struct qmp_command machine_commands[] = {
	{ "query-status", { { 0 } }, false, qmp_query_status },
	{ "query-version", { { 0 } }, false, qmp_query_version },
	{ "query-name", { { 0 } }, false, qmp_query_name },
	{ "query-pci", { { 0 } }, false, qmp_query_pci },
	{ "system_powerdown", { { 0 } }, false, qmp_powerdown },
	{ "system_reset", { { 0 } }, false, qmp_reset },
	{ "stop", { { 0 } }, false, qmp_stop },
	{ "cont", { { 0 } }, false, qmp_cont },
	{ "quit", { { 0 } }, false, qmp_quit },
	{ "device_add",
	  { { "driver", JSON_STRING, false }, { "id", JSON_STRING, true } },
	  true,
	  qmp_device_add },
	{ "device_del", { { "id", JSON_STRING, false } }, false, qmp_device_del },
};

int machine_open_qmp(struct machine *machine)
{
	if (!machine->config->qmp)
		return 0;
	machine->watcher = (struct hotplug_watcher){ machine_device_deleted, machine };
	hotplug_watch(machine, &machine->watcher);
	return qmp_server_open(&machine->qmp, &machine->vm.loop, machine->config->qmp,
			       machine->sandbox.on, machine_commands, array_size(machine_commands),
			       machine);
}

void machine_close_qmp(struct machine *machine)
{
	if (machine->watcher.owner)
		hotplug_watch(machine, NULL);
	qmp_server_close(&machine->qmp);
}

/* ---- the end ---- */

/* The reason for the end, in QEMU's words: RunState and ShutdownCause. */
static const char *machine_reason(const struct machine *machine, enum vm_event event, bool *guest)
{
	*guest = event == VM_EVENT_POWEROFF || event == VM_EVENT_RESET || event == VM_EVENT_CRASH;
	if (machine->qmp_wants && (event == VM_EVENT_QUIT || event == VM_EVENT_RESET)) {
		*guest = false;
		return machine->qmp_wants;
	}
	switch (event) {
	case VM_EVENT_POWEROFF:
		return "guest-shutdown";
	case VM_EVENT_RESET:
		return "guest-reset";
	case VM_EVENT_CRASH:
		return "guest-panic";
	case VM_EVENT_QUIT:
		return machine->signal ? "host-signal" : "host-ui";
	default:
		return "host-error";
	}
}

static void machine_tell_why(struct machine *machine, const char *name, enum vm_event event)
{
	bool guest;
	const char *reason = machine_reason(machine, event, &guest);

	machine_tell(machine, name, json_pack("{s:b, s:s}", "guest", guest, "reason", reason));
	machine->qmp_wants = NULL;
}

void machine_tell_reset(struct machine *machine)
{
	if (!machine->config->qmp)
		return;
	machine_tell_why(machine, "RESET", VM_EVENT_RESET);
}

void machine_tell_end(struct machine *machine, enum vm_event event)
{
	if (!machine->config->qmp)
		return;
	if (event == VM_EVENT_CRASH)
		machine_tell(machine, "GUEST_PANICKED", json_pack("{s:s}", "action", "poweroff"));
	machine_tell_why(machine, "SHUTDOWN", event);
}
