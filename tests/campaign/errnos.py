#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes each system call of a start, a reset and an end fail once, with each errno it can have.

Ioctls are left to tests/kvm/trace.sh, which fails them at the gate. strace makes the calls of the
main thread fail. A run may end with an error, which is one message with this errno's text and no
other's; or the guest goes on to its end. It ends in time, by no signal, and leaves no process and
no file. Usage: errnos.py BUILD [CALL...]; PASS or FAIL for each call, and a count. Root.
"""
import collections
import errno
import os
import re
import signal
import subprocess
import sys
import tempfile

LIMIT_S = 60
# The first call of main(); what comes before is the dynamic linker's.
MAIN = "rt_sigaction(SIGXFSZ"
CONFINED = "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len"
FILES = ("EMFILE", "ENFILE", "ENOMEM")
ERRNOS = {
    "openat": ("EACCES", "EMFILE", "EIO"), "open": ("EACCES", "EMFILE"), "read": ("EIO",),
    "pread64": ("EIO",), "write": ("EIO", "ENOSPC"), "pwrite64": ("EIO", "ENOSPC"),
    "fstat": ("EIO", "ENOMEM"), "newfstatat": ("EACCES", "EIO"),
    "access": ("EACCES",), "readlink": ("EACCES", "ENOMEM"), "getdents64": ("EIO",),
    "statfs": ("EIO",), "lseek": ("EIO",), "fstatfs": ("EIO",), "flock": ("ENOLCK", "EINTR"),
    "mmap": ("ENOMEM", "EAGAIN"), "munmap": ("ENOMEM",), "mprotect": ("ENOMEM",),
    "mremap": ("ENOMEM",), "madvise": ("EAGAIN", "EINVAL"),
    "memfd_create": FILES, "ftruncate": ("ENOSPC", "EIO"), "fallocate": ("ENOSPC",),
    "socket": FILES, "socketpair": FILES, "bind": ("EADDRINUSE", "EACCES", "EROFS"),
    "listen": ("EADDRINUSE",), "connect": ("ECONNREFUSED", "EACCES"),
    "accept4": FILES, "setsockopt": ("ENOMEM",), "sendmsg": ("EPIPE", "ENOBUFS", "ETOOMANYREFS"),
    "recvmsg": ("ECONNRESET", "ENOMEM"), "recvfrom": ("ECONNRESET",), "sendto": ("EPIPE",),
    "shutdown": ("ENOTCONN",), "eventfd2": FILES, "epoll_create1": FILES,
    "epoll_ctl": ("ENOMEM", "ENOSPC"), "epoll_wait": ("EINTR",), "timerfd_create": FILES,
    "timerfd_settime": ("EINVAL",), "signalfd4": FILES, "pipe2": FILES, "dup2": ("EMFILE",),
    "fcntl": ("EINVAL", "EMFILE"), "clone": ("EAGAIN", "ENOMEM"), "clone3": ("EAGAIN", "ENOMEM"),
    "prctl": ("EINVAL", "EPERM"), "seccomp": ("EINVAL", "ENOMEM"), "capset": ("EPERM",),
    "capget": ("EPERM",), "setresuid": ("EAGAIN", "EPERM"), "setresgid": ("EPERM",),
    "setgroups": ("EPERM",), "landlock_create_ruleset": ("EMFILE", "ENOMEM"),
    "landlock_restrict_self": ("E2BIG",), "prlimit64": ("EPERM",), "getrandom": ("EINTR",),
    "sched_setaffinity": ("EINVAL",), "sched_getaffinity": ("EINVAL",), "wait4": ("ECHILD",),
    "unlink": ("EACCES", "EROFS"), "rmdir": ("ENOTEMPTY",), "mkdir": ("ENOSPC", "EACCES"),
    "poll": ("ENOMEM",), "rt_sigprocmask": ("EINVAL",), "kill": ("EPERM",), "uname": ("EFAULT",),
}
# What pthread_create() makes of a failed call.
LIBC = {"mmap": "EAGAIN", "mprotect": "EAGAIN", "clone3": "EAGAIN", "clone": "EAGAIN"}
TEXTS = {os.strerror(number): name for number, name in errno.errorcode.items()}


class Run:
    """A start, a reset by the guest, and the end, of one machine with a device and a socket."""

    def __init__(self, build, work):
        self.build, self.work = build, work

    def go(self, words, *strace):
        """Status, output, errors, what is left; `words` are minivmm's."""
        for name in os.listdir(self.work):
            os.unlink(f"{self.work}/{name}")
        with open(f"{self.work}.out", "wb") as out, open(f"{self.work}.err", "wb") as err:
            process = subprocess.Popen(
                ["strace", "-qq", "-e", "signal=none", *strace, f"{self.build}/minivmm",
                 "--kernel", f"{self.build}/kvm/endings.elf", "--append", "reset", "--memory",
                 "64M", "--vfio", "demo", "--qmp", f"unix:{self.work}/qmp", *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                env={**os.environ, "TMPDIR": self.work})
            try:
                process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None, "", "", []
        said = []
        for name in ("out", "err"):
            with open(f"{self.work}.{name}", encoding="utf-8", errors="replace") as file:
                said.append(file.read())
        left = [f"file {name}" for name in os.listdir(self.work)]
        left += [f"process {pid}" for pid in session(process.pid)]
        return process.returncode, said[0], said[1], left


def session(leader):
    """Living processes of a session; helpers have their own, but end before minivmm does."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                words = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[3]) == leader and words[0] != "Z":
            yield pid


def judge(call, name, status, out, err, left):
    """What is wrong with such an end, or ""."""
    errors = [line for line in err.splitlines() if line.startswith("minivmm: error: ")]
    if status is None:
        return f"no end after {LIMIT_S} seconds"
    if status < 0 or status > 128 or "AddressSanitizer" in err:
        return f"status {status}: {err[-200:]}"
    if left:
        return f"left {left}"
    if status == 0 and "boot 3" not in out:
        return "success without what the guest had to say"
    if status and not errors:
        return f"status {status} and no error: {err[-200:]}"
    if status and len(errors) > 1:
        return f"{len(errors)} errors: {' | '.join(errors)}"
    invented = {TEXTS[text] for line in errors for text in TEXTS if line.endswith(": " + text)}
    if status and invented - {name, LIBC.get(call)}:
        return f"another errno: {errors[0]}"
    return ""


def calls_of_main(run, words, work):
    """How often main() and what it calls makes each call, after how many by the linker.

    Once it is confined strace can make no call fail: its filter sees that as a call of its own.
    """
    run.go(words, "-o", f"{work}.calls")
    before, after, began = collections.Counter(), collections.Counter(), False
    with open(f"{work}.calls", encoding="utf-8", errors="replace") as file:
        for line in file:
            began |= line.startswith(MAIN)
            if line.startswith(CONFINED):
                break
            if match := re.match(r"(\w+)\(", line):
                (after if began else before)[match[1]] += 1
    return before, after


def try_call(run, words, call, before, count):
    """Each of these calls fails with each errno: what is wrong with which."""
    found = []
    for name in ERRNOS[call]:
        for nth in range(1, count + 1):
            wrong = judge(call, name, *run.go(
                words, "-o", "/dev/null", "-e", f"trace={call}", "-e",
                f"inject={call}:error={name}:when={before + nth}"))
            if wrong:
                found.append(f"{name} at {nth}: {wrong}")
    return found


def main():
    build, wanted = sys.argv[1], sys.argv[2:]
    tried, bad = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        work = f"{folder}/work"
        os.mkdir(work)
        run = Run(build, work)
        for way, words in (("confined", ()), ("free", ("--no-sandbox", "--stats"))):
            before, after = calls_of_main(run, words, work)
            for call in sorted(set(after) & set(ERRNOS)):
                if wanted and call not in wanted:
                    continue
                found = try_call(run, words, call, before[call], after[call])
                tried += after[call] * len(ERRNOS[call])
                bad += len(found)
                print(f"FAIL errno:{way}:{call}: " + "\n\t".join(found) if found else
                      f"PASS errno:{way}:{call} ({after[call]} calls)", flush=True)
    print(f"{tried} calls that fail, {bad} of them wrong")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
