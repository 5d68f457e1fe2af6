/* SPDX-License-Identifier: MIT */
#include "user_version.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "user_message.h"

/* The largest access of a vCPU must fit into one message. */
#define VERSION_TRANSFER_MIN 8

const char user_version_offer[] = "{\"capabilities\":{\"max_msg_fds\":16,"
				  "\"max_data_xfer_size\":1048576,"
				  "\"twin_socket\":{\"supported\":true}}}";

/* An optional number between min and max; *value is left alone where there is none. */
static const char *version_number(const json_t *object, const char *key, json_int_t min,
				  json_int_t max, json_int_t *value)
{
	const json_t *number = json_object_get(object, key);

	if (!number)
		return NULL;
	if (!json_is_integer(number))
		return "sent a limit that is not a number";
	*value = json_integer_value(number);
	if (*value < min)
		return "sent a limit too small to work with";
	if (*value > max)
		*value = max;
	return NULL;
}

static const char *version_twin(const json_t *capabilities, struct user_limits *limits)
{
	const json_t *twin = json_object_get(capabilities, "twin_socket");
	json_int_t index = -1;
	const char *wrong;

	if (!twin || !json_is_true(json_object_get(twin, "supported")))
		return NULL;
	wrong = version_number(twin, "fd_index", 0, USER_FDS_MAX, &index);
	if (!wrong && index < 0)
		wrong = "sent a second socket, but not which file it is";
	limits->twin = (int)index;
	return wrong;
}

static const char *version_capabilities(const json_t *root, struct user_limits *limits)
{
	const json_t *capabilities = json_object_get(root, "capabilities");
	json_int_t fds = 1, transfer = USER_TRANSFER_MAX;
	const char *wrong;

	if (!json_is_object(root) || (capabilities && !json_is_object(capabilities)))
		return "sent capabilities that are not what they should be";
	wrong = version_number(capabilities, "max_msg_fds", 1, USER_FDS_MAX, &fds);
	if (!wrong)
		wrong = version_number(capabilities, "max_data_xfer_size", VERSION_TRANSFER_MIN,
				       USER_TRANSFER_MAX, &transfer);
	limits->max_fds = (unsigned int)fds;
	limits->max_transfer = (uint32_t)transfer;
	return wrong ? wrong : version_twin(capabilities, limits);
}

static int version_parse_text(const char *text, size_t size, struct user_limits *limits,
			      const char **wrong)
{
	json_t *root;

	if (text[size - 1]) {
		*wrong = "sent capabilities without their end";
		return -EPROTO;
	}
	root = json_loadb(text, strlen(text), 0, NULL);
	*wrong = root ? version_capabilities(root, limits) : "sent capabilities that are not JSON";
	json_decref(root);
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
