/* SPDX-License-Identifier: MIT */
/*
 * qmp_client SOCKET WORD... holds a conversation with --qmp, and prints one line for each line
 * that comes.
 *
 * A word that begins with { is sent, and its reply is awaited; what comes in between is printed,
 * too. `event:NAME` waits for an event that has not been waited for yet. The word `end` waits
 * until the other side hangs up. If something goes wrong, or if nothing comes for half a minute,
 * the program fails and says what it waited for.
 *
 * It is written in C, because the emulated arm64 host has no interpreter, and the other one has a
 * slow one. minivmm writes a message on one line without blanks, so the line tells what it is.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENT_PATIENCE 30 /* seconds for each line */
#define CLIENT_EVENTS   64

static FILE *client_in, *client_out;
static char *client_events[CLIENT_EVENTS]; /* those not waited for yet */

static _Noreturn void client_fail(const char *what, const char *of)
{
	fflush(stdout);
	fprintf(stderr, "qmp_client: %s %s\n", what, of);
	exit(1);
}

/* This calls only what a signal's handler may call. */
static void client_waited(int signal)
{
	static const char words[] = "qmp_client: nothing came for half a minute\n";

	(void)signal;
	_exit(write(STDERR_FILENO, words, sizeof(words) - 1) < 0 ? 2 : 1);
}

static void client_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		client_fail("cannot have a socket for", path);
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		client_fail("cannot connect to", path);
	client_in = fdopen(fd, "r");
	client_out = fdopen(dup(fd), "w");
	if (!client_in || !client_out)
		client_fail("no memory for", path);
}

/*
 * Returns the name of the event that the line is, which the caller frees; NULL for another line.
 */
static char *client_event_name(const char *line)
{
	static const char key[] = "\"event\":\"";
	const char *name = strstr(line, key);

	return name ? strndup(name + strlen(key), strcspn(name + strlen(key), "\"")) : NULL;
}

static void client_keep_event(char *name)
{
	unsigned int i = 0;

	while (i < CLIENT_EVENTS && client_events[i])
		i++;
	if (i == CLIENT_EVENTS)
		client_fail("too many events, the last one is", name);
	client_events[i] = name;
}

/* Print one line. Returns false at the end. *event says whether the line is an event. */
static bool client_hear(bool *event)
{
	static char *line;
	static size_t room;
	char *name;

	alarm(CLIENT_PATIENCE);
	if (getline(&line, &room, client_in) < 0)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	puts(line);
	fflush(stdout);
	name = client_event_name(line);
	*event = name;
	if (name)
		client_keep_event(name);
	return true;
}

static void client_send(const char *message)
{
	bool event;

	fprintf(client_out, "%s\n", message);
	fflush(client_out);
	do {
		if (!client_hear(&event))
			client_fail("hung up before the reply to", message);
	} while (event);
}

static bool client_take_event(const char *name)
{
	for (unsigned int i = 0; i < CLIENT_EVENTS; i++)
		if (client_events[i] && strcmp(client_events[i], name) == 0) {
			free(client_events[i]);
			client_events[i] = NULL;
			return true;
		}
	return false;
}

static void client_await(const char *name)
{
	bool event;

	while (!client_take_event(name))
		if (!client_hear(&event))
			client_fail("hung up before", name);
}

static void client_say(const char *word)
{
	bool event;

	if (*word == '{')
		client_send(word);
	else if (strncmp(word, "event:", 6) == 0)
		client_await(word + 6);
	else if (strcmp(word, "end") == 0)
		while (client_hear(&event))
			;
	else
		client_fail("unknown word:", word);
}

int main(int argc, char **argv)
{
	bool event;

	if (argc < 2)
		client_fail("usage: qmp_client SOCKET", "WORD...");
	signal(SIGALRM, client_waited);
	signal(SIGPIPE, SIG_IGN);
	client_connect(argv[1]);
	if (!client_hear(&event))
		client_fail("no greeting from", argv[1]);
	client_send("{\"execute\":\"qmp_capabilities\"}");
	for (int i = 2; i < argc; i++)
		client_say(argv[i]);
	return 0;
}
