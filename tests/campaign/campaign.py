#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tries minivmm for as long as one likes, and prints a table of what was tried and found.

The fuzzers that stand for a hostile guest, device and server; every call of a start made to fail,
with each errno; starts and ends; resets of one guest; kill -9 at any moment. Usage: campaign.py
BUILD [PART=COUNT ...]; a part that is 0 is left out. Root, or the guest's process cannot be looked
into. Status 1 if anything was found.
"""
import collections
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

PARTS = {"fuzz": 200000, "errnos": 6, "starts": 1000, "resets": 10000, "kills": 200,
         "bindkills": 100, "varskills": 200, "calls": 1, "stalls": 1}
FUZZERS = ("guest", "virtio", "device", "user", "vhost")
ERRNOS = ("EIO", "EPERM", "ENOMEM", "EINVAL", "EBUSY", "ENOSPC", "ENODEV", "EFAULT", "ENOTTY")
HERE = os.path.dirname(os.path.abspath(__file__))
RSS_SLACK_KIB = 512  # what the C library's heap may keep


class Campaign:
    """One folder of builds, and the rows of the table so far."""

    def __init__(self, build, counts):
        self.build, self.counts = build, counts
        self.rows, self.bad = [], False
        self.work = tempfile.mkdtemp(prefix="campaign.")

    def tell(self, what, tried, found):
        print(f"{what}: {tried}: {found or 'nothing found'}", flush=True)
        self.rows.append((what, tried, found or "nothing"))
        self.bad |= bool(found)

    def start(self, guest, append, *words):
        """A guest in the background, on whose standard input a byte can be typed."""
        return subprocess.Popen(
            [f"{self.build}/minivmm", "--kernel", f"{self.build}/kvm/{guest}.elf", "--append",
             append, "--memory", "64M", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": self.work}, start_new_session=True)

    def left(self, process):
        """What an ended minivmm has left: processes of its group, files."""
        left = [f"file {name}" for name in os.listdir(self.work)]
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8") as file:
                    words = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(words[2]) == process.pid and words[0] != "Z":
                left.append(f"process {path.split('/')[2]}")
        return left


# ---- the parts ----

def run_fuzz(campaign, count):
    for name in FUZZERS:
        said = subprocess.run(
            [f"{HERE}/../fuzz/run_fuzz.sh", f"-runs={count}", f"{campaign.build}/fuzz/fuzz_{name}"],
            capture_output=True, text=True, check=False).stdout.strip()
        passed = re.match(r"PASS fuzz:\w+ \((.*)\)", said)
        campaign.tell(f"fuzz:{name}", passed[1] if passed else f"{count} runs",
                      "" if passed else said)


def run_errnos(campaign, count):
    tally = f"{campaign.build}/campaign.faults"
    with open(tally, "w", encoding="utf-8"):
        pass
    said = subprocess.run(
        [f"{HERE}/../kvm/trace.sh", campaign.build, "inject_msix", "inject_pin", "inject_reset",
         "inject_demo"], capture_output=True, text=True, check=False,
        env={**os.environ, "INJECT_TALLY": tally, "INJECT_ERRNOS": " ".join(ERRNOS[:count])}).stdout
    with open(tally, encoding="utf-8") as file:
        faults = sum(int(line) for line in file)
    campaign.tell("calls that fail", f"{faults}, {count} errnos each",
                  "; ".join(line for line in said.splitlines() if not line.startswith("PASS")))


def run_starts(campaign, count):
    peaks, found = [], ""
    for number in range(count):
        process = campaign.start("demo", "tour", "--vfio", "demo")
        process.stdin.close()
        text = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peaks.append(usage.ru_maxrss)
        left = campaign.left(process)
        if process.returncode or left:
            found = f"start {number + 1}: status {process.returncode}, left {left}: {text[-200:]}"
            break
    if not found and peaks[-1] > peaks[0] + RSS_SLACK_KIB:
        found = f"the last start needed {peaks[-1]} KiB, the first {peaks[0]}"
    campaign.tell("starts and ends", f"{len(peaks)}, {min(peaks)} to {max(peaks)} KiB each", found)


def hold(pid):
    """What a process holds: files by kind, maps, KiB resident and locked."""
    files = collections.Counter(
        re.sub(r"\d+", "N", os.readlink(link)) for link in glob.glob(f"/proc/{pid}/fd/*"))
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        lines = len(maps.readlines())
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        status = dict(re.findall(r"^(VmRSS|VmLck):\s+(\d+)", file.read(), re.MULTILINE))
    return {"files": files, "maps": lines, "locked": int(status["VmLck"]),
            "RSS": int(status["VmRSS"])}


def judge_holdings(early, late):
    found = [f"{what} {early[what]} -> {late[what]}" for what in ("files", "maps", "locked")
             if early[what] != late[what]]
    if late["RSS"] > early["RSS"] + RSS_SLACK_KIB:
        found.append(f"RSS {early['RSS']} -> {late['RSS']} KiB")
    if late["files"]["anon_inode:kvm-vm"] != 1:
        found.append(f"{late['files']['anon_inode:kvm-vm']} KVM VMs")
    return "; ".join(found)


def type_at(process, line):
    """Wait for the line of the guest, look, and press a key."""
    for said in process.stdout:
        if said.strip() == line:
            held = hold(process.pid)
            process.stdin.write(b"\n")
            process.stdin.flush()
            return held
    raise EOFError(f"no '{line.decode()}'")


def run_resets(campaign, count):
    process = campaign.start("demo", f"reboots {count}", "--vfio", "demo")
    try:
        early = type_at(process, b"boot 0x5")
        late = type_at(process, b"boot 0x%x" % count)
        found = judge_holdings(early, late)
        tried = (f"{count}: {sum(late['files'].values())} files, {late['maps']} maps, "
                 f"{early['RSS']} -> {late['RSS']} KiB")
    except (EOFError, OSError) as error:
        found, tried = str(error), f"{count}"
        process.kill()
    process.communicate()
    campaign.tell("resets of one guest", tried, found or (process.returncode and "its status"))


def run_kills(campaign, count):
    began = time.monotonic()
    campaign.start("demo", "tour", "--vfio", "demo").communicate()
    lasted = time.monotonic() - began
    found = ""
    for number in range(count):
        process = campaign.start("demo", "tour", "--vfio", "demo")
        time.sleep(lasted * number / count)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        left = []
        for _ in range(100):  # the demo device learns of it from the kernel, and ends itself
            left = campaign.left(process)
            if not left:
                break
            time.sleep(0.05)
        if left:
            found = f"kill {number + 1}: left {left}"
            break
    campaign.tell("kill -9 of a run", f"{number + 1} moments", found)


def run_program(campaign, what, *words):
    """A program of this folder, whose last line says what was tried."""
    said = subprocess.run([f"{HERE}/{words[0]}", campaign.build, *words[1:]], capture_output=True,
                          text=True, check=False).stdout.splitlines()
    campaign.tell(what, said[-1] if said else "none",
                  "; ".join(line for line in said if line.startswith("FAIL")))


def run_bindkills(campaign, count):
    run_program(campaign, "kill -9 of bind and restore", "bind_kills.py", str(count // 2))


def run_varskills(campaign, count):
    run_program(campaign, "kill -9 while firmware's variables are written", "vars_kills.py",
                str(count))


def run_calls(campaign, _count):
    run_program(campaign, "calls other than ioctls that fail", "errnos.py")


def run_stalls(campaign, _count):
    run_program(campaign, "ends while a server stalls", "stalls.py")
    run_program(campaign, "ends while a file stalls", "file_stalls.py")


def main():
    counts = dict(PARTS)
    for word in sys.argv[2:]:
        part, count = word.split("=")
        counts[part] = int(count)
    campaign = Campaign(sys.argv[1], counts)
    parts = {"fuzz": run_fuzz, "errnos": run_errnos, "starts": run_starts, "resets": run_resets,
             "kills": run_kills, "bindkills": run_bindkills, "varskills": run_varskills,
             "calls": run_calls, "stalls": run_stalls}
    for part, run in parts.items():
        if counts[part]:
            run(campaign, counts[part])
    os.rmdir(campaign.work)
    print("\n| What | Tried | Found |\n|---|---|---|")
    for row in campaign.rows:
        print("| " + " | ".join(row) + " |")
    return campaign.bad


if __name__ == "__main__":
    sys.exit(main())
