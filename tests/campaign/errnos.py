#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes each call of a start, a reset, an unplug and an end fail once, with each errno it can have.

Ioctls are left to tests/kvm/trace.sh, which fails them at the gate. strace makes the calls of the
main thread fail, and in some ways those on sockets, eventfds and files of all threads. A run may
end with an error, which is one message with this errno's text and no other's; or the guest goes on
to its end. It ends in time, by no signal, and leaves no process and no file. Usage: errnos.py BUILD
[WAY[:CALL]...]; PASS or FAIL for each call of each way, and a count. Root.
"""
import collections
import errno
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import vars_kills

LIMIT_S = 60
MOST = 60  # of one call; a busy main loop makes more
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
    "eventfd2": FILES, "epoll_create1": FILES,
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
# Those that no dynamic linker makes, and that threads other than the main one make, too.
THREADED = frozenset((
    "sendmsg", "recvmsg", "poll", "recvfrom", "sendto", "eventfd2", "epoll_ctl", "socket",
    "connect", "timerfd_settime", "setsockopt", "statfs", "fstatfs", "pwrite64"))
STORAGE, SHARER = "qemu-storage-daemon", "/usr/lib/qemu/virtiofsd"
TEXTS = {os.strerror(number): name for number, name in errno.errorcode.items()}


class Way:
    """What minivmm is started with, and what is done to it then."""
    guest, append, threads, done = "endings", "reset", False, "boot 3"
    expected = "^$"  # errors that may come on top: of a server, in its own words
    stopped = False  # it may get SIGTERM at the end
    calls = frozenset(ERRNOS)
    free = ("--no-sandbox",)

    def __init__(self, build, work):
        self.build, self.work, self.servers = build, work, []

    def words(self):
        return [*self.free, "--vfio", "demo", "--qmp", f"unix:{self.work}/qmp"]

    def boot(self):
        return ["--kernel", f"{self.build}/kvm/{self.guest}.elf", "--append", self.append,
                "--memory", "64M"]

    def serve(self, *command):
        self.servers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))

    def prepare(self):
        """Servers and files that are there before the start."""

    def talk(self, process):
        """What is done while it runs, in a thread of its own; `process` is a Traced."""

    def wait_for(self, path):
        while not os.path.exists(path):
            time.sleep(0.005)

    def finish(self):
        while self.servers:
            server = self.servers.pop()
            server.kill()
            server.wait()


class Confined(Way):
    free = ()


class Free(Way):
    free = ("--no-sandbox", "--stats")


class User(Way):
    """A device behind the socket of a server."""
    threads, calls = True, THREADED

    def words(self):
        return [*self.free, "--vfio-user", f"{self.work}.server"]

    def prepare(self):
        self.serve(f"{self.build}/guests/demo_device", f"{self.work}.server")
        self.wait_for(f"{self.work}.server")


class Gone(User):
    """A device whose server ends while the guest runs."""
    append, done = "loop", "looping"
    expected = "its vfio-user server closed the connection"

    def talk(self, process):
        while process.poll() is None and "looping" not in said(self.work, "out"):
            time.sleep(0.01)
        for server in self.servers:
            server.kill()


class Plug(User):
    """A device comes, goes, and minivmm is told to end."""
    append, done, stopped = "sleep", "sleeping", True
    # One that takes a file out of the loop cannot have these errnos, and strace cannot tell it.
    calls = THREADED - {"epoll_ctl"}

    def words(self):
        return [*self.free, "--ports", "1", "--qmp", f"unix:{self.work}/qmp"]

    def device(self):
        """What comes, in the words of the control socket."""
        return {"driver": "vfio-user-pci", "socket": f"{self.work}.server"}

    def talk(self, process):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(LIMIT_S / 4)
        try:
            while process.poll() is None and client.connect_ex(f"{self.work}/qmp"):
                time.sleep(0.01)
            lines = client.makefile("r")
            lines.readline()
            self.ask(client, lines, "qmp_capabilities")
            reply = self.ask(client, lines, "device_add", id="it", **self.device())
            if "error" not in reply:
                reply = self.ask(client, lines, "device_del", id="it")
            while "error" not in reply and reply.get("event") != "DEVICE_DELETED":
                reply = json.loads(lines.readline())  # there is none any more: a ValueError
            self.ask(client, lines, "quit")
        except (OSError, ValueError):
            process.send_signal(signal.SIGTERM)  # the socket itself failed
        finally:
            client.close()

    def ask(self, client, lines, command, **arguments):
        client.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        reply = json.loads(lines.readline())
        while "event" in reply:
            reply = json.loads(lines.readline())
        return reply


class Disk(Way):
    """An image that a server of minivmm's own has open."""
    guest, append, done = "disk", "reboot", "done"
    expected = f": {STORAGE}: "
    calls = frozenset(ERRNOS) - {"read"}  # of an eventfd, which cannot fail so

    def words(self):
        return [*self.free, "--disk", f"{self.work}.image,format=raw"]

    def prepare(self):
        with open(f"{self.work}.image", "wb") as file:  # as tests/kvm/run.sh make_disk
            for sector in range(32):
                file.write(sector.to_bytes(8, "little") * 64)


class VhostUser(Disk):
    """A disk of somebody else's server."""
    threads, calls = True, THREADED

    def words(self):
        return [*self.free, "--vhost-user", f"blk,socket={self.work}.server"]

    def prepare(self):
        super().prepare()
        self.serve(STORAGE, "--blockdev", f"driver=file,node-name=file,filename={self.work}.image",
                   "--blockdev", "driver=raw,node-name=disk,file=file", "--export",
                   "type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,"
                   f"addr.path={self.work}.server,writable=on")
        self.wait_for(f"{self.work}.server")


class Share(Way):
    """A folder that a server of minivmm's own has open."""
    expected = "/usr/share/doc: (?!its vhost-user server|connect|start)"
    calls = Disk.calls

    def words(self):
        return [*self.free, "--share", "/usr/share/doc"]


class Firmware(Way):
    """UEFI firmware that writes its variables, and is stopped."""
    threads, calls, done, stopped = True, THREADED, "+ ", True

    def boot(self):
        return ["--firmware", f"{self.work}.CODE,vars={self.work}.vars", "--memory", "128M"]

    def words(self):
        return list(self.free)

    def prepare(self):
        shutil.copy(f"{self.build}/kvm/firmware.fd", f"{self.work}.CODE")
        with open(f"{self.work}.vars", "wb") as file:
            file.write(vars_kills.FRESH)

    def talk(self, process):
        while process.poll() is None and not re.search(r"[+] 00000005|[?]", said(self.work, "out")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)


WAYS = (Confined, Free, User, Gone, Plug, Disk, VhostUser, Share, Firmware)


def said(work, name):
    with open(f"{work}.{name}", encoding="utf-8", errors="replace") as file:
        return file.read()


class Run:
    """Starts minivmm in one of the ways, below strace."""

    def __init__(self, build, work):
        self.build, self.work = build, work

    def clear(self):
        for name in os.listdir(self.work):
            os.unlink(f"{self.work}/{name}")
        for path in glob.glob(f"{self.work}.*"):
            os.unlink(path)

    def go(self, way, *strace):
        """Status, output, errors, what is left."""
        follow = ["-f"] if way.threads else []
        return self.start(way, Traced, ["strace", *follow, "-qq", "-e", "signal=none", *strace])

    def start(self, way, handle, under, *more):
        """The same below a command, or none, with more options; `handle` makes of a Popen what
        way.talk() gets."""
        self.clear()
        way = way(self.build, self.work)
        way.prepare()
        with open(f"{self.work}.out", "wb") as out, open(f"{self.work}.err", "wb") as err:
            process = subprocess.Popen(
                [*under, f"{self.build}/minivmm", *way.boot(), *way.words(), *more],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                env={**os.environ, "TMPDIR": self.work})
            talker = threading.Thread(target=way.talk, args=(handle(process),))
            talker.start()
            try:
                process.wait(LIMIT_S)
                late = False
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                late = True
            talker.join()
        way.finish()
        left = [f"file {name}" for name in os.listdir(self.work)]
        left += [f"process {pid}" for pid in session(process.pid)]
        return (None if late else process.returncode, said(self.work, "out"),
                said(self.work, "err"), left)


class Traced:
    """The program that strace started, not strace."""

    def __init__(self, process):
        self.process = process

    def poll(self):
        return self.process.poll()

    def send_signal(self, number):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(path, encoding="utf-8") as file:
                for pid in file.read().split()[:1]:
                    os.kill(int(pid), number)
        except OSError:
            pass  # it has ended


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


def judge(way, call, name, status, out, err, left):
    """What is wrong with such an end, or ""."""
    errors = [line for line in err.splitlines() if line.startswith("minivmm: error: ")]
    if status is None:
        return f"no end after {LIMIT_S} seconds"
    if status < 0 or (status > 128 and not way.stopped) or "AddressSanitizer" in err:
        return f"status {status}: {err[-200:]}"
    if left:
        return f"left {left}"
    if status == 0 and way.done not in out and "error" not in err:
        return "success without what the guest had to say"
    if status and not errors and status < 128:
        return f"status {status} and no error: {err[-200:]}"
    errors = [line for line in errors if not re.search(way.expected, line)]
    if len(errors) > 1:
        return f"{len(errors)} errors: {' | '.join(errors)}"
    invented = {TEXTS[text] for line in errors for text in TEXTS
                if re.search(f": {re.escape(text)}($|:| \\()", line)}
    if invented - {name, LIBC.get(call)}:
        return f"another errno: {errors[0]}"
    return ""


def calls_of_main(run, way):
    """How often main() and what it calls makes each call, after how many by the linker.

    Once it is confined strace can make no call fail: its filter sees that as a call of its own.
    Where all threads are looked at, the highest number of any thread.
    """
    run.go(way, "-o", f"{run.work}.calls")
    before, after = collections.Counter(), collections.defaultdict(collections.Counter)
    began = False
    for line in said(run.work, "calls").splitlines():
        began |= MAIN in line
        if CONFINED in line:
            break
        if match := re.match(r"(?:(\d+) +)?(?:<\.\.\. )?(\w+)(?:\(| resumed)", line):
            if "resumed" not in line[:40]:
                (after[match[1]] if began else before)[match[2]] += 1
    most = collections.Counter()
    for counts in after.values():
        for call, count in counts.items():
            most[call] = max(most[call], count)
    return before, most


def try_call(run, way, call, before, count):
    """Each of these calls fails with each errno: what is wrong with which."""
    found = []
    for name in ERRNOS[call]:
        for nth in range(1, min(count, MOST) + 1):
            wrong = judge(way, call, name, *run.go(
                way, "-o", "/dev/null", "-e", f"trace={call}", "-e",
                f"inject={call}:error={name}:when={before + nth}"))
            if wrong:
                found.append(f"{name} at {nth}: {wrong}")
    return found


def try_way(run, way, wanted):
    """Numbers of calls that failed, and of those that ended badly."""
    name, (before, after) = way.__name__.lower(), calls_of_main(run, way)
    tried = bad = 0
    for call in sorted(set(after) & set(ERRNOS) & way.calls):
        if wanted and f"{name}:{call}" not in wanted and name not in wanted:
            continue
        found = try_call(run, way, call, before[call], after[call])
        tried += min(after[call], MOST) * len(ERRNOS[call])
        bad += len(found)
        print(f"FAIL errno:{name}:{call}: " + "\n\t".join(found) if found else
              f"PASS errno:{name}:{call} ({after[call]} calls)", flush=True)
    return tried, bad


def main():
    build, wanted = sys.argv[1], sys.argv[2:]
    tried = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        work = f"{folder}/work"
        os.mkdir(work)
        for way in WAYS:
            if not wanted or any(word.split(":")[0] == way.__name__.lower() for word in wanted):
                more = try_way(Run(build, work), way, wanted)
                tried, bad = tried + more[0], bad + more[1]
    print(f"{tried} calls that fail, {bad} of them wrong")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
