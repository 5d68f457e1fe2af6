#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""profile.py DIR [LINES]: names for what the plugin counted by address. DIR has `profile` (address, instructions, and
where the emulator keeps them), the lab host's `kallsyms`, a process's `maps`, and, where a kernel ran in the guest, its
`guest_kallsyms`. Prints sums by whose code it is, then the largest by function."""
import bisect
import os
import subprocess
import sys
from collections import Counter

KERNEL = 1 << 63
IMAGE, MODULES = 0xffffffff80000000, 0xffffffffc0000000


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


class Profile:
    """Names for addresses: of the lab host's kernel and a guest's, and of the process's pieces."""

    def __init__(self, folder):
        with open(folder + '/profile', encoding='ascii') as lines:
            self.rows = [(int(a, 16), int(n), int(h, 16)) for a, n, h in (line.split() for line in lines)]
        self.host = kernel_symbols(folder + '/kallsyms')
        self.guest = kernel_symbols(folder + '/guest_kallsyms') if os.path.exists(folder + '/guest_kallsyms') else None
        self.pieces = read_maps(folder + '/maps')
        self.files = {name: file_symbols(real_path(name)) for _, _, _, name in self.pieces if name.startswith('/')}
        self.host_place = self.place_of_host() if self.guest else None

    def place_of_host(self):
        """A kernel is one piece of the emulator's memory, hence one difference between its two addresses. The lab
        host's lies lowest in that memory; a guest's is in RAM that a process was given."""
        places = Counter()
        for address, number, where in self.rows:
            if IMAGE <= address < MODULES:
                places[(where - address) % (1 << 64)] += number
        return min(place for place, number in places.most_common(8) if number > sum(places.values()) / 100)

    def is_guests(self, address, where):
        """Of a kernel's address. The guest has no modules."""
        return self.guest and address < MODULES and (where - address) % (1 << 64) != self.host_place

    def name(self, address, where):
        """Whose code it is, and its function."""
        if address >= KERNEL and self.is_guests(address, where):
            return "the guest's kernel", self.guest.name(address)
        if address >= KERNEL:
            return "the lab host's kernel", self.host.name(address)
        for start, end, base, name in self.pieces:
            if start <= address < end:
                return os.path.basename(name), self.files[name].name(address - base) if name in self.files else name
        return 'other programs and guests', '?'


def main():
    folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    profile = Profile(folder)
    owners, functions = Counter(), Counter()
    for address, number, where in profile.rows:
        owner, function = profile.name(address, where)
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
