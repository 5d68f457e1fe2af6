#!/bin/bash
# SPDX-License-Identifier: MIT
# Who may know whom. Prints each line that breaks the house plan; fails if there is one.
set -eu
cd "$(dirname "$0")/../.."

bad=0

complain()
{
	echo "$*"
	bad=1
}

# Prints what the files of a room may include, as a pattern over the path from the top of the tree.
allowed()
{
	case $1 in
	vmm/trace/*) echo 'vmm/trace/|vmm/base/(patient_stream|pending_signal)\.h' ;;
	vmm/base/*) echo 'vmm/base/|vmm/trace/' ;;
	vmm/core/*) echo 'vmm/(base|core|trace)/' ;;
	vmm/x86_64/* | vmm/aarch64/*) echo 'vmm/(base|core|trace)/|vmm/x86_64/|vmm/aarch64/' ;;
	devices/*) echo 'vmm/(base|core|trace)/|devices/' ;;
	firmware/*) echo 'vmm/core/|vmm/trace/|vmm/base/write_whole\.h|firmware/|(dsdt|dsdt_arm64|ssdt_[a-z_]+)\.h' ;;
	vfio/backend/*) echo 'vfio/vfio\.h|vmm/(base|trace)/|vfio/backend/' ;;
	vfio/host/look/*) echo 'vmm/trace/(log|macros)\.h|vfio/host/look/' ;;
	vfio/host/check/*) echo 'vmm/trace/(log|macros)\.h|vfio/host/(look|check)/' ;;
	vfio/host/bind/*) echo 'vmm/trace/(log|macros)\.h|vmm/base/write_whole\.h|vfio/host/(look|bind)/' ;;
	vfio/*) echo 'vmm/(base|core|trace)/|devices/|vfio/[^/]*\.h' ;;
	vmm/*) echo '.' ;;
	esac
}

# Inside core, lower numbers know nothing of higher ones.
core_floor()
{
	case $(basename "$1" | cut -d . -f 1) in
	arch | kvm_calls) echo 0 ;;
	memory | bus | irq | loop) echo 1 ;;
	vm_state) echo 2 ;;
	vcpu) echo 3 ;;
	vm) echo 4 ;;
	*) complain "$1: no floor of vmm/core is known for it" ;;
	esac
}

check_includes()
{
	local file=$1 include path

	while read -r include; do
		path=$include
		[ ! -e "$(dirname "$file")/$include" ] || path=$(dirname "$file")/$include
		[[ $path =~ ^($(allowed "$file")) ]] || complain "$file: must not include $path"
		if [[ $file == vmm/core/* && $path == vmm/core/* ]] &&
			[ "$(core_floor "$file")" -lt "$(core_floor "$path")" ]; then
			complain "$file: lower floor than $path"
		fi
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
}

mapfile -t sources < <(git ls-files -co --exclude-standard 'vmm/*.[ch]' 'devices/*.[ch]' \
	'vfio/*.[ch]' 'firmware/*.[ch]')
for file in "${sources[@]}"; do
	check_includes "$file"
done

# forbid PATTERN WHAT FILE...: the pattern must not occur in the files.
forbid()
{
	local pattern=$1 what=$2 found

	shift 2
	found=$(grep -nE "$pattern" "$@" || true)
	[ -z "$found" ] || complain "$what:"$'\n'"$found"
}

mapfile -t not_vmm < <(printf '%s\n' "${sources[@]}" | grep -v '^vmm/')
mapfile -t not_backend < <(printf '%s\n' "${sources[@]}" | grep -v '^vfio/backend/')
# The ioctls of a terminal are nothing for a trace of KVM and VFIO.
mapfile -t not_trace < <(printf '%s\n' "${sources[@]}" | grep -vE '^vmm/(trace/trace|terminal)\.[ch]')
mapfile -t not_arch < <(printf '%s\n' "${sources[@]}" | grep -vE '^vmm/(x86_64|aarch64)/')
forbid 'trace_ioctl\([^,]*, KVM_' 'KVM ioctls belong into vmm/' "${not_vmm[@]}"
forbid 'trace_ioctl\([^,]*, VFIO_' 'VFIO ioctls belong into vfio/backend/' "${not_backend[@]}"
forbid '(^|[^_a-z])ioctl\(' 'ioctls go through vmm/trace/trace.h' "${not_trace[@]}"
forbid '#.*if.*__(x86_64|aarch64)__' 'architecture conditionals belong behind arch.h' \
	"${not_arch[@]}"
forbid '__attribute__\(\((constructor|destructor)' 'no constructors' "${sources[@]}"

# "vfio_irq.c:120" must never be in doubt.
twins=$(git ls-files -co --exclude-standard '*.c' '*.h' | xargs -n 1 basename | sort | uniq -d)
[ -z "$twins" ] || complain "files of the same name: $twins"

# File-scope state that can change is allowed for these alone. The trace has its own, its switch, and its tally of
# each call. The log has its count of messages, `limit`. Handlers of signals have what they must know, `guard` and
# `trap_status`. And all that wait have a note that keys asked for the end, or that it has begun; standard error is one
# stream. (Constant tables of pointers are relocated
# when the program starts, hence .data.rel.ro.)
for object in build/vmm/*.o build/vmm/*/*.o build/devices/*.o build/vfio/*.o build/vfio/*/*.o build/vfio/*/*/*.o \
	build/firmware/*.o; do
	state=$(objdump -t "$object" | awk '/ O \.(data|bss)/ && !/\.rel\.ro/ && $NF !~ /^(guard|trap_status|limit|pending_by_keys|patient_hurries|patient_stderr|trace)(_topics|_tally_KVM.*|_tally_VFIO.*|_tally_IOMMU.*)?$/ { print $NF }')
	[ -z "$state" ] || complain "$object: mutable file-scope state: $state"
done

exit $bad
