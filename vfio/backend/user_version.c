/* SPDX-License-Identifier: MIT */
#include "user_version.h"

#include <dlfcn.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "user_message.h"
#include "vmm/trace/log.h"

#define VERSION_LIBJANSSON "libjansson.so.4"

/* An access of a vCPU must fit into one message. */
#define VERSION_TRANSFER_MIN 8

const char user_version_offer[] = "{\"capabilities\":{\"max_msg_fds\":16,"
				  "\"max_data_xfer_size\":1048576,"
				  "\"twin_socket\":{\"supported\":true}}}";

#define VERSION_FUNCTIONS(X)                                                                       \
	X(loadb)                                                                                   \
	X(object_get)                                                                              \
	X(integer_value)                                                                           \
	X(delete)

/* libjansson's functions without their json_, typed by its own header. */
struct version_json {
	void *handle;
#define FIELD(name) typeof(json_##name) *name;
	VERSION_FUNCTIONS(FIELD)
#undef FIELD
};

static int version_open_json(struct version_json *json)
{
	bool complete = true;

	json->handle = dlopen(VERSION_LIBJANSSON, RTLD_NOW | RTLD_LOCAL);
	if (!json->handle) {
		log_error(VERSION_LIBJANSSON, "dlopen: %s", dlerror());
		log_fix("sudo apt-get install libjansson4");
		return -ENOENT;
	}
#define LOOK_UP(name)                                                                              \
	json->name = dlsym(json->handle, "json_" #name);                                           \
	complete = complete && json->name;
	VERSION_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	if (complete)
		return 0;
	log_error(VERSION_LIBJANSSON, "lacks a function that minivmm needs");
	dlclose(json->handle);
	return -ENOENT;
}

/* An optional number between min and max; *value is left alone where there is none. */
static const char *version_number(const struct version_json *json, const json_t *object,
				  const char *key, json_int_t min, json_int_t max,
				  json_int_t *value)
{
	const json_t *number = json->object_get(object, key);

	if (!number)
		return NULL;
	if (!json_is_integer(number))
		return "sent a limit that is not a number";
	*value = json->integer_value(number);
	if (*value < min)
		return "sent a limit too small to work with";
	if (*value > max)
		*value = max;
	return NULL;
}

static const char *version_twin(const struct version_json *json, const json_t *capabilities,
				struct user_limits *limits)
{
	const json_t *twin = json->object_get(capabilities, "twin_socket");
	json_int_t index = -1;
	const char *wrong;

	if (!twin || !json_is_true(json->object_get(twin, "supported")))
		return NULL;
	wrong = version_number(json, twin, "fd_index", 0, USER_FDS_MAX, &index);
	if (!wrong && index < 0)
		wrong = "sent a second socket, but not which file it is";
	limits->twin = (int)index;
	return wrong;
}

static const char *version_capabilities(const struct version_json *json, const json_t *root,
					struct user_limits *limits)
{
	const json_t *capabilities = json->object_get(root, "capabilities");
	json_int_t fds = 1, transfer = USER_TRANSFER_MAX;
	const char *wrong;

	if (!json_is_object(root) || (capabilities && !json_is_object(capabilities)))
		return "sent capabilities that are not what they should be";
	wrong = version_number(json, capabilities, "max_msg_fds", 1, USER_FDS_MAX, &fds);
	if (!wrong)
		wrong = version_number(json, capabilities, "max_data_xfer_size",
				       VERSION_TRANSFER_MIN, USER_TRANSFER_MAX, &transfer);
	limits->max_fds = (unsigned int)fds;
	limits->max_transfer = (uint32_t)transfer;
	return wrong ? wrong : version_twin(json, capabilities, limits);
}

static int version_parse_text(const char *text, size_t size, struct user_limits *limits,
			      const char **wrong)
{
	struct version_json json;
	json_t *root;
	int ret;

	if (text[size - 1]) {
		*wrong = "sent capabilities without their end";
		return -EPROTO;
	}
	ret = version_open_json(&json);
	if (ret < 0)
		return ret;
	root = json.loadb(text, strlen(text), 0, NULL);
	*wrong = root ? version_capabilities(&json, root, limits)
		      : "sent capabilities that are not JSON";
	if (root)
		json.delete(root); /* nobody else refers to it */
	dlclose(json.handle);
	return *wrong ? -EPROTO : 0;
}

int user_version_parse(const void *payload, size_t size, struct user_limits *limits,
		       const char **wrong)
{
	const struct user_version *version = payload;

	*limits = (struct user_limits){ 1, USER_TRANSFER_MAX, -1 };
	*wrong = NULL;
	if (size < sizeof(*version))
		*wrong = "sent a version of the wrong size";
	else if (version->major != USER_MAJOR || version->minor > USER_MINOR)
		*wrong = "sent a version that was not offered";
	if (*wrong)
		return -EPROTO;
	if (size == sizeof(*version))
		return 0;
	return version_parse_text((const char *)(version + 1), size - sizeof(*version), limits,
				  wrong);
}
