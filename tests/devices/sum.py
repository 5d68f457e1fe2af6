#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sum.py FILE: what compare.py counted, over all devices."""
import collections
import json
import sys

reasons, accesses, devices = collections.Counter(), 0, 0
with open(sys.argv[1], encoding='utf-8') as lines:
    for line in lines:
        counted = json.loads(line)
        devices += 1
        accesses += counted['accesses']
        reasons.update(counted['reasons'])
print(f'{devices} devices, {accesses} accesses, {sum(reasons.values())} differences with a reason:')
for why, count in reasons.most_common():
    print(f'{count:6} {why}')
