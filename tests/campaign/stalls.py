#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long minivmm takes to end while its server stalls one kind of message.

A server between minivmm and an honest one (the demo device by vfio-user, qemu-storage-daemon by
vhost-user) passes everything on until the message that is to stall; from then on it answers
nothing. Then minivmm gets SIGTERM, or Ctrl-A x is typed. Usage: stalls.py BUILD [WORD...]; a line
for each case whose name has one of the words, PASS or FAIL and the milliseconds. The promise is two
seconds; more than LIMIT_S fails, so that a busy machine does not.
"""
import functools
import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty

LIMIT_S = 8
PATIENCE_S = 60
STORAGE = "qemu-storage-daemon"

# vfio/backend/user_message.h
USER = {"VERSION": 1, "DMA_MAP": 2, "DMA_UNMAP": 3, "GET_INFO": 4, "GET_REGION_INFO": 5,
        "GET_IRQ_INFO": 7, "SET_IRQS": 8, "REGION_READ": 9, "REGION_WRITE": 10, "RESET": 13}
# devices/vhost_message.h
VHOST = {"GET_FEATURES": 1, "SET_FEATURES": 2, "SET_OWNER": 3, "SET_MEM_TABLE": 5,
         "SET_VRING_NUM": 8, "SET_VRING_ADDR": 9, "SET_VRING_BASE": 10, "GET_VRING_BASE": 11,
         "SET_VRING_KICK": 12, "SET_VRING_CALL": 13, "GET_PROTOCOL_FEATURES": 15,
         "SET_PROTOCOL_FEATURES": 16, "SET_VRING_ENABLE": 18, "GET_CONFIG": 24}

# What a start sends; what a guest that runs, or resets, can cause; what the end itself sends.
AT_START = ("VERSION", "GET_INFO", "GET_REGION_INFO", "GET_IRQ_INFO", "REGION_READ", "DMA_MAP",
            "SET_IRQS", "REGION_WRITE", "RESET")
RUNNING = ("REGION_READ", "REGION_WRITE", "SET_IRQS", "RESET")
AT_END = ("DMA_UNMAP", "SET_IRQS", "REGION_WRITE")
COMING = ("VERSION", "GET_INFO", "GET_REGION_INFO", "GET_IRQ_INFO", "REGION_READ", "DMA_MAP")
GOING = ("DMA_UNMAP",)
DISK_START = ("GET_FEATURES", "GET_PROTOCOL_FEATURES", "GET_CONFIG")
DISK_RUNNING = ("SET_MEM_TABLE", "SET_VRING_ADDR", "SET_VRING_KICK", "GET_VRING_BASE")


class Vfio:
    """vfio-user: 16 bytes of header; its guest; how it is told of the server."""
    commands, header, reply = USER, 16, 1

    @staticmethod
    def parse(header):
        """Number, bytes that follow, flags."""
        return (int.from_bytes(header[2:4], "little"),
                int.from_bytes(header[4:8], "little") - 16, header[8])

    @staticmethod
    def serve(build, folder):
        return [f"{build}/guests/demo_device", f"{folder}/honest"]

    @staticmethod
    def words(path):
        return ["--vfio-user", path]


class Vhost:
    """vhost-user: 12 bytes of header."""
    commands, header, reply = VHOST, 12, 4

    @staticmethod
    def parse(header):
        return (int.from_bytes(header[0:4], "little"), int.from_bytes(header[8:12], "little"),
                header[4])

    @staticmethod
    def serve(_build, folder):
        with open(f"{folder}/disk", "wb") as file:  # as tests/kvm/run.sh make_disk
            for sector in range(32):
                file.write(sector.to_bytes(8, "little") * 64)
        return [STORAGE, "--blockdev", f"driver=file,node-name=file,filename={folder}/disk",
                "--blockdev", "driver=raw,node-name=disk,file=file", "--export",
                "type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,"
                f"addr.path={folder}/honest,writable=on"]

    @staticmethod
    def words(path):
        return ["--vhost-user", f"blk,socket={path}"]


class Stalling:
    """The server in between. `armed` says from when on it may stall; `stalled` that it does."""

    def __init__(self, build, folder, protocol, command):
        self.path, self.protocol = f"{folder}/socket", protocol
        self.command = protocol.commands[command]
        self.armed, self.stalled = threading.Event(), threading.Event()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.server = subprocess.Popen(protocol.serve(build, folder))
        while not os.path.exists(f"{folder}/honest"):
            time.sleep(0.01)
        self.honest = f"{folder}/honest"
        self.open = [self.listener]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        honest = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while honest.connect_ex(self.honest):
            time.sleep(0.01)
        self.open += [client, honest]
        other = {client: honest, honest: client}
        try:
            while True:
                for one in select.select([client, honest], [], [])[0]:
                    if not self.pass_on(one, other[one]):
                        return
        except OSError:
            pass  # minivmm has gone

    def pass_on(self, source, target):
        """One message, with its files; False once the server stalls, or somebody has gone."""
        size = self.protocol.header
        header, files, _, _ = socket.recv_fds(source, size, 16)
        while 0 < len(header) < size:
            header += source.recv(size - len(header))
        if not header:
            return False
        command, left, flags = self.protocol.parse(header)
        body = b""
        while len(body) < left:
            body += source.recv(left - len(body))
        if self.armed.is_set() and command == self.command and not flags & self.protocol.reply:
            self.stalled.set()
            return False
        socket.send_fds(target, [header + body], files)
        for file in files:
            os.close(file)
        return True

    def end(self):
        self.server.kill()
        self.server.wait()
        for one in self.open:
            one.close()


class Guest:
    """minivmm on a terminal; `words` are those of the guest and its devices.

    Without a `guest` the words say what starts. `files` are stdout or stderr that are elsewhere.
    """

    def __init__(self, build, guest, append, *words, **files):
        self.terminal, there = pty.openpty()
        tty.setraw(there)
        boot = ["--kernel", f"{build}/kvm/{guest}.elf", "--append", append, "--memory", "64M"]
        self.process = subprocess.Popen(
            [f"{build}/minivmm", *(boot if guest else ()), *words],
            **{"stdin": there, "stdout": there, "stderr": there, **files},
            start_new_session=True)
        os.close(there)
        self.said = b""

    def wait_for(self, words):
        until = time.monotonic() + PATIENCE_S
        while words not in self.said:
            if not select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError(f"no '{words.decode()}' in {self.said[-300:]}")
            self.said += os.read(self.terminal, 4096)

    def type(self, keys=b"\n"):
        os.write(self.terminal, keys)

    def ask(self, by):
        if by == "SIGTERM":
            self.process.send_signal(signal.SIGTERM)
        else:
            self.type(b"\x01x")

    def end(self, by):
        """Milliseconds until it has ended, or None. `by` is None if that was asked already."""
        began = time.monotonic()
        if by:
            self.ask(by)
        try:
            self.process.wait(LIMIT_S)
            return round((time.monotonic() - began) * 1000)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.terminal)


def send(folder, *commands):
    """Commands for the control socket; nobody waits for the last one's reply."""
    client = socket.socket(socket.AF_UNIX)
    while client.connect_ex(f"{folder}/qmp"):
        time.sleep(0.05)
    lines = client.makefile("r")
    lines.readline()
    for command in ({"execute": "qmp_capabilities"}, *commands[:-1]):
        client.sendall(json.dumps(command).encode() + b"\n")
        while "event" in json.loads(lines.readline()):
            pass
    client.sendall(json.dumps(commands[-1]).encode() + b"\n")
    return client


def add(path):
    return {"execute": "device_add",
            "arguments": {"driver": "vfio-user-pci", "socket": path, "id": "it"}}


# ---- the states: each starts a guest, and brings it to where the server stalls ----

def start(build, _folder, server):
    server.armed.set()
    return Guest(build, "demo", "reboots 1000000", *server.protocol.words(server.path))


def running(build, _folder, server):
    guest = Guest(build, "demo", "reboots 1000000", *server.protocol.words(server.path))
    guest.wait_for(b"boot 0x5")
    server.armed.set()
    return guest


def run(build, folder, server):
    guest = running(build, folder, server)
    guest.type()  # it resets, and again
    return guest


def button(build, _folder, server):
    """A guest that listens to the power button, whose CPU waits for the server."""
    guest = Guest(build, "demo", "listens", "--grace", "60", *server.protocol.words(server.path))
    guest.wait_for(b"listening")
    server.armed.set()
    guest.type()
    return guest


def asked(build, _folder, server):
    """The same, but it was asked to power off before."""
    guest = Guest(build, "demo", "listens", "--grace", "60", *server.protocol.words(server.path))
    guest.wait_for(b"listening")
    server.armed.set()
    guest.ask("SIGTERM")
    guest.wait_for(b"asked to power off")
    guest.type()
    return guest


def plug(build, folder, server):
    guest = Guest(build, "endings", "sleep", "--ports", "1", "--qmp", f"unix:{folder}/qmp")
    guest.wait_for(b"sleeping")
    server.armed.set()
    server.open.append(send(folder, add(server.path)))
    return guest


def unplug(build, folder, server):
    """Taken away after ten seconds, because the guest does not let go of it."""
    guest = Guest(build, "endings", "sleep", "--ports", "1", "--qmp", f"unix:{folder}/qmp")
    guest.wait_for(b"sleeping")
    server.armed.set()
    server.open.append(send(folder, add(server.path),
                            {"execute": "device_del", "arguments": {"id": "it"}}))
    return guest


def disk(build, _folder, server):
    """A driver sets its disk up, again and again, or the guest reboots with it."""
    server.armed.set()
    return Guest(build, "disk", "reboot", *server.protocol.words(server.path))


class Deaf:
    """A socket whose queue of callers is full."""

    def __init__(self, folder):
        self.path, self.protocol, self.stalled = f"{folder}/socket", Vfio, threading.Event()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.path)
        listener.listen(0)
        self.open, self.armed = [listener], threading.Event()
        for _ in range(4):
            caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            caller.setblocking(False)
            caller.connect_ex(self.path)
            self.open.append(caller)
        self.stalled.set()

    def end(self):
        for one in self.open:
            one.close()


BOTH = ("SIGTERM", "Ctrl-A x")
CASES = [(start, Vfio, AT_START, ("SIGTERM",)), (run, Vfio, RUNNING, BOTH),
         (running, Vfio, AT_END, BOTH), (button, Vfio, ("REGION_READ",), BOTH),
         (asked, Vfio, ("REGION_READ",), (None,)), (plug, Vfio, COMING, BOTH),
         (unplug, Vfio, GOING, BOTH), (plug, Deaf, ("connect",), BOTH),
         (disk, Vhost, DISK_START, ("SIGTERM",)), (disk, Vhost, DISK_RUNNING, BOTH)]


def measure(build, state, protocol, command, by):
    with tempfile.TemporaryDirectory() as folder:
        server = (Deaf(folder) if protocol is Deaf else
                  Stalling(build, folder, protocol, command))
        guest = state(build, folder, server)
        try:
            if state is not running and not server.stalled.wait(PATIENCE_S):
                raise TimeoutError("it never came")
            if protocol is Deaf:
                time.sleep(1)  # until the process that connects has begun to
            return guest.end(by)
        finally:
            guest.process.kill()
            server.end()


def try_all(cases, words, what):
    """Each case is a name, the program that it lacks here or None, and a function that returns how
    many ms the end took, or None. With words, only cases whose name has one. Whether one failed."""
    bad, took_all = False, []
    for name, lacks, measured in cases:
        if words and not any(word in name for word in words):
            continue
        if lacks:
            print(f"SKIP {name}: there is no {lacks}")
            continue
        try:
            took = measured()
            why = f"no end after {LIMIT_S} seconds"
        except TimeoutError as error:
            took, why = None, str(error)
        bad |= took is None
        took_all.append(took or 0)
        print(f"FAIL {name}: {why}" if took is None else f"PASS {name} ({took} ms)", flush=True)
    print(f"{len(took_all)} {what}, the longest end {max(took_all, default=0)} ms")
    return bad


def lacks_storage(wanted):
    return STORAGE if wanted and not shutil.which(STORAGE) else None


def main():
    build, words = sys.argv[1], sys.argv[2:]
    cases = [(f"stall:{state.__name__}:{command}:{(by or 'asked-before').replace(' ', '-')}",
              lacks_storage(protocol is Vhost),
              functools.partial(measure, build, state, protocol, command, by))
             for state, protocol, commands, ways in CASES for command in commands for by in ways]
    return try_all(cases, words, "stalls")


if __name__ == "__main__":
    sys.exit(main())
