/* SPDX-License-Identifier: MIT */
#include "options_served.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "options_devices.h"
#include "options_words.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* The words that an option takes after its first. */
#define TAKES_FORMAT   (1u << 0)
#define TAKES_READONLY (1u << 1)
#define TAKES_TAG      (1u << 2)
#define TAKES_SOCKET   (1u << 3)

/*
 * The value after `name=` in a word; NULL if the word has another name, or the option does not take
 * it.
 */
static const char *served_value(const char *word, const char *name, unsigned int takes)
{
	size_t length = strlen(name);

	return takes && strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1
										: NULL;
}

static bool served_set_format(struct options_served *served, const char *value)
{
	served->format = value;
	return strcmp(value, "raw") == 0 || strcmp(value, "qcow2") == 0;
}

static bool served_set_readonly(struct options_served *served, const char *value)
{
	served->readonly = strcmp(value, "on") == 0;
	return served->readonly || strcmp(value, "off") == 0;
}

static bool served_set_tag(struct options_served *served, const char *value)
{
	served->tag = value;
	return *value && strlen(value) <= VIRTIO_VHOST_TAG_MAX;
}

static bool served_set_socket(struct options_served *served, const char *value)
{
	served->path = value;
	return *value;
}

static int served_set_word(struct options_served *served, const char *option, const char *word,
			   unsigned int takes)
{
	static const struct {
		const char *name;
		unsigned int bit;
		bool (*set)(struct options_served *served, const char *value);
		const char *expected;
	} words[] = {
		{ "format", TAKES_FORMAT, served_set_format, "raw or qcow2" },
		{ "readonly", TAKES_READONLY, served_set_readonly, "on or off" },
		{ "tag", TAKES_TAG, served_set_tag, "a name of 1 to 36 characters" },
		{ "socket", TAKES_SOCKET, served_set_socket, "the path of a socket" },
	};

	for (size_t i = 0; i < array_size(words); i++) {
		const char *value = served_value(word, words[i].name, takes & words[i].bit);

		if (value && words[i].set(served, value))
			return 0;
		if (value) {
			log_error(option, "%s: expected %s", word, words[i].expected);
			return -EINVAL;
		}
	}
	log_error(option, "%s: unknown property", word);
	return -EINVAL;
}

static int served_add(struct config *config, const char *option, struct options_served served,
		      char *words, unsigned int takes)
{
	char *word;

	if (config->served_count == OPTIONS_SERVED_MAX) {
		log_error(option, "more than %d disks, folders and servers", OPTIONS_SERVED_MAX);
		return -EINVAL;
	}
	while ((word = words)) {
		words = options_cut_word(word);
		if (served_set_word(&served, option, word, takes) < 0)
			return -EINVAL;
	}
	served.place = options_next_place(config);
	config->served[config->served_count++] = served;
	return 0;
}

int options_add_disk(struct config *config, char *text)
{
	struct options_served served = { .server = OPTIONS_SERVER_DISK,
					 .kind = VIRTIO_VHOST_BLK,
					 .path = text };
	char *words = options_cut_word(text);

	if (*text)
		return served_add(config, "--disk", served, words, TAKES_FORMAT | TAKES_READONLY);
	log_error("--disk", "expected the path of a disk image");
	return -EINVAL;
}

const char *options_share_tag(const struct options_served *served)
{
	const char *slash = strrchr(served->path, '/');

	if (served->tag)
		return served->tag;
	return slash ? slash + 1 : served->path;
}

/* Trailing slashes would hide the last part of the path. */
static void served_trim(char *path)
{
	for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
}

/* The guest finds a folder by its tag, so two folders must not have the same. */
static int served_check_tag(const struct config *config)
{
	const struct options_served *last = &config->served[config->served_count - 1];
	const char *tag = options_share_tag(last);

	if (!*tag || strlen(tag) > VIRTIO_VHOST_TAG_MAX) {
		log_error("--share", "%s: needs tag=, a name of 1 to %d characters", last->path,
			  VIRTIO_VHOST_TAG_MAX);
		return -EINVAL;
	}
	for (const struct options_served *other = config->served; other < last; other++)
		if (other->kind == VIRTIO_VHOST_FS && strcmp(options_share_tag(other), tag) == 0) {
			log_error("--share", "%s: needs another tag=, %s is taken", last->path,
				  tag);
			return -EINVAL;
		}
	return 0;
}

int options_add_share(struct config *config, char *text)
{
	struct options_served served = { .server = OPTIONS_SERVER_SHARE,
					 .kind = VIRTIO_VHOST_FS,
					 .path = text };
	char *words = options_cut_word(text);
	int ret;

	if (!*text) {
		log_error("--share", "expected the path of a folder");
		return -EINVAL;
	}
	served_trim(text);
	ret = served_add(config, "--share", served, words, TAKES_TAG | TAKES_READONLY);
	return ret < 0 ? ret : served_check_tag(config);
}

int options_add_vhost_user(struct config *config, char *text)
{
	struct options_served served = { .server = OPTIONS_SERVER_RUNS };
	char *words = options_cut_word(text);
	unsigned int takes = TAKES_SOCKET;
	int ret;

	while (served.kind < VIRTIO_VHOST_KINDS &&
	       strcmp(text, virtio_vhost_names[served.kind]) != 0)
		served.kind++;
	if (served.kind == VIRTIO_VHOST_KINDS) {
		log_error("--vhost-user", "%s: expected blk, fs or net", text);
		return -EINVAL;
	}
	if (served.kind == VIRTIO_VHOST_FS)
		takes |= TAKES_TAG;
	ret = served_add(config, "--vhost-user", served, words, takes);
	if (ret < 0)
		return ret;
	if (!config->served[config->served_count - 1].path) {
		log_error("--vhost-user", "%s: needs socket=PATH", text);
		return -EINVAL;
	}
	return served.kind == VIRTIO_VHOST_FS ? served_check_tag(config) : 0;
}
