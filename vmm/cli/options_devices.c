/* SPDX-License-Identifier: MIT */
#include "options_devices.h"

#include <errno.h>
#include <string.h>

#include "options_json.h"
#include "options_qemu.h"
#include "options_qemu_ports.h"
#include "options_qemu_words.h"
#include "options_words.h"
#include "vfio/host/look/host_sysfs.h"
#include "vmm/trace/log.h"

/* A mediated device is known by a UUID. */
static int options_refuse_address(const char *text)
{
	if (strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36)
		log_error("--vfio",
			  "%s: a mediated device is not on the PCI bus; pass the whole device "
			  "through, or a virtual function of it",
			  text);
	else
		log_error("--vfio", "%s: expected a PCI address such as 01:00.0 or 0000:01:00.0",
			  text);
	return -EINVAL;
}

unsigned int options_next_place(const struct config *config)
{
	return config->device_count + config->served_count + config->user_count;
}

static int options_add_device(struct config *config, const char *text,
			      const struct vfio_device_options *vfio)
{
	char bdf[OPTIONS_BDF_MAX];

	if (host_parse_bdf(text, bdf) < 0)
		return options_refuse_address(text);
	for (unsigned int i = 0; i < config->device_count; i++)
		if (strcmp(config->devices[i], bdf) == 0) {
			log_error("--vfio", "%s is given twice", bdf);
			return -EINVAL;
		}
	if (config->device_count == OPTIONS_DEVICES_MAX) {
		log_error("--vfio", "more than %d devices", OPTIONS_DEVICES_MAX);
		return -EINVAL;
	}
	config->vfio[config->device_count] = *vfio;
	config->place[config->device_count] = options_next_place(config);
	strcpy(config->devices[config->device_count++], bdf);
	return 0;
}

/* Parse the words after a device's name: property=value,... */
static int options_set_properties(struct vfio_device_options *vfio, char *words)
{
	char *word;
	int ret = 0;

	while ((word = words) && ret == 0) {
		words = options_cut_word(word);
		ret = vfio_options_set(vfio, word);
	}
	return ret;
}

/* What can be said of hardware alone. */
static int options_check_user(const struct options_user *user)
{
	const char *what = NULL;

	if (user->vfio.iommufd || user->vfio.has_fd)
		what = "iommufd= and fd= are for devices of this host, not for a device that is a "
		       "program";
	else if (user->vfio.errors_to_guest)
		what = "on-error=guest is for hardware: the only error of a program is its end";
	if (!what)
		return 0;
	log_error(user->path ? "--vfio-user" : "--vfio", "%s: %s", user->path ? user->path : "demo",
		  what);
	return -EINVAL;
}

/* `path` is a server's socket, or NULL for the demo device. */
static int options_add_user(struct config *config, const char *path, char *words)
{
	struct options_user *user = &config->users[config->user_count];
	int ret;

	for (unsigned int i = 0; i < config->user_count; i++) {
		const char *other = config->users[i].path;

		if (path ? other && strcmp(other, path) == 0 : !other) {
			log_error(path ? "--vfio-user" : "--vfio", "%s is given twice",
				  path ? path : "demo");
			return -EINVAL;
		}
	}
	if (path && !*path) {
		log_error("--vfio-user", "expected the path of a server's socket");
		return -EINVAL;
	}
	if (config->user_count == OPTIONS_USERS_MAX) {
		log_error("--vfio-user", "more than %d devices", OPTIONS_USERS_MAX);
		return -EINVAL;
	}
	*user = (struct options_user){ .path = path, .place = options_next_place(config) };
	config->user_count++;
	ret = options_set_properties(&user->vfio, words);
	return ret < 0 ? ret : options_check_user(user);
}

int options_add_socket(struct config *config, char *text)
{
	char *words = options_cut_word(text);

	return options_add_user(config, text, words);
}

/* Find the address of a device that is given only by its open file. */
static int options_find_host(const struct vfio_device_options *vfio, char bdf[OPTIONS_BDF_MAX])
{
	int ret = host_find_bdf(vfio->fd, bdf);

	if (ret == -EINVAL)
		log_error("--vfio", "fd=%d: not a file of /dev/vfio/devices", vfio->fd);
	else if (ret < 0)
		log_errno("--vfio", ret, "fd=%d", vfio->fd);
	return ret < 0 ? -EINVAL : 0;
}

/*
 * The last part of a path such as /sys/bus/pci/devices/0000:01:00.0, with or without a trailing
 * slash.
 */
static const char *options_cut_folder(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && !slash[1]) {
		*slash = '\0';
		slash = strrchr(path, '/');
	}
	return slash ? slash + 1 : path;
}

/*
 * `words` is property=value,...; without `host`, a word host=BDF or sysfsdev=PATH may be among
 * them.
 */
static int options_parse_device(struct config *config, const char *host, char *words)
{
	struct vfio_device_options vfio = { 0 };
	char bdf[OPTIONS_BDF_MAX];
	char *word;
	int ret = 0;

	while ((word = words) && ret == 0) {
		words = options_cut_word(word);
		if (!host && strncmp(word, "host=", 5) == 0)
			host = word + 5;
		else if (!host && strncmp(word, "sysfsdev=", 9) == 0)
			host = options_cut_folder(word + 9);
		else
			ret = vfio_options_set(&vfio, word);
	}
	if (ret == 0 && !host && vfio.has_fd) {
		ret = options_find_host(&vfio, bdf);
		host = bdf;
	} else if (ret == 0 && !host) {
		log_error("--device", "vfio-pci: needs host=BDF, or fd=N");
		ret = -EINVAL;
	}
	return ret < 0 ? ret : options_add_device(config, host, &vfio);
}

int options_add_vfio(struct config *config, char *text)
{
	char *words;

	if (strncmp(text, "fd=", 3) == 0)
		return options_parse_device(config, NULL, text);
	words = options_cut_word(text);
	if (strcmp(text, "demo") == 0)
		return options_add_user(config, NULL, words);
	return options_parse_device(config, text, words);
}

/* Which -chardev the serial port is. */
static int options_set_isa_serial(struct config *config, char *words)
{
	char *word;

	while ((word = words)) {
		words = options_cut_word(word);
		if (strncmp(word, "chardev=", 8) == 0)
			config->serial = word + 8;
	}
	return 0;
}

int options_add_qemu_device(struct config *config, char *text)
{
	char *words;
	int ret;

	if (options_qemu_is_question("-device", text))
		return -ENOTSUP;
	if (options_json_flatten("-device", text) < 0)
		return -EINVAL;
	words = options_cut_word(text);
	if (strcmp(text, "isa-serial") == 0)
		return options_set_isa_serial(config, words);
	if (strcmp(text, "vfio-pci") == 0 || strcmp(text, "vfio-pci-nohotplug") == 0)
		return options_parse_device(config, NULL, words);
	if (options_is_qemu_port(text))
		return options_add_qemu_port(config, text, words);
	ret = options_qemu_judge_device(config, text);
	if (ret == 0)
		options_add_qemu_bridge(config, words);
	return ret;
}

static int options_set_object(struct config *config, const char *word)
{
	if (strncmp(word, "id=", 3) == 0 && word[3]) {
		config->iommufd_id = word + 3;
		return 0;
	}
	config->has_iommufd_fd = true;
	if (strncmp(word, "fd=", 3) == 0 &&
	    vfio_options_parse_fd(word + 3, &config->iommufd_fd) == 0)
		return 0;
	log_error("--object", "iommufd: %s: expected id=ID or fd=N", word);
	return -EINVAL;
}

int options_add_qemu_object(struct config *config, char *text)
{
	char *words, *word;

	if (options_json_flatten("-object", text) < 0)
		return -EINVAL;
	words = options_cut_word(text);
	if (strcmp(text, "iommufd") != 0)
		return options_qemu_judge_object(config, text, words);
	while ((word = words)) {
		words = options_cut_word(word);
		if (options_set_object(config, word) < 0)
			return -EINVAL;
	}
	if (config->iommufd_id)
		return 0;
	log_error("--object", "iommufd: needs id=ID");
	return -EINVAL;
}

/* ---- all together ---- */

/* Read how the user wants one device to be opened; 0 or -EINVAL, logged. */
static int options_read_access(const struct config *config, const struct vfio_device_options *vfio,
			       enum host_access *access)
{
	const char *iommufd = vfio->iommufd, *id = config->iommufd_id;

	*access = vfio->has_fd ? HOST_ACCESS_IOMMUFD : HOST_ACCESS_ANY;
	if (!iommufd)
		return 0;
	if (strcmp(iommufd, "on") == 0 || (id && strcmp(iommufd, id) == 0)) {
		*access = HOST_ACCESS_IOMMUFD;
		return 0;
	}
	if (strcmp(iommufd, "off") != 0) {
		log_error("--vfio", "iommufd=%s: expected on, off, or the id of an -object iommufd",
			  iommufd);
		return -EINVAL;
	}
	if (vfio->has_fd) {
		log_error("--vfio",
			  "fd=%d is a file for iommufd, so it cannot be combined with iommufd=off",
			  vfio->fd);
		return -EINVAL;
	}
	*access = HOST_ACCESS_GROUP;
	return 0;
}

int options_check_devices(struct config *config)
{
	for (unsigned int i = 0; i < config->device_count; i++) {
		enum host_access access;

		if (options_read_access(config, &config->vfio[i], &access) < 0)
			return -EINVAL;
		if (access == HOST_ACCESS_ANY)
			continue;
		if (config->access != HOST_ACCESS_ANY && access != config->access) {
			log_error("--vfio",
				  "%s: iommufd=%s, but another device is opened the other way: all "
				  "devices of a guest share one DMA address space",
				  config->devices[i], access == HOST_ACCESS_GROUP ? "off" : "on");
			return -EINVAL;
		}
		config->access = access;
	}
	if (config->has_iommufd_fd && config->access != HOST_ACCESS_IOMMUFD) {
		log_error("--object", "iommufd: no device has iommufd=%s", config->iommufd_id);
		return -EINVAL;
	}
	return 0;
}
