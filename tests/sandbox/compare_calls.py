#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the system calls that minivmm's threads make with the filters that they are under.

Runs the kvm suite with strace around minivmm, and holds what each confined kind of thread called
against the table in vmm/sandbox/sandbox_calls.c. A row that nobody used has to be in reasons.txt,
with the reason why nothing here can use it. Usage: compare_calls.py [--only] BUILD [FOLDER...].

FOLDER has traces of `strace -f`, one a run, of scenarios of the lab. They count together with the
kvm suite's, or alone with --only. Without them a row that only the lab uses is not judged: its
reason begins with "lab:". A table, and PASS or FAIL. Root.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = f"{HERE}/../../vmm/sandbox/sandbox_calls.c"
SUITES = ("qmp.sh", "run.sh")
KINDS = {"M": "main", "V": "vcpu", "S": "server", "C": "command", "D": "demo", "O": "opener",
         "F": "finder", "N": "names", "U": "unlinker", "P": "supervisor", "W": "writer"}
# The letter of a filter by the name of the thread. "X" is no column, because that filter says what is forbidden.
NAMES = {"demo-device": "D", "opener": "O", "device-opener": "F", "name-opener": "N",
         "unlinker": "U", "supervisor": "P", "file-writer": "W",
         "bind-keeper": "X"}
# strace 6.1 calls a number by the first name that it knows, and those of iommufd by numbers.
ALIASES = {"TCSETS": "SNDCTL_TMR_START", "TCSETSW": "SNDCTL_TMR_STOP",
           "VFIO_DEVICE_BIND_IOMMUFD": "VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY",
           "VFIO_DEVICE_ATTACH_IOMMUFD_PT": "VFIO_IOMMU_SPAPR_TCE_CREATE",
           "VFIO_DEVICE_DETACH_IOMMUFD_PT": "VFIO_IOMMU_SPAPR_TCE_REMOVE"}
IOMMUFD = f"{HERE}/../../vfio/backend/iommufd_abi.h"
MAKERS = ("clone", "clone3", "fork", "vfork")
# Calls that a C library has under another name.
SAME = {"newfstatat": ("newfstatat", "fstatat64"), "fstat": ("fstat",)}

# What says that a row is for devices of the host alone. They are in the lab, which has iommufd only
# where its kernel was built.
DEVICES = {"DEVICES": "lab: a device", "GROUPS": "lab: a device", "HOTPLUG": "lab: a device",
           "IOMMUFD": "iommufd: make lab-iommufd builds its kernel"}

Row = collections.namedtuple("Row", "call word kinds device")


def read_table():
    """The rows of the filters: a call, a word that its arguments must have, kinds as letters."""
    with open(TABLE, encoding="utf-8") as file:
        text = file.read()
    groups = {name: set(re.findall(r"\w+", value)) for name, value in
              re.findall(r"#define (THREADS|PROCESSES|OPENERS)\s+\(([^)]*)\)", text)}
    rows = []
    for macro, words in re.findall(r"\b(CALL|CALL_IF|CALL_FOR|IOCTL)\(((?:[^()]|\([^()]*\))*)\)", text):
        words = [word.strip() for word in words.split(",")]
        if words[0] in ("name", "request"):
            continue
        kinds = set()
        for letter in re.findall(r"\w+", words[1]):
            kinds |= groups.get(letter, {letter})
        checked = macro == "CALL_IF" and words[2] == "IS" and words[4].isupper()
        if macro == "CALL_IF" and words[2] == "NO_CALL":
            kinds = set()  # what it does not allow, it need not use
        rows.append(Row("ioctl", words[0], kinds, DEVICES.get(words[2])) if macro == "IOCTL" else
                    Row(words[0], words[4].split()[0] if checked else "", kinds,
                        DEVICES.get(words[2]) if macro == "CALL_FOR" else None))
    return rows


class Run:
    """Who called what, once confined, in one trace."""

    def __init__(self):
        self.kinds, self.names, self.used = {}, {}, collections.Counter()
        self.first, self.command, self.loading = None, False, set()

    def kind_of(self, tid):
        """The letter of the thread's filter, or None. Threads begin under the main thread's."""
        if tid not in self.kinds and self.first in self.kinds:
            return "M"
        return self.kinds.get(tid)

    def confine(self, tid):
        name = self.names.get(tid, "")
        self.kinds[tid] = ("M" if tid == self.first else "V" if name.startswith("vcpu") else
                           NAMES.get(name) or ("C" if self.command else "S"))

    def read(self, line):
        match = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)", line)
        if not match:
            return
        tid, call, rest = match.groups()
        if self.first is None:
            self.first, self.command = tid, '"--"' in rest
        if call == "prctl" and (name := re.match(r'PR_SET_NAME, "([^"]+)"', rest)):
            self.names[tid] = name[1]
        # A server is a program of others. It is left out, with all processes that it makes.
        if call == "execve" and self.names.get(tid) is None and tid != self.first:
            self.kinds[tid] = "X"
        if call in MAKERS and (child := re.search(r"= (\d+)$", rest)):
            if self.kinds.get(tid) == "X":
                self.kinds[child[1]] = "X"
        if "resumed>" not in line and (kind := self.kind_of(tid)):
            self.used[kind, call, rest] += 1
        if self.kinds.get(tid) == "X":
            return
        if call == "seccomp" and "{len=" in rest:
            self.loading.add(tid)
        if call == "seccomp" and tid in self.loading and rest.rstrip().endswith("= 0"):
            self.confine(tid)


def uses(row, call, rest):
    if call not in SAME.get(row.call, (row.call,)):
        return False
    names = {row.word, ALIASES.get(row.word, row.word)}
    return not row.word or any(re.search(rf"\b{re.escape(name)}\b", rest) for name in names)


def read_numbers():
    """iommufd's calls by their numbers, as strace writes them."""
    with open(IOMMUFD, encoding="utf-8") as file:
        return {f"_IOC(_IOC_NONE, 0x3b, {number}, 0)": name for name, number in
                re.findall(r"#define (IOMMU_\w+)\s+_IO\(IOMMUFD_TYPE, (0x\w+)\)", file.read())}


def read_traces(paths):
    used, numbers = collections.Counter(), read_numbers()
    for path in paths:
        run = Run()
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                run.read(line)
        for (kind, call, rest), count in run.used.items():
            # Names tell rows apart; numbers and addresses do not.
            rest = re.sub(r"_IOC\([^)]*\)", lambda match: numbers.get(match[0], ""), rest)
            names = " ".join(sorted(set(re.findall(r"\b[A-Z][A-Z0-9_]{3,}\b", rest))))
            used[kind, call, names] += count
    return used


def read_reasons():
    """CALL[:WORD] KINDS REASON, a line each."""
    reasons = {}
    with open(f"{HERE}/reasons.txt", encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, kinds, reason = line.split(None, 2)
                for kind in kinds:
                    reasons[name, kind] = reason.strip()
    return reasons


def trace_suites(build, folder):
    """Runs each minivmm of the suites under strace, which is its grandchild, not its parent."""
    view = f"{folder}/view"
    os.makedirs(view)
    for name in ("kvm", "guests", "tests"):
        os.symlink(os.path.abspath(f"{build}/{name}"), f"{view}/{name}")
    with open(f"{view}/minivmm", "w", encoding="utf-8") as script:
        script.write("#!/bin/sh\nexec strace -D -f -qq -e signal=none "
                     f"-o {folder}/$$.trace {os.path.abspath(build)}/minivmm \"$@\"\n")
    os.chmod(f"{view}/minivmm", 0o755)
    for suite in SUITES:
        subprocess.run([f"{HERE}/../kvm/{suite}", view], check=False)
    return glob.glob(f"{folder}/*.trace")


def is_confined(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return any("SECCOMP_SET_MODE_FILTER, 0, {len=" in line for line in file)


def is_over(reason, shown):
    """Whether the traces at hand must show a row that has this reason."""
    return reason.split(":")[0] in shown


def compare(used, shown):
    """`shown` is of "lab" and "iommufd", what there are traces of."""
    rows, reasons, bad = read_table(), read_reasons(), False
    print(f"\n{'call':44} " + " ".join(f"{name:>9}" for name in KINDS.values()))
    complaints, notes = [], []
    for row in rows:
        name, cells = row.call + (f":{row.word}" if row.word else ""), []
        for kind in KINDS:
            # The main thread makes the threads of the vCPUs, so its filter is theirs, too.
            count = sum(n for (k, call, rest), n in used.items()
                        if k in (kind, kind.replace("M", "V")) and uses(row, call, rest))
            reason = row.device
            if kind in row.kinds:
                reason = reasons.pop((name, kind), reason)
            if reason and count and not re.match("lab:|iommufd:", reason):
                notes.append(f"NOTE {name}: {KINDS[kind]} used it, perhaps not always: {reason}")
            if reason and is_over(reason, shown):
                reason = None
            cells.append("" if kind not in row.kinds else str(count) if count else
                         "(reason)" if reason else "unused")
            if kind in row.kinds and not count and not reason:
                complaints.append(f"FAIL {name}: no thread of kind {KINDS[kind]} used it")
        print(f"{name:44} " + " ".join(f"{cell:>9}" for cell in cells))
    complaints += [f"FAIL {name}: a reason for {kind}, and no row" for name, kind in reasons]
    print("\n".join(notes))
    print("\n".join(complaints) or "PASS every row is used, or has its reason")
    bad |= bool(complaints)
    return bad


def main():
    only = sys.argv[1] == "--only"
    build, *folders = sys.argv[2:] if only else sys.argv[1:]
    lab = [path for folder in folders for path in glob.glob(f"{folder}/*.trace")]
    shown = {"lab"} if lab else set()
    iommufd = [path for path in lab if os.path.basename(path).startswith("iommufd")]
    if any(map(is_confined, iommufd)):
        shown.add("iommufd")
    elif iommufd:
        print("SKIP iommufd: its kernel has no seccomp; make lab-iommufd-newest builds it anew")
    with tempfile.TemporaryDirectory() as folder:
        traces = [] if only else trace_suites(build, folder)
        return compare(read_traces(traces + lab), shown)


if __name__ == "__main__":
    sys.exit(main())
