/* SPDX-License-Identifier: MIT */
#include "user_greeting.h"

#include <string.h>

#include "user_message.h"
#include "user_socket.h"
#include "user_version.h"
#include "vmm/base/unix_socket.h"

const char *user_greet(int fd, unsigned int ms)
{
	const struct timespec until = unix_socket_deadline(ms);
	const struct user_version version = { USER_MAJOR, USER_MINOR };
	struct user_header question = { .command = USER_VERSION };
	struct user_message reply = { .payload = NULL };
	struct iovec parts[3] = { { &question, sizeof(question) },
				  { (void *)&version, sizeof(version) },
				  { (void *)user_version_offer, strlen(user_version_offer) + 1 } };
	const char *wrong = user_socket_send(fd, parts, 3, NULL, 0, &until);

	if (!wrong)
		wrong = user_socket_peek(fd, &reply.header, &until);
	if (wrong)
		return wrong;
	if ((reply.header.flags & USER_TYPE_MASK) != USER_TYPE_REPLY)
		return "sent a command before the version was agreed on";
	return user_check_reply(&reply, &question, 0, USER_INFO_MAX);
}
