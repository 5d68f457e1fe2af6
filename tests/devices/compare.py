#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py REASONS DEVICE DIR NAME: one device under minivmm and under QEMU.

DIR holds what the guest saw and what the device was asked, of both: minivmm.view, minivmm.log,
qemu.view, qemu.log. Without the logs only the views are compared. A difference is named by its kind, its place and the bits that differ; a row of
REASONS that has all three explains it. Prints a line for each difference that none explains, then
one line for NAME; with a file name in the environment's COMPARE_COUNTS it adds what it counted there.
"""
import collections
import fnmatch
import json
import os
import re
import sys

STANDARD = {1: 'PM', 2: 'AGP', 3: 'VPD', 4: 'slot ID', 5: 'MSI', 6: 'CHSWP', 7: 'PCI-X', 8: 'HT',
            9: 'vendor', 10: 'debug', 13: 'subsystem ID', 16: 'Express', 17: 'MSI-X', 18: 'SATA',
            19: 'AF', 20: 'EA'}
EXTENDED = {1: 'AER', 2: 'VC', 3: 'DSN', 4: 'power budget', 5: 'RC link', 7: 'RC events', 9: 'VC9',
            8: 'MFVC', 0xb: 'vendor ext', 0xd: 'ACS', 0xe: 'ARI', 0xf: 'ATS', 0x10: 'SR-IOV',
            0x12: 'multicast', 0x13: 'PRI', 0x15: 'REBAR', 0x16: 'DPA', 0x17: 'TPH', 0x18: 'LTR',
            0x19: 'secondary', 0x1b: 'PASID', 0x1d: 'DPC', 0x1e: 'L1SS', 0x1f: 'PTM', 0x23: 'DVSEC',
            0x24: 'VF REBAR', 0x25: 'DLF', 0x26: '16GT', 0x27: 'margining', 0x29: 'NPEM',
            0x2a: '32GT', 0x2e: 'DOE', 0x31: '64GT'}
PATTERN_WORDS = {'dword': 4, 'word': 2, 'byte': 1}


class Device:
    """The bytes that lspci printed, and which capability a register belongs to."""

    def __init__(self, path):
        self.config = bytearray(4096)
        with open(path, encoding='utf-8', errors='replace') as text:
            for line in text:
                match = re.match(r'([0-9a-f]+): ((?:[0-9a-f]{2} ?)+)$', line.strip())
                if match:
                    at = int(match[1], 16)
                    data = bytes.fromhex(match[2])
                    self.config[at:at + len(data)] = data
        self.starts = [(0, 'header')] + self.standard() + self.extended()

    def long(self, at):
        return int.from_bytes(self.config[at:at + 4], 'little')

    def standard(self):
        starts, at = {}, self.config[0x34] & ~3
        while self.config[6] & 0x10 and at >= 0x40 and at not in starts:
            ident = self.config[at]
            starts[at] = STANDARD.get(ident, f'cap {ident:#x}')
            if ident == 16 and self.config[at + 2] >> 4 == 1:
                starts[at] = 'legacy Express'
            at = self.config[at + 1] & ~3
        return sorted(starts.items()) if starts else []

    def extended(self):
        starts, at = {}, 0x100
        while at >= 0x100 and at not in starts and self.long(at) not in (0, 0xffffffff):
            ident = self.long(at) & 0xffff
            starts[at] = EXTENDED.get(ident, f'ext cap {ident:#x}')
            at = self.long(at) >> 20 & ~3
        return sorted(starts.items()) if starts else [(0x100, 'no ext cap')]

    def place(self, at):
        """NAME+OFFSET of the dword, from the nearest capability before it."""
        at &= ~3
        if 0x100 <= at and self.starts[-1][0] < 0x100:
            return f'past the end+{at - 0x100:#05x}'
        start, name = max((s for s in self.starts if s[0] <= at and
                           (at < 0x100 or s[0] >= 0x100)), default=(0x100, 'no ext cap'))
        return f'{name}+{at - start:#04x}'


class View:
    """What the guest saw: registers of each part, by name."""

    def __init__(self, path):
        self.parts, self.facts, self.complete = [], {}, False
        self.part, self.seen = 0, collections.Counter()
        with open(path, encoding='ascii', errors='replace') as text:
            for line in text:
                self.take(line.split())

    def take(self, words):
        if not words:
            return
        if words[0] == 'part':
            self.parts.append(' '.join(words[1:]))
        elif words[0] == 'done':
            self.complete = True
        elif words[0] == 'bad':
            self.facts[(self.part, 'bad', 0, ' '.join(words))] = [1]
        elif words[0] in PATTERN_WORDS:
            self.take_pattern(words)
        elif len(words) > 1:
            self.seen[(len(self.parts), words[0], words[1])] += 1
            key = (len(self.parts), words[0], int(words[1], 16),
                   self.seen[(len(self.parts), words[0], words[1])])
            self.facts[key] = [int(w, 16) for w in words[2:]]

    def take_pattern(self, words):
        size = PATTERN_WORDS[words[0]]
        if words[1] not in ('all', 'nothing'):
            self.facts[(0, words[0], int(words[1], 16), 0)] = kept(size, words[2:])
            return
        mask = (1 << 8 * size) - 1 if words[1] == 'all' else 0
        for at in range(int(words[2], 16), int(words[3], 16) + 1, size):
            self.facts[(0, words[0], at, 0)] = [mask, 0]


def kept(size, values):
    """Of a register: the bits that took every pattern; and what else is odd about it."""
    before, ones, zeros, aa, fives, after = (int(v, 16) for v in values)
    mask = (1 << 8 * size) - 1
    return [(ones ^ zeros) & mask, ((aa ^ fives) ^ (ones ^ zeros)) & mask]


class Log:
    """What the device was asked, by parts."""

    def __init__(self, path):
        self.initial, self.state = bytearray(4096), bytearray(4096)
        self.toggled = [collections.Counter()]
        self.bars, self.flow, self.marks, self.accesses = [[]], [[]], [], 0
        with open(path, encoding='ascii') as text:
            for line in text:
                self.take(line.split())

    def take(self, words):
        if words[0] == 'mark':
            self.marks.append(' '.join(words[2:]))
            self.toggled.append(collections.Counter())
            self.bars.append([])
            self.flow.append([])
            return
        self.accesses += bool(self.marks) and words[1:2] not in (['became'], ['is'])
        if words[1:2] == ['is']:
            at, value = int(words[2].split('.')[0], 16), int(words[3], 16)
            self.initial[at:at + 4] = self.state[at:at + 4] = value.to_bytes(4, 'little')
        elif words[1:2] == ['became']:
            self.became(words[2], int(words[3], 16))
        elif words[0].startswith('bar'):
            self.bars[-1].append(' '.join(words))
        elif words[0] in ('flr', 'power', 'reset'):
            self.flow[-1].append(' '.join(words))
            if words[0] != 'power':
                self.state = bytearray(self.initial)

    def became(self, where, value):
        at, size = where.split('.')
        at = int(at, 16)
        for i in range(int(size)):
            byte = value >> 8 * i & 0xff
            self.toggled[-1][at + i] |= self.state[at + i] ^ byte
            self.state[at + i] = byte


def differences_of_views(device, ours, theirs):
    for key in sorted(set(ours.facts) | set(theirs.facts)):
        a, b = ours.facts.get(key), theirs.facts.get(key)
        if a == b:
            continue
        part, word, at, _ = key
        if word in PATTERN_WORDS or word in ('register', 'reset', 'size', 'flags', 'command'):
            place = device.place(at)
        else:
            place = f'BAR+{at - 0x10:#04x}'
        a, b = a or [0], b or [0]
        bits = 0
        for x, y in zip(a + [0] * len(b), b + [0] * len(a)):
            bits |= x ^ y
        yield f'view {word if word not in PATTERN_WORDS else "keeps"}', place, bits << 8 * (at & 3)


def differences_of_logs(device, ours, theirs, parts):
    for part, name in enumerate(parts):
        if part == 0:
            continue  # the firmware's accesses
        for at in sorted(set(ours.toggled[part]) | set(theirs.toggled[part])):
            bits = ours.toggled[part][at] ^ theirs.toggled[part][at]
            if bits:
                yield f'device {name}', device.place(at), bits << 8 * (at & 3)
        if ours.bars[part] != theirs.bars[part]:
            yield 'accesses to BARs', name, 0
        if ours.flow[part] != theirs.flow[part]:
            yield 'resets', name, 0
        if ours.marks[part] != theirs.marks[part]:
            yield 'interrupts', name, 0


def merged(differences):
    """One for each kind and register, whatever the width of the access that showed it."""
    bits = collections.defaultdict(int)
    for kind, place, some in differences:
        bits[(kind, place)] |= some
    return bits.items()


class Reasons:
    """KIND | PLACE | BITS | WHY, each with wildcards; BITS in hexadecimal, or `any`."""

    def __init__(self, path):
        self.rows = []
        with open(path, encoding='utf-8') as text:
            for line in text:
                if line.strip() and not line.startswith(('#', 'refused', 'endless')):
                    kind, place, bits, why = (field.strip() for field in line.split('|'))
                    mask = 0xffffffff if bits == 'any' else int(bits, 16)
                    self.rows.append((kind, place, mask, why))

    def explain(self, name, kind, place, bits):
        """The reasons that together explain all the bits; None if some bit has none."""
        found = []
        for row_kind, row_place, mask, why in self.rows:
            matches = [fnmatch.fnmatchcase(text, row_kind) for text in (kind, f'{name}: {kind}')]
            if any(matches) and fnmatch.fnmatchcase(place, row_place):
                if bits & mask or not bits:
                    found.append(why)
                    bits &= ~mask
                if not bits:
                    return found
        return None


def main():
    reasons, device = Reasons(sys.argv[1]), Device(sys.argv[2])
    where, name = sys.argv[3], sys.argv[4]
    views = [View(f'{where}/{who}.view') for who in ('minivmm', 'qemu')]
    logs = [Log(f'{where}/{who}.log') for who in ('minivmm', 'qemu')
            if os.path.exists(f'{where}/{who}.log')]
    for i, who in enumerate(('minivmm', 'qemu')):
        if not views[i].complete or (logs and len(logs[i].marks) != len(views[i].parts)):
            print(f'FAIL {name}: the walk under {who} has no end')
            return 1
    if views[0].parts != views[1].parts:
        print(f'FAIL {name}: other parts of the walk: {views[0].parts} and {views[1].parts}')
        return 1
    counted, unexplained = collections.Counter(), collections.Counter()
    differences = [*differences_of_views(device, *views)]
    if logs:
        differences += differences_of_logs(device, *logs, views[0].parts)
    for (kind, place), bits in merged(differences):
        why = reasons.explain(name, kind, place, bits)
        if why is None:
            unexplained[f'{kind} | {place} | {bits:#x}'] += 1
        else:
            counted.update(why)
    for text in unexplained:
        print(f'  {name}: {text}')
    accesses = sum(log.accesses for log in logs)
    amount = f'{accesses} accesses' if logs else f'{len(views[0].facts)} things seen'
    print(f'{"FAIL" if unexplained else "PASS"} {name}: {amount}, '
          f'{sum(counted.values())} differences with a reason, {len(unexplained)} without')
    if 'COMPARE_COUNTS' in os.environ:
        with open(os.environ['COMPARE_COUNTS'], 'a', encoding='utf-8') as out:
            json.dump({'accesses': accesses, 'reasons': counted}, out)
            out.write('\n')
    return 1 if unexplained else 0


sys.exit(main())
