#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""terminal_svg.py COMMAND < TEXT > PICTURE: a terminal in which COMMAND printed TEXT, as SVG.

Only what every viewer knows: rectangles and text. Each line has the length that it would have in a font of one width, so
that columns stand below each other whatever font the viewer takes.
"""
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 7.8, 17, 14  # of a character, of a line, around all
COLUMNS = 100


def text(row, line):
    line = line.rstrip()
    if not line.strip():
        return ''
    indent = len(line) - len(line.lstrip())
    line = line.lstrip()
    return (f'<text x="{MARGIN + indent * WIDTH:.1f}" y="{MARGIN + (row + 0.8) * HEIGHT:.1f}" '
            f'textLength="{len(line) * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs" '
            f'xml:space="preserve">{escape(line)}</text>')


def picture(lines):
    width, height = COLUMNS * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}">')
    yield f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="#1c2128"/>'
    yield '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" fill="#d6dde6">'
    yield from filter(None, (text(row, line) for row, line in enumerate(lines)))
    yield '</g></svg>'


print('\n'.join(picture([f'$ {sys.argv[1]}'] + sys.stdin.read().replace('\r', '').rstrip('\n').split('\n'))))
