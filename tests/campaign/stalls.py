#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long minivmm takes to end while its vfio-user server stalls one kind of message.

A server between minivmm and the demo device passes everything on until the message that is to
stall; from then on it answers nothing. Then minivmm gets SIGTERM, or Ctrl-A x is typed. Usage:
stalls.py BUILD; a line for each case, PASS or FAIL and the milliseconds. The promise is two
seconds; more than LIMIT_S fails, so that a busy machine does not.
"""
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty

# vfio/backend/user_message.h
COMMANDS = {"VERSION": 1, "DMA_MAP": 2, "DMA_UNMAP": 3, "GET_INFO": 4, "GET_REGION_INFO": 5,
            "GET_IRQ_INFO": 7, "SET_IRQS": 8, "REGION_READ": 9, "REGION_WRITE": 10, "RESET": 13}
REPLY = 1
LIMIT_S = 8
PATIENCE_S = 60
# What a start sends; what a guest that runs, or resets, can cause; what the end itself sends.
AT_START = ("VERSION", "GET_INFO", "GET_REGION_INFO", "GET_IRQ_INFO", "REGION_READ", "DMA_MAP",
            "SET_IRQS", "REGION_WRITE", "RESET")
RUNNING = ("REGION_READ", "REGION_WRITE", "SET_IRQS", "RESET")
AT_END = ("DMA_UNMAP", "SET_IRQS", "REGION_WRITE")


class Stalling:
    """The server in between. `armed` says from when on it may stall; `stalled` that it does."""

    def __init__(self, folder, server, command):
        self.path, self.command = f"{folder}/socket", COMMANDS[command]
        self.armed, self.stalled = threading.Event(), threading.Event()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.server = subprocess.Popen([server, f"{folder}/honest"])
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
        header, files, _, _ = socket.recv_fds(source, 16, 16)
        while 0 < len(header) < 16:
            header += source.recv(16 - len(header))
        if not header:
            return False
        command = int.from_bytes(header[2:4], "little")
        left = int.from_bytes(header[4:8], "little") - 16
        body = b""
        while len(body) < left:
            body += source.recv(left - len(body))
        if self.armed.is_set() and command == self.command and not header[8] & REPLY:
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
    """minivmm on a terminal, with the device behind the stalling server."""

    def __init__(self, build, path):
        self.terminal, there = pty.openpty()
        tty.setraw(there)
        self.process = subprocess.Popen(
            [f"{build}/minivmm", "--kernel", f"{build}/kvm/demo.elf", "--append", "reboots 1000000",
             "--memory", "64M", "--vfio-user", path], stdin=there, stdout=there, stderr=there,
            start_new_session=True)
        os.close(there)
        self.said = b""

    def wait_for(self, words):
        until = time.monotonic() + PATIENCE_S
        while words not in self.said:
            if not select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError(f"no '{words.decode()}' in {self.said[-300:]}")
            self.said += os.read(self.terminal, 4096)

    def end(self, by):
        """Milliseconds until it has ended, or None."""
        began = time.monotonic()
        if by == "SIGTERM":
            self.process.send_signal(signal.SIGTERM)
        else:
            os.write(self.terminal, b"\x01x")
        try:
            self.process.wait(LIMIT_S)
            return round((time.monotonic() - began) * 1000)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.terminal)


def measure(build, state, command, by):
    with tempfile.TemporaryDirectory() as folder:
        server = Stalling(folder, f"{build}/guests/demo_device", command)
        if state == "start":
            server.armed.set()
        guest = Guest(build, server.path)
        try:
            if state != "start":
                guest.wait_for(b"boot 0x5")
                server.armed.set()
            if state == "run":
                os.write(guest.terminal, b"\n")  # it resets, and again
            if state != "end" and not server.stalled.wait(PATIENCE_S):
                raise TimeoutError("it never came")
            return guest.end(by)
        finally:
            guest.process.kill()
            server.end()


def main():
    build, bad, longest = sys.argv[1], False, 0
    cases = [("start", command, "SIGTERM") for command in AT_START]
    cases += [(state, command, by) for state, commands in (("run", RUNNING), ("end", AT_END))
              for command in commands for by in ("SIGTERM", "Ctrl-A x")]
    for state, command, by in cases:
        name = f"stall:{state}:{command}:{by.replace(' ', '-')}"
        try:
            took = measure(build, state, command, by)
            why = f"no end after {LIMIT_S} seconds"
        except TimeoutError as error:
            took, why = None, str(error)
        bad |= took is None
        longest = max(longest, took or 0)
        print(f"FAIL {name}: {why}" if took is None else f"PASS {name} ({took} ms)", flush=True)
    print(f"{len(cases)} stalls, the longest end {longest} ms")
    return bad


if __name__ == "__main__":
    sys.exit(main())
