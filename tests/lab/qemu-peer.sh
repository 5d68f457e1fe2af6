#!/bin/sh
# SPDX-License-Identifier: MIT
# Takes minivmm's options for a guest and starts QEMU with the same on the lab host, to prove a scenario, or to
# compare.
set -eu

machine=q35 memory=512M cpus=1
command=
while [ $# -gt 0 ]; do
	case $1 in
	--vfio) command="$command -device vfio-pci,host=$2"; shift 2 ;;
	--memory | -m) memory=$2; shift 2 ;;
	--cpus | -smp) cpus=$2; shift 2 ;;
	--kernel) kernel=$2; shift 2 ;;
	--initrd) initrd=$2; shift 2 ;;
	--append) append=$2; shift 2 ;;
	--no-reboot) command="$command -no-reboot"; shift ;;
	*) echo "qemu-peer.sh: no translation for $1" >&2; exit 2 ;;
	esac
done
# shellcheck disable=SC2086
exec /usr/bin/qemu-system-x86_64 -machine $machine,accel=kvm -cpu host -m "$memory" -smp "$cpus" \
	-nodefaults -display none -serial stdio -device pvpanic -action panic=exit-failure $command \
	-kernel "$kernel" -initrd "$initrd" -append "$append"
