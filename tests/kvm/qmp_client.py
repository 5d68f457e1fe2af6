#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""qmp_client.py SOCKET WORD...: a conversation with --qmp, one line of output for each line that comes.

A word that begins with { is sent, and its reply awaited; what comes in between is printed, too.
`event:NAME` waits for an event that has not been printed yet. At the end it waits until the other side
hangs up, if the last word is `end`. Without an answer for 30 seconds it fails.
"""
import json
import socket
import sys

LIMIT = 30

client = socket.socket(socket.AF_UNIX)
client.settimeout(LIMIT)
client.connect(sys.argv[1])
lines = client.makefile("r")
events = []


def hear():
    """The next line that is no event; None at the end."""
    text = lines.readline()
    if not text:
        return None
    print(text.strip(), flush=True)
    value = json.loads(text)
    if "event" in value:
        events.append(value["event"])
    return value


def wait_reply():
    while True:
        value = hear()
        if value is None:
            sys.exit("hung up before the reply")
        if "event" not in value:
            return


def wait_event(name):
    while name not in events:
        if hear() is None:
            sys.exit(f"hung up before {name}")
    events.remove(name)


hear()
client.sendall(b'{"execute": "qmp_capabilities"}\n')
wait_reply()
for word in sys.argv[2:]:
    if word.startswith("{"):
        client.sendall(word.encode() + b"\n")
        wait_reply()
    elif word.startswith("event:"):
        wait_event(word[6:])
    elif word == "end":
        while hear() is not None:
            pass
    else:
        sys.exit(f"unknown word: {word}")
