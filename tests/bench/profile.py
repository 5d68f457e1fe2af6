#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""profile.py DIR [LINES]: names for what the plugin counted by address. DIR has `profile` (address, guest or host,
executions and instructions), the lab host's `kallsyms`, a process's `maps`, and, where it is known, the guest's
`guest_kallsyms`. Prints sums by whose code it is, how often the guest came out and why, then the largest by function."""
import bisect
import os
import re
import subprocess
import sys
from collections import Counter

KERNEL = 1 << 63
HOST_KERNEL = "the lab host's kernel"
# In which KVM looks whether a halted CPU has something to do, for a while again and again, before it lets it sleep.
POLLING = re.compile(r'kvm_(vcpu_check_block|arch_vcpu_runnable|vcpu_has_events|cpu_has_\w+|vcpu_halt|vcpu_can_poll)\b|'
                     r'apic_has_pending_timer|single_task_running|kvm_apic_(has|accept)_\w+|kvm_guest_apic_has_\w+|'
                     r'kvm_arch_dy_\w+')
# What KVM calls once for each exit of its kind, each entry from a VMM, and each entry of the guest.
CALLS = re.compile(r'(svm_vcpu_run|\w+_interception|kvm_emulate_(halt|cpuid|rdmsr|wrmsr)|handle_fastpath_\w+|'
                   r'kvm_arch_vcpu_ioctl_run|kvm_vcpu_block|irqfd_wakeup|schedule)\b')


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
            self.rows = [(int(w[0], 16), w[1] == 'guest', int(w[2]), int(w[3])) for w in map(str.split, lines)]
        self.host = kernel_symbols(folder + '/kallsyms')
        symbols = folder + '/guest_kallsyms'
        self.guest = kernel_symbols(symbols) if os.path.exists(symbols) else Symbols([])
        self.pieces = read_maps(folder + '/maps')
        self.files = {name: file_symbols(real_path(name)) for _, _, _, name in self.pieces if name.startswith('/')}

    def name(self, address, guest):
        """Whose code it is, and its function."""
        if guest:
            return "the guest's kernel" if address >= KERNEL else "the guest's other code", self.guest.name(address)
        if address >= KERNEL:
            return HOST_KERNEL, self.host.name(address)
        for start, end, base, name in self.pieces:
            if start <= address < end:
                return os.path.basename(name), self.files[name].name(address - base) if name in self.files else name
        return 'other programs', '?'

    def calls(self):
        """How often the lab host's kernel began a function."""
        entries = {start: name for start, name in self.host.pairs if CALLS.match(name)}
        return Counter({entries[address]: times for address, guest, times, _ in self.rows
                        if not guest and address in entries})


def main():
    folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    profile = Profile(folder)
    owners, functions = Counter(), Counter()
    for address, guest, _, number in profile.rows:
        owner, function = profile.name(address, guest)
        owners[owner] += number
        functions[owner, function] += number
    total = sum(owners.values())
    print(f'{total / 1e6:10.2f} million instructions')
    for owner, number in owners.most_common():
        print(f'{number / 1e6:10.2f} {owner}')
    polling = sum(number for (owner, name), number in functions.items() if owner == HOST_KERNEL and POLLING.match(name))
    print(f'{polling / 1e6:10.2f} of {HOST_KERNEL}, where it looks whether a CPU may sleep\n')
    for function, times in profile.calls().most_common():
        print(f'{times:10} calls of {function}')
    print()
    for (owner, function), number in functions.most_common(count):
        print(f'{number / 1e6:10.3f} {number / total:6.1%}  {function}  ({owner})')


main()
