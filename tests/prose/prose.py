#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what the chapters say against the tree: links, files, functions, targets of make, command
lines, sizes of rooms, and the stops of the tour.

Prints a line PASS or FAIL for each check of each text. Usage: prose.py PROGRAM, in the top folder;
PROGRAM is minivmm, which parses the command lines.
"""
import os
import re
import shlex
import subprocess
import sys

SOURCE = (".c", ".h", ".S", ".sh", ".py", ".asl")
# Of the kernel, of libraries and of other programs.
FOREIGN = {"ioctl", "pread", "mmap", "write", "open"}


def listed(*patterns):
    return subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], check=True,
                          capture_output=True, text=True).stdout.split()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Tree:
    """The files of the project, and where each function is defined."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.files = {path for path in listed() if os.path.exists(path)}
        self.folders = {os.path.dirname(path) for path in self.files}
        self.folders |= {os.path.dirname(folder) for folder in self.folders}
        self.targets = {target for path in self.files if re.search(r"(Makefile|\.mk)$", path)
                        for line in re.findall(r"^([\w -]+):", read(path), re.MULTILINE)
                        for target in line.split()}
        self.text = {path: read(path) for path in self.files if path.endswith(SOURCE)}

    def body(self, path, function):
        """The text of a function of a file; None if the file does not define it."""
        found = re.search(r"^[A-Za-z][^;{}()]*\b" + function + r"\([^;{}]*\)\n\{\n(.*?)^\}",
                          self.text.get(path, ""), re.MULTILINE | re.DOTALL)
        return found.group(1) if found else None

    def knows_function(self, name):
        mention = re.compile(r"\b" + name + r"\(")
        return name in FOREIGN or any(mention.search(text) for text in self.text.values())

    def knows_file(self, chapter, name):
        """A path from the top, from the chapter's folder, or the last parts of one."""
        beside = os.path.normpath(os.path.join(os.path.dirname(chapter), name))
        return (bool({name, beside} & (self.files | self.folders)) or
                any(path.endswith("/" + name) for path in self.files))


def bad_links(tree, chapter, text):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target and not tree.knows_file(chapter, target.rstrip("/")):
            yield f"the link to {target} leads nowhere"


def bad_files(tree, chapter, text):
    for name in re.findall(r"`([\w./-]+\.(?:c|h|S|sh|py|asl|awk|mk))`", text):
        if "NAME" not in name and not tree.knows_file(chapter, name):
            yield f"there is no file {name}"


def bad_functions(tree, _, text):
    for name in re.findall(r"`(\w+)\(\)`", text):
        if not tree.knows_function(name):
            yield f"there is no function {name}()"


def bad_targets(tree, _, text):
    for target in re.findall(r"[`$] ?make ([a-z][\w-]*)(?![\w/-])", text):
        if target not in tree.targets:
            yield f"there is no target {target}"


# What stands for something that the reader fills in.
PLACEHOLDERS = {"BDF": "01:00.0", "BDF...": "01:00.0", "[BDF...]": "01:00.0", "...": ""}


def command_lines(text):
    """The words behind `minivmm` of each command line, in prose and in examples."""
    text = text.replace("\\\n", " ")
    lines = re.findall(r"`(?:sudo )?(?:build/)?(minivmm [^`]+)`", text)
    lines += re.findall(r"^(?:[$#]| +fix:) (?:.*&& )?(?:sudo )?(?:build/)?(minivmm.*)$", text,
                        re.MULTILINE)
    for line in lines:
        line = re.split(r" [|#>]|&&", line)[0]
        yield [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:]]


def bad_command_lines(tree, _, text):
    """Parsed by the program itself, which goes no further because of --help."""
    for words in command_lines(text):
        at = 1 if words and words[0].isalpha() else 0
        ran = subprocess.run([tree.program, *words[:at], "--help", *filter(None, words[at:])],
                             capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            yield f"minivmm {' '.join(words)}: {ran.stderr.strip()}"


def lines_of(tree, room):
    """Lines of the sources of a room. Of a folder that holds other rooms, its own files count."""
    inside = re.compile(room + (r"/[^/]*$" if room in ("vmm", "vfio") else r"/"))
    return sum(text.count("\n") for path, text in tree.text.items()
               if inside.match(path) and path.endswith((".c", ".h", ".S", ".asl")))


def bad_figures(tree, _, text):
    """A table of rooms may be a tenth off: nobody wants to change it with each commit."""
    for room, said in re.findall(r"^\| `([\w/]+)` \| ([\d,]+) \|", text, re.MULTILINE):
        said, lines = int(said.replace(",", "")), lines_of(tree, room)
        if abs(said - lines) * 10 > lines:
            yield f"{room} has {lines} lines, not {said}"


STOP = re.compile(r"^\d+\. \*\*`(\w+)\(\)`\*\*, ([\w/]+\.c)"
                  r"(?:, through `(\w+)`)?(?:, from `(\w+)\(\)`)?\.", re.MULTILINE)


def calls(tree, caller, stop):
    """Whether the one function calls the other, by name or through a member of a table."""
    path, function = caller
    name, member = stop
    if not member:
        return re.search(r"\b" + name + r"\b", tree.body(path, function))
    in_table = re.compile(r"[,{=]\s*" + name + r"\s*[,}]")
    return (re.search(r"->" + member + r"\(", tree.body(path, function)) and
            any(in_table.search(text) for text in tree.text.values()))


def bad_stops(tree, chapter, text):
    if not chapter.endswith("TOUR.md"):
        return
    for part in text.split("\n## ")[1:]:
        seen, last = {}, None
        for name, path, member, origin in STOP.findall(part):
            if tree.body(path, name) is None:
                yield f"{path} does not define {name}()"
                return
            caller = seen.get(origin) if origin else last
            if origin and not caller:
                yield f"{name}() comes from {origin}(), which is no stop before it"
            elif caller and not calls(tree, caller, (name, member)):
                yield f"{caller[1]}() does not call {name}()"
            last = seen[name] = (path, name)
        if len(seen) != len(re.findall(r"^\d+\. ", part, re.MULTILINE)):
            yield "a stop is not in the form of the others, or comes twice"


CHECKS = {"links": bad_links, "files": bad_files, "functions": bad_functions,
          "targets": bad_targets, "command lines": bad_command_lines, "figures": bad_figures,
          "stops": bad_stops}


def main():
    tree, failed = Tree(sys.argv[1]), False
    for chapter in sorted(listed("*.md")):
        for what, check in CHECKS.items():
            faults = list(check(tree, chapter, read(chapter)))
            for fault in faults:
                print(f"FAIL prose {chapter}, {what}: {fault}")
            if not faults:
                print(f"PASS prose {chapter}, {what}")
            failed |= bool(faults)
    return failed


if __name__ == "__main__":
    sys.exit(main())
