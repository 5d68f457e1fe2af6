#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 at moments of `minivmm bind` and `minivmm restore`, on a host that does not exist.

The host is a tree of tests/unit/host_tree.sh, and this program is its kernel: it looks at the files
that drivers are changed by, and changes the links. strace holds minivmm after each such write until
that is done. After a kill, `minivmm restore` must give the device back to its driver, whatever was
half done. Usage: bind_kills.py BUILD COUNT; a line for each command, PASS or FAIL. Root.
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BDF, DRIVER = "0000:02:00.0", "nvme"
DELAY_US = 300000  # the kernel looks more often than that, even on a busy machine
LIMIT_S = 60


class Host:
    """A tree, and the kernel behind it."""

    def __init__(self, build, ready):
        self.root = tempfile.mkdtemp(prefix="host.")
        self.build, self.going = build, True
        shutil.rmtree(self.root)
        shutil.copytree(ready, self.root, symlinks=True)
        self.device = f"{self.root}/sys/bus/pci/devices/{BDF}"
        self.drivers = f"{self.root}/sys/bus/pci/drivers"
        self.thread = threading.Thread(target=self.be_kernel)
        self.thread.start()

    def driver(self):
        link = f"{self.device}/driver"
        return os.path.basename(os.readlink(link)) if os.path.islink(link) else ""

    def override(self):
        with open(f"{self.device}/driver_override", encoding="utf-8") as file:
            text = file.readline().strip()  # sysfs has one; this file keeps what was longer
        return "" if text == "(null)" else text

    def take(self, path):
        """Whether this was written since the last look."""
        if not os.path.exists(path) or not os.path.getsize(path):
            return False
        os.truncate(path, 0)
        return True

    def link(self, driver):
        if not self.driver() and os.path.isdir(f"{self.drivers}/{driver}"):
            os.symlink(f"../../../bus/pci/drivers/{driver}", f"{self.device}/driver")

    def look(self):
        for path in glob.glob(f"{self.drivers}/*/unbind"):
            if self.take(path) and self.driver() == path.split("/")[-2]:
                os.unlink(f"{self.device}/driver")
        for path in glob.glob(f"{self.drivers}/*/bind"):
            if self.take(path):
                self.link(path.split("/")[-2])
        if self.take(f"{self.root}/sys/bus/pci/drivers_probe"):
            self.link(self.override() or DRIVER)

    def be_kernel(self):
        while self.going:
            self.look()
            time.sleep(0.001)

    def start(self, command):
        files = [f"{self.drivers}/{driver}/{what}" for driver in os.listdir(self.drivers)
                 for what in ("bind", "unbind")] + [f"{self.root}/sys/bus/pci/drivers_probe"]
        for path in files:
            open(path, "a", encoding="utf-8").close()
        watch = [word for path in files for word in ("-P", path)]
        return subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", *watch, "-e", "trace=write", "-e",
             f"inject=write:delay_exit={DELAY_US}", f"{self.build}/minivmm", command, BDF],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "MINIVMM_HOST_ROOT": self.root})

    def finish(self, command):
        """What it said if it failed, or ""."""
        process = self.start(command)
        said = process.communicate(timeout=LIMIT_S)[0].decode(errors="replace")
        return said if process.returncode else ""

    def end(self):
        self.going = False
        self.thread.join()
        shutil.rmtree(self.root)


def is_as_before(host):
    records = os.listdir(f"{host.root}/run/minivmm") if os.path.isdir(
        f"{host.root}/run/minivmm") else []
    if host.driver() != DRIVER:
        return f"its driver is '{host.driver()}'"
    if host.override():
        return f"its override is '{host.override()}'"
    return f"records {records}" if BDF in records else ""


def kill_after(host, command, seconds):
    """The program and what it has started, but not the writes that it has begun."""
    process = host.start(command)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(0.05)  # the kernel finishes what was written


def try_kills(build, ready, command, count):
    host = Host(build, ready)
    said = host.finish("bind") if command == "restore" else ""
    began = time.monotonic()
    said = said or host.finish(command)
    lasted = time.monotonic() - began
    host.end()
    for number in range(count):
        if said:
            return f"{command} {number}: {said}"
        host = Host(build, ready)
        if command == "restore":
            said = host.finish("bind")
        kill_after(host, command, lasted * number / count)
        said = said or host.finish("restore") or is_as_before(host)
        host.end()
    return f"{command}: {said}" if said else ""


def main():
    build, count = sys.argv[1], int(sys.argv[2])
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        ready = f"{folder}/ready"
        subprocess.run([f"{HERE}/../unit/host_tree.sh", ready, "ready"], check=True)
        for command in ("bind", "restore"):
            wrong = try_kills(build, ready, command, count)
            bad |= bool(wrong)
            print(f"FAIL kill:{command}: {wrong}" if wrong else
                  f"PASS kill:{command} ({count} moments)", flush=True)
    print(f"{2 * count} moments")
    return bad


if __name__ == "__main__":
    sys.exit(main())
