#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""profile.py DIR [LINES]: names for what the plugin counted by address. DIR has `profile` (address and instructions),
the lab host's `kallsyms` and a process's `maps`. Prints sums by whose code it is, then the largest by function."""
import bisect
import os
import subprocess
import sys
from collections import Counter

KERNEL = 1 << 63


class Symbols:
    """Names of addresses: each reaches to the next one."""

    def __init__(self, pairs):
        self.pairs = sorted(pairs)
        self.starts = [start for start, _ in self.pairs]

    def name(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.pairs[at][1] if at >= 0 else '?'


def kernel_symbols(path):
    with open(path, encoding='ascii') as lines:
        words = [line.split() for line in lines]
    return Symbols((int(w[0], 16), w[2] + (' ' + w[3] if len(w) > 3 else '')) for w in words if w[1] in 'tTwW')


def file_symbols(path):
    """Of a program or library: its own symbols, or those that others may use."""
    pairs = [(0, '?')]
    for option in (['-a'], ['-D']):
        out = subprocess.run(['nm', '-C', *option, path], capture_output=True, text=True, check=False).stdout
        for line in out.splitlines():
            words = line.split(maxsplit=2)
            if len(words) == 3 and words[1] in 'tTwWiI':
                pairs.append((int(words[0], 16), words[2].split('@')[0]))
    return Symbols(pairs)


def read_maps(path):
    """(start, end, where the file's first byte would be, name) of each executable piece."""
    pieces, first = [], {}
    with open(path, encoding='ascii') as lines:
        for line in lines:
            words = line.split()
            start, end = (int(n, 16) for n in words[0].split('-'))
            name = words[5] if len(words) > 5 else 'anonymous'
            first.setdefault(name, start - int(words[2], 16))
            if 'x' in words[1]:
                pieces.append((start, end, first[name], name))
    return pieces


def real_path(name):
    """A path of the lab host, here."""
    here = os.path.dirname(os.path.abspath(__file__)) + '/../../build/lab'
    return name.replace('/lab', here, 1) if name.startswith('/lab/') else name


def main():
    folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    kernel = kernel_symbols(folder + '/kallsyms')
    pieces = read_maps(folder + '/maps')
    files = {name: file_symbols(real_path(name)) for _, _, _, name in pieces if name.startswith('/')}
    owners, functions = Counter(), Counter()
    with open(folder + '/profile', encoding='ascii') as lines:
        for line in lines:
            address, number = line.split()
            address, number = int(address, 16), int(number)
            owner, function = 'other programs and guests', '?'
            if address >= KERNEL:
                owner, function = "the lab host's kernel", kernel.name(address)
            for start, end, base, name in pieces:
                if start <= address < end:
                    owner = os.path.basename(name)
                    function = files[name].name(address - base) if name in files else name
            owners[owner] += number
            functions[owner, function] += number
    total = sum(owners.values())
    print(f'{total / 1e6:10.2f} million instructions')
    for owner, number in owners.most_common():
        print(f'{number / 1e6:10.2f} {owner}')
    print()
    for (owner, function), number in functions.most_common(count):
        print(f'{number / 1e6:10.3f} {number / total:6.1%}  {function}  ({owner})')


main()
