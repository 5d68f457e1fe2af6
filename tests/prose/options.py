#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds three lists of options against each other: --help, the manual page and bash's completion.

Prints a line PASS or FAIL for a guest's options and for each of the host's commands.
Usage: options.py PROGRAM, in the top folder; PROGRAM is minivmm, whose --help is read.
"""
import re
import subprocess
import sys

MANUAL = "vmm/cli/minivmm.1"
COMPLETION = "vmm/cli/minivmm-completion.sh"
OPTION = re.compile(r"--[a-z][a-z-]*")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def usages(text):
    """The options of each command, from lines such as `minivmm list [--all] [--json]`."""
    return {command: set(OPTION.findall(rest))
            for command, rest in re.findall(r"^ *minivmm ([a-z]+) (.*)$", text, re.MULTILINE)}


def in_help(program):
    guest, host = output(program, "--help").split("Looking after the host:")
    heads = re.findall(r"^  (--.*)$", guest, re.MULTILINE)
    return {"": {option for head in heads for option in OPTION.findall(head)}, **usages(host)}


def in_manual():
    """A guest's options are the heads of paragraphs; a command's are in the synopsis."""
    with open(MANUAL, encoding="utf-8") as file:
        text = file.read().replace("\\-", "-")
    text = re.sub(r"\\f.", "", text)
    synopsis = re.search(r"^\.SH SYNOPSIS\n(.*?)^\.SH", text, re.MULTILINE | re.DOTALL).group(1)
    synopsis = re.sub(r"^\.(br|BR?|BI)\b *", "", synopsis, flags=re.MULTILINE).replace("\n", " ")
    synopsis = re.sub(r" (?=minivmm )", "\n", synopsis)
    options = re.search(r"^\.SH OPTIONS\n(.*?)^\.SH", text, re.MULTILINE | re.DOTALL).group(1)
    heads = re.findall(r"^\.TP\n(.*)$", options, re.MULTILINE)
    return {"": {option for head in heads for option in OPTION.findall(head)}, **usages(synopsis)}


# Asks the completion as bash does: for the words that follow `minivmm COMMAND --`.
ASK = f"""source {COMPLETION}
COMP_LINE=$2 COMP_POINT=${{#2}}
read -r -a COMP_WORDS <<< "$2"
_minivmm "$1"
echo "${{COMPREPLY[*]}}" """


def completed(program, command):
    line = f"minivmm {command} --" if command else "minivmm --"
    return set(OPTION.findall(output("bash", "-c", ASK, "bash", program, line)))


def main():
    program, failed = sys.argv[1], False
    told, manual = in_help(program), in_manual()
    for command in sorted(told.keys() | manual.keys() - {"run"}):
        lists = {"--help": told.get(command, set()), "the manual page": manual.get(command, set()),
                 "the completion": completed(program, command)}
        every = set().union(*lists.values())
        lacking = [f"{where} lacks {option}" for where, options in lists.items()
                   for option in sorted(every - options)]
        name = f"prose options of {command or 'a guest'}"
        print(f"FAIL {name}: {', '.join(lacking)}" if lacking else f"PASS {name}")
        failed |= bool(lacking)
    return failed


if __name__ == "__main__":
    sys.exit(main())
