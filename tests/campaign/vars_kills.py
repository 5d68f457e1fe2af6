#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 while firmware writes its variables, and while minivmm makes the file for them.

The firmware is guests/bare/firmware.c, which raises a number and says each one that is kept. After
a kill the file must be taken again, hold no torn record, and have the number that was said last or
the one behind it. A file that is being made is there as a whole or not at all, whatever call was
the last, and nothing lies beside it. Usage: vars_kills.py BUILD COUNT; PASS or FAIL for each kind,
and a count.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SIZE, BLOCK = 0x10000, 0x1000  # guests/bare/firmware.c
KIND = bytes.fromhex("8d2bf1ff96768b4ca9852747075b4f50")  # EFI_SYSTEM_NV_DATA_FV_GUID
FRESH = (bytes(16) + KIND + SIZE.to_bytes(8, "little") + b"_FVH").ljust(SIZE, b"\xff")
MAKERS = ("openat", "pwrite64", "ftruncate", "fsync", "link", "linkat", "unlink", "close", "fcntl")
PATIENCE_S = 60


class Firmware:
    """A folder with the image and the template for its variables; one start after the other."""

    def __init__(self, build, folder):
        self.build, self.folder, self.vars = build, folder, f"{folder}/guest.fd"
        shutil.copy(f"{build}/kvm/firmware.fd", f"{folder}/CODE.fd")
        with open(f"{folder}/VARS.fd", "wb") as file:
            file.write(FRESH)

    def start(self, *before):
        return subprocess.Popen(
            [*before, f"{self.build}/minivmm", "--memory", "128M", "--firmware",
             f"{self.folder}/CODE.fd,vars={self.vars}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def numbers_until(self, process, done):
        """What the guest says until `done` of the letter and number of a line; torn records too."""
        said = []
        for line in process.stdout:
            match = re.fullmatch(rb"([=+!?]) ([0-9a-f]{8})\r?\n", line)
            if match:  # the last line of a killed one may be cut off
                said.append((match[1].decode(), int(match[2], 16)))
                if done and done(*said[-1]):
                    break
        return said

    def kept(self):
        """The number that the next start finds, or what is wrong."""
        process = self.start()
        said = self.numbers_until(process, lambda letter, _number: letter == "=")
        process.kill()
        errors = process.communicate()[1].decode(errors="replace")
        if not said or said[-1][0] != "=":
            return f"not taken again: {errors[-300:]}"
        torn = [f"{number:#x}" for letter, number in said if letter in "!?"]
        return f"torn records at {torn}" if torn else said[-1][1]


def kill_one(firmware, number, count):
    """Write for a while, and look what is kept; "" or what is wrong."""
    process = firmware.start()
    writes = number * 23 % 300  # also across the erasure of a block, every 256
    said = firmware.numbers_until(
        process, lambda letter, last: letter == "+" and last % 300 == writes or letter == "?")
    time.sleep(0.0001 * (number * 7 % count))
    process.kill()
    said += firmware.numbers_until(process, None)
    process.communicate()
    if not said or said[-1][0] != "+":
        return f"kill {number}: it said {said[-3:]}"
    last, kept = said[-1][1], firmware.kept()
    return "" if kept in (last, last + 1) else f"kill {number}: {last} was said, found: {kept}"


def calls_of_making(firmware):
    """Names of the calls, each with how many of its name there were by then."""
    trace = f"{firmware.folder}/trace"
    process = firmware.start("strace", "-qq", "-o", trace, "-e", "trace=" + ",".join(MAKERS))
    firmware.numbers_until(process, lambda letter, _number: letter == "=")
    os.killpg(process.pid, signal.SIGKILL)  # strace alone would let it go on
    process.communicate()
    with open(trace, encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    first = next(i for i, line in enumerate(lines) if "VARS.fd" in line)
    last = max(i for i, line in enumerate(lines) if "guest.fd" in line)
    names = [line.split("(")[0] for line in lines]
    return [(names[i], names[:i + 1].count(names[i])) for i in range(first, last + 4)]


def kill_making(firmware, call, nth):
    """Killed at one of the calls that may belong to the making of the file: the nth of its name."""
    for name in os.listdir(firmware.folder):
        if name.startswith("guest.fd"):
            os.unlink(f"{firmware.folder}/{name}")
    process = firmware.start("strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                             f"inject={call}:signal=KILL:when={nth}")
    process.communicate(timeout=PATIENCE_S)
    if os.path.exists(firmware.vars):
        with open(firmware.vars, "rb") as file:
            if file.read() != FRESH:
                return f"{call} {nth}: half a file"
    left = [name for name in os.listdir(firmware.folder) if name.startswith("guest.fd.")]
    if left:
        return f"{call} {nth}: left {left}"
    kept = firmware.kept()
    return "" if kept == 0 else f"{call} {nth}: {kept}"


def tell(kind, tried, found):
    print(f"FAIL kill:{kind}: {found}" if found else
          f"PASS kill:{kind} ({tried} moments)", flush=True)
    return bool(found)


def main():
    build, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        firmware = Firmware(build, folder)
        calls = calls_of_making(firmware)
        found = next(filter(None, (kill_making(firmware, *call) for call in calls)), "")
        bad = tell("vars-made", len(calls), found)
        shutil.copy(f"{folder}/VARS.fd", firmware.vars)
        found = next(filter(None, (kill_one(firmware, nth, count) for nth in range(count))), "")
        bad |= tell("vars-written", count, found)
    print(f"{len(calls) + count} moments")
    return bad


if __name__ == "__main__":
    sys.exit(main())
