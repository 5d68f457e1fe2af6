#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long minivmm takes to end while a file stalls, or nobody reads what it writes.

The files are those of a FUSE server that takes requests and answers none (fuse_files.py): whoever
made one cannot even be killed. Then minivmm gets SIGTERM, or Ctrl-A x is typed. What may be left is
a process that waits for the file; it must end when the server does. The others are pipes, FIFOs and
terminals that nobody reads. Usage: file_stalls.py BUILD [WORD...]; a line for each case whose name
has one of the words, PASS or FAIL and the milliseconds. Root.
"""
import contextlib
import fcntl
import functools
import os
import pty
import signal
import socket
import sys
import tempfile
import time
import tty

import fuse_files
from fuse_files import FLUSH, GETATTR, OPEN, READ, WRITE
from stalls import BOTH, PATIENCE_S, Guest, add, lacks_storage, send, try_all
from vars_kills import FRESH

RESETS = ("demo", "reboots 1000000", "--vfio", "demo")
IMAGE = b"".join(sector.to_bytes(8, "little") * 64 for sector in range(32))  # tests/kvm/run.sh
ROM = b"\x55\xaa".ljust(512, b"\0")


class State:
    """A guest, and what must be undone after its end."""

    def __init__(self, build, folder):
        self.build, self.folder, self.guest = build, folder, None
        self.stack = contextlib.ExitStack()

    def mount(self, **files):
        os.mkdir(f"{self.folder}/fuse")
        fuse = fuse_files.FuseFiles(f"{self.folder}/fuse", files)
        self.stack.callback(fuse.close)
        return fuse

    def path(self, name):
        return f"{self.folder}/fuse/{name}"

    def start(self, *arguments, **files):
        self.guest = Guest(self.build, *arguments, **files)

    def firmware(self, *words, code=None, **files):
        code = code or f"{self.build}/kvm/firmware.fd"
        self.start(None, None, "--memory", "128M", "--firmware", code, *words, **files)

    def keep(self, fd):
        self.stack.callback(os.close, fd)
        return fd


def stall(fuse, *kinds, beyond=-1):
    """Until somebody waits."""
    fuse.stall(*kinds, beyond=beyond)
    if not fuse.stalled.wait(PATIENCE_S):
        raise TimeoutError("nobody asked")
    time.sleep(0.2)  # more of minivmm's threads may come to it


# ---- files that another program serves ----

def variables(state):
    fuse = state.mount(vars=FRESH)
    with open(f"{state.build}/kvm/firmware.fd", "rb") as file:
        code = f"{state.folder}/code"
        with open(code, "wb") as copy:
            copy.write(file.read())
    state.firmware(code=f"{code},vars={state.path('vars')}")
    state.guest.wait_for(b"+ 0000000")
    return fuse


def write_of_variables(state):
    stall(variables(state), WRITE)


def close_of_variables(state):
    """The guest writes on; only the end asks what stalls."""
    variables(state).stall(FLUSH)


def kernel_at_a_reboot(state):
    """It is not asked again, because the guest starts from a copy."""
    with open(f"{state.build}/kvm/demo.elf", "rb") as file:
        fuse = state.mount(kernel=file.read())
    state.start(None, None, "--memory", "64M", "--kernel", state.path("kernel"), "--append",
                "reboots 20", *RESETS[2:])
    state.guest.wait_for(b"boot 0x5")
    fuse.stall(OPEN, READ, GETATTR, FLUSH)
    state.guest.type()
    state.guest.wait_for(b"boot 0x14")


def trace(state):
    fuse = state.mount(trace=b"")
    state.start(*RESETS, "--trace", state.path("trace"))
    state.guest.wait_for(b"boot 0x5")
    state.guest.type()
    stall(fuse, WRITE)


def console(state):
    fuse = state.mount(console=b"")
    state.firmware("--console", f"file:{state.path('console')}")
    stall(fuse, WRITE)


def output(state):
    fuse = state.mount(output=b"")
    with open(state.path("output"), "wb") as file:
        state.firmware(stdout=file)
    stall(fuse, WRITE)


def errors(state):
    fuse = state.mount(errors=b"")
    with open(state.path("errors"), "wb") as file:
        state.start(*RESETS, "--trace", "-", stderr=file)
    state.guest.wait_for(b"boot 0x5")
    state.guest.type()
    stall(fuse, WRITE)


def disk(state):
    fuse = state.mount(disk=IMAGE)
    state.start("disk", "reboot", "--disk", f"{state.path('disk')},format=raw")
    stall(fuse, READ, WRITE, beyond=0)  # minivmm itself looks at the first bytes, and closes it


def disk_close(state):
    fuse = state.mount(disk=IMAGE)
    state.start("endings", "sleep", "--disk", f"{state.path('disk')},format=raw")
    state.guest.wait_for(b"sleeping")
    fuse.stall(FLUSH)


def rom_of_a_device_that_comes(state):
    fuse = state.mount(rom=ROM)
    state.start("endings", "sleep", "--ports", "1", "--qmp", f"unix:{state.folder}/qmp")
    state.guest.wait_for(b"sleeping")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(f"{state.folder}/server")
    server.listen()
    fuse.stall(OPEN)
    command = add(f"{state.folder}/server")
    command["arguments"]["romfile"] = state.path("rom")
    for one in (server, send(state.folder, command)):
        state.stack.callback(one.close)
    time.sleep(1)


# ---- what nobody reads ----

def fill(fd):
    """Until it takes no more."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, bytes(512))
    fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def full_pipe(state):
    read, write = os.pipe()
    state.keep(read)
    fill(state.keep(write))
    return write


def pipe_for_output(state):
    state.firmware(stdout=full_pipe(state))
    time.sleep(1)


def pipe_for_errors(state):
    state.start("endings", "sleep", "--stats", stderr=full_pipe(state))
    state.guest.wait_for(b"sleeping")


def pipe_for_the_trace(state):
    os.mkfifo(f"{state.folder}/fifo")
    state.keep(os.open(f"{state.folder}/fifo", os.O_RDWR))
    state.start(*RESETS, "--trace", f"{state.folder}/fifo")
    time.sleep(2)


def pipe_for_the_console(state):
    os.mkfifo(f"{state.folder}/fifo")
    state.keep(os.open(f"{state.folder}/fifo", os.O_RDWR))
    state.firmware("--console", f"file:{state.folder}/fifo")
    time.sleep(1)


def full_terminal(state):
    near, there = pty.openpty()
    state.keep(near)
    tty.setraw(there)
    fill(state.keep(there))
    return there


def terminal_for_all(state):
    there = full_terminal(state)
    state.start("endings", "sleep", "--stats", stdout=there, stderr=there)
    time.sleep(1)


FUSE = (write_of_variables, close_of_variables, kernel_at_a_reboot, trace, console, output, errors,
        disk, disk_close, rom_of_a_device_that_comes)
UNREAD = (pipe_for_output, pipe_for_errors, pipe_for_the_trace, pipe_for_the_console,
          terminal_for_all)
STATUSES = (0, 128 + signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL)  # the last: no end in time
STORED = (disk, disk_close)
# The keys are those of a terminal that has the guest's output, too.
KEYLESS = (console, output, pipe_for_output, pipe_for_the_console, terminal_for_all)


def measure(build, enter, by):
    with tempfile.TemporaryDirectory() as folder:
        state = State(build, folder)
        with state.stack:
            try:
                enter(state)
                if state.guest.process.poll() is not None:
                    raise TimeoutError("it ended too early")
                took = state.guest.end(by)
                if state.guest.process.returncode not in STATUSES:
                    raise TimeoutError(f"status {state.guest.process.returncode}")
                return took
            finally:
                if state.guest:
                    state.guest.process.kill()


def main():
    build, words = sys.argv[1], sys.argv[2:]
    fuse_files.leave_namespace()
    cases = [(f"stall:file:{enter.__name__.replace('_', '-')}:{by.replace(' ', '-')}",
              lacks_storage(enter in STORED), functools.partial(measure, build, enter, by))
             for enter in (*FUSE, *UNREAD) for by in BOTH
             if by == "SIGTERM" or enter not in KEYLESS]
    return try_all(cases, words, "stalled files")


if __name__ == "__main__":
    sys.exit(main())
