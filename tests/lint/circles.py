#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds files that know each other in a circle, and fails if there are any.

X.c and its header X.h count as one file. A file knows another if it includes the other's header, or
if it uses a name that the other's object file defines, whatever header declares it. The functions of
a processor architecture are known by their contract, arch.h, not by the files that fulfil it.

Usage: circles.py BUILD_DIR, after the program was built there.
"""
import os
import re
import subprocess
import sys

ROOMS = ("vmm/", "devices/", "vfio/", "firmware/")
CONTRACT = "vmm/core/arch"


def sources():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"],
        check=True, capture_output=True, text=True).stdout.split()
    return [path for path in listed if path.startswith(ROOMS) and os.path.exists(path)]


def included(path):
    with open(path, encoding="utf-8") as file:
        for name in re.findall(r'^#include "(.+)"', file.read(), re.MULTILINE):
            beside = os.path.join(os.path.dirname(path), name)
            yield os.path.normpath(beside if os.path.exists(beside) else name)


def symbols(build, path):
    """The names that the object of a source defines, and those that it uses."""
    found = os.path.join(build, os.path.splitext(path)[0] + ".o")
    defines, uses = set(), set()
    if os.path.exists(found):
        listing = subprocess.run(["nm", found], check=True, capture_output=True, text=True).stdout
        for *_, kind, name in (line.split() for line in listing.splitlines()):
            (uses if kind == "U" else defines if kind.isupper() else set()).add(name)
    return defines, uses


def knowledge(build):
    """Whom each file knows, and by what: {file: {other: "what"}}."""
    stem = {path: os.path.splitext(path)[0] for path in sources()}
    known = {name: {} for name in stem.values()}
    owner, uses = {}, {}
    for path, name in stem.items():
        for other in included(path):
            if other in stem and stem[other] != name:
                known[name].setdefault(stem[other], "includes " + other)
        if path.endswith(".c"):
            defines, uses[name] = symbols(build, path)
            owner.update({symbol: name for symbol in defines})
    for name, used in uses.items():
        for symbol in sorted(used & owner.keys()):
            other = CONTRACT if symbol.startswith("arch_") else owner[symbol]
            if other != name:
                known[name].setdefault(other, "uses " + symbol)
    return known


def reach(known, start):
    seen, todo = set(), [start]
    while todo:
        for other in known.get(todo.pop(), {}):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def circles(known):
    reached = {name: reach(known, name) for name in known}
    left = {name for name in known if name in reached[name]}
    while left:
        name = min(left)
        circle = {other for other in left if other in reached[name] and name in reached[other]}
        left -= circle
        yield sorted(circle)


def main():
    known = knowledge(sys.argv[1])
    found = list(circles(known))
    for circle in found:
        print("a circle of", len(circle), "files:")
        for name in circle:
            for other, how in sorted(known[name].items()):
                if other in circle:
                    print(f"  {name} -> {other}: {how}")
    print(len(known), "files,", len(found), "circles")
    return 1 if found else 0


sys.exit(main())
