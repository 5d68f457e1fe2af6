#!/bin/sh
# SPDX-License-Identifier: MIT
# rules.sh: every rule of vfio/RULES.md from the 31st on has a test with its number, rule_NN_..., but
# for those that the list says are not kept yet. And a test's number is one of the list.
set -eu
cd "$(dirname "$0")/../.."
rules=vfio/RULES.md

# One line for each rule: its number and its text.
numbered()
{
	awk '/^[0-9]+\. / { if (rule) print rule; rule = $0; next }
		/^ +[^ ]/ && rule { sub(/^ +/, " "); rule = rule $0; next }
		{ if (rule) print rule; rule = "" }
		END { if (rule) print rule }' $rules
}

bad=0
tests=$(grep -rhoE '\brule_[0-9]+' tests/unit tests/kvm tests/lab | sort -u)
for number in $(numbered | sed -n '/Not kept yet/d; s/^\([0-9]*\)\. .*/\1/p'); do
	[ "$number" -ge 31 ] || continue
	printf '%s\n' "$tests" | grep -qx "rule_$number" ||
		{ echo "$rules: rule $number has no test"; bad=1; }
done
for number in $(printf '%s\n' "$tests" | sed 's/rule_0*//'); do
	grep -q "^$number\. " $rules || { echo "rule_$number: $rules has no such rule"; bad=1; }
done
exit $bad
