#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""marks.py PART SUMS MEASURED...: figures of what tests/bench/counted_*.sh measured. SUMS is the plugin's file, with a
line `NUMBER SUM` for each mark; MEASURED has a label for each pair of marks of the lab host. More pairs of files are
more boots of the same kind. A figure is the median of all that was measured under one label."""
import statistics
import sys
from collections import defaultdict

HOST, GUEST = '1', '2'
RATIO_PEERS = ('q35', 'pc', 'microvm')


def read_marks(sums, measured):
    """(label, the whole, [between a guest's marks]) of each pair, without those that filled caches."""
    with open(measured, encoding='ascii') as lines:
        labels = [line.strip() for line in lines]
    inside, began, found = [], None, []
    with open(sums, encoding='ascii') as lines:
        for number, total in (line.split() for line in lines):
            if number == GUEST and began is not None:
                inside.append(int(total))
            if number == HOST and began is None:
                began, inside = int(total), []
            elif number == HOST:
                found.append((int(total) - began, [b - a for a, b in zip(inside, inside[1:])]))
                began = None
    if len(found) != len(labels):
        raise SystemExit(f'{sums}: {len(found)} pairs of marks for {len(labels)} labels')
    return [(label, *pair) for label, pair in zip(labels, found) if not label.startswith('warm')]


class Figures:
    """Medians by label, and the lines that compare them."""

    def __init__(self, files):
        self.whole, self.inside = defaultdict(list), defaultdict(list)
        for sums, measured in zip(files[::2], files[1::2]):
            for label, whole, inside in read_marks(sums, measured):
                self.whole[label].append(whole)
                self.inside[label].append(inside)
        self.nothing = statistics.median(self.whole.get('nothing', [0]))

    def start(self, label):
        return statistics.median(self.whole[label]) - self.nothing

    def between(self, label, first=0, last=None):
        return statistics.median(piece for run in self.inside[label] for piece in run[first:last])

    def spread(self, label):
        runs = self.whole[label]
        return (max(runs) - min(runs)) / statistics.median(runs) if runs else 0

    def line(self, text, values, unit=1):
        """values: of minivmm, then of peers by their names."""
        mine = values['minivmm']
        digits = 1 if unit > 1 and mine < 100 * unit else 0
        parts = [f'{name} {value / unit:.{digits}f}' + ('' if name == 'minivmm' else f' ({mine / value:.2f})')
                 for name, value in values.items()]
        print(f'{text}: ' + ', '.join(parts))


def show_starts(figures):
    peers = ('minivmm', 'q35', 'microvm')
    for pages in ('small', 'transparent', 'huge'):
        own = {peer: figures.start(f'{peer} 256 {pages}') for peer in peers}
        slope = {peer: figures.start(f'{peer} 1280 {pages}') - own[peer] for peer in peers}
        rest = {peer: own[peer] - slope[peer] / 4 for peer in peers}
        figures.line(f'a guest that ends at once, 256 MiB, {pages} pages, millions', own, 1e6)
        figures.line(f'  each GiB more, {pages} pages, millions', slope, 1e6)
        figures.line('  what is left of the first without its RAM, millions', rest, 1e6)
    print('largest difference between rounds: '
          f"{max(figures.spread(label) for label in figures.whole if label != 'nothing'):.1%}")


def show_kernel(figures):
    start = {peer: figures.start(f'{peer} start') for peer in ('minivmm', 'q35', 'microvm')}
    figures.line('a stock kernel from start to power-off, 256 MiB, millions', start, 1e6)
    for what, text in (('reads', 'a read of 4 KiB'), ('pings', 'a round trip over the network')):
        each = {peer: (figures.between(f'{peer} {what}', 0, 5) - figures.between(f'{peer} {what}', 6)) / 1000
                for peer in ('minivmm', 'q35')}
        figures.line(text, each)


def show_devices(figures):
    for what, text in (('pin', 'an interrupt by the pin'), ('message', 'an interrupt by MSI'),
                       ('masks', 'an unmask and a mask around nothing')):
        each = {peer: figures.between(f'{peer} {what}') / 100 for peer in ('minivmm', 'q35')}
        figures.line(text, each)
    boots = {peer: figures.between(f'{peer} boots') for peer in ('minivmm', 'q35')}
    figures.line('a reboot of a guest with an NVMe, 256 MiB, millions', boots, 1e6)


def show_many(figures):
    """A guest of check_all() in guests/bare/counted.c: two marks in each boot."""
    for mib in (256, 1280):
        for count in (1, 8, 16, 24, 32):
            label = f'{count} {mib}'
            inside = figures.inside[label][0]
            print(f'{count} functions, {mib} MiB, millions: '
                  f'from start to end without the guest {(figures.whole[label][0] - sum(inside)) / 1e6:.1f}, '
                  f'all BARs mapped, taken away and mapped {statistics.median(inside[::2]) / 1e6:.2f}, '
                  f'a reboot {statistics.median(inside[1::2]) / 1e6:.2f}')


def show_firmware(figures):
    start = {peer: figures.start(f'{peer} firmware') for peer in ('minivmm', 'q35', 'pc')}
    figures.line("firmware to the boot loader's first line, 256 MiB, millions", start, 1e6)


def show_disk(figures):
    each = {peer: (figures.between(f'{peer} disk', 0, 5) - figures.between(f'{peer} disk', 6)) / 1000
            for peer in ('minivmm', 'q35')}
    figures.line('a read of 4 KiB from a disk image', each)


def main():
    shows = {'starts': show_starts, 'kernel': show_kernel, 'devices': show_devices, 'firmware': show_firmware,
             'disk': show_disk, 'many': show_many}
    shows[sys.argv[1]](Figures(sys.argv[2:]))


main()
