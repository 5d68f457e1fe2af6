#!/bin/sh
# SPDX-License-Identifier: MIT
# syscalls.sh BUILD_DIR [ARGS...]: what a start without a device costs. Prints the number of system
# calls before the guest's first instruction (the goal is at most 100), which they are, and the
# memory that stays resident beside the guest's RAM (at most 3 MiB). Figures, no verdict. Needs
# strace and /dev/kvm; ARGS are further arguments for minivmm.
set -eu

build=$1
shift
guest=$build/kvm/endings.elf
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$work"' EXIT

# There is one line a call. All threads are in one file, in the order of their calls.
strace -f -qq -e signal=none -o "$work/trace" \
	"$build/minivmm" --kernel "$guest" --append poweroff "$@" < /dev/null > "$work/out"
sed -e 's/^[0-9]* *//' -e '/KVM_RUN/q' "$work/trace" | grep -v -e resumed -e KVM_RUN > "$work/calls"

# After execve(), which names the guest too, come the dynamic linker and libc. Then the guest is opened.
libc=$(sed 1d "$work/calls" | grep -n -m 1 endings.elf | cut -d : -f 1)
total=$(wc -l < "$work/calls")
echo "system calls before the first KVM_RUN: $total"
echo "  starting the program: $libc, minivmm's own: $((total - libc))"
sed -e 's/^ioctl([^,]*, \([A-Z_0-9]*\).*/ioctl \1/' -e 's/^\([a-z_0-9]*\)(.*/\1/' "$work/calls" |
	sort | uniq -c | sort -rn

# Guest RAM is what carries the advice MADV_HUGEPAGE, "hg".
"$build/minivmm" --kernel "$guest" --append sleep "$@" < /dev/null > "$work/out" &
pid=$!
until grep -q sleeping "$work/out"; do
	sleep 0.1
done
echo 'resident memory beside guest RAM, KiB:'
awk '/^[0-9a-f]+-[0-9a-f]+ / { name = $6 ? $6 : "anonymous" }
	/^Rss:/ { rss = $2 }
	/^Private_Dirty:/ { own = $2 }
	/^VmFlags:/ && !/ hg/ { sum += rss; dirty += own; of[name] += rss }
	END {
		for (name in of)
			if (of[name]) printf "%8d %s\n", of[name], name | "sort -rn"
		close("sort -rn")
		printf "%8d in all, %d of it written to and not shared\n", sum, dirty
	}' "/proc/$pid/smaps"
