#!/bin/sh
# SPDX-License-Identifier: MIT
# walk.sh BUILD DEVICE DIR minivmm|qemu: the walk of guests/bare/walk.c over the device that the file
# DEVICE describes. DIR gets what the guest saw, WHO.view, what the device was asked, WHO.log, and
# what WHO said, WHO.err. Ends with WHO's status. DEVICE may be `demo`, the demo device, which writes
# nothing down.
#
# GUEST, CPUS and MAPPED=mapped: another guest, more of them, a BAR 0 that is mapped.
# QEMU's firmware is qboot, which has no drivers: SeaBIOS would use the device before the walk does.
# NEWEST_QEMU is the folder of a QEMU with a vfio-user client, see tests/lab/fetch-qemu.sh.
set -eu

here=$(dirname "$0")
build=$1 device=$2 who=$4
base=$3/$4
socket=$base.socket
limit=${WALK_LIMIT:-300}

guest=${GUEST:-walk}
if [ "$device" = demo ]; then
	"$build/guests/demo_device" "$socket" &
else
	# shellcheck disable=SC2086 # `mapped`, or nothing
	"$build/tests/recorder" "$device" "$socket" "$base.log" ${MAPPED:-} 2> "$base.recorder" &
fi
recorder=$!
trap 'kill $recorder 2> /dev/null || true; rm -f "$socket"' EXIT
tries=0
until [ -S "$socket" ] || [ $tries -gt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done

# Both are called by name, which shellcheck does not see:
# shellcheck disable=SC2317
start_minivmm()
{
	timeout "$limit" "$build/minivmm" --kernel "$build/kvm/$guest.elf" --append all --memory 64M \
		--cpus "${CPUS:-1}" --vfio-user "$socket"
}

# shellcheck disable=SC2317
start_qemu()
{
	timeout "$limit" "$here/newest-qemu.sh" "$NEWEST_QEMU" -machine q35,memory-backend=ram \
		-bios qboot.rom \
		-accel tcg -m 256M -object memory-backend-memfd,id=ram,size=256M,share=on -nodefaults \
		-display none -serial stdio -no-reboot -kernel "$build/kvm/$guest.elf" -append all \
		-device '{"driver":"vfio-user-pci","addr":"01.0","socket":{"type":"unix","path":"'"$socket"'"}}'
}

status=0
"start_$who" > "$base.view" 2> "$base.err" < /dev/null || status=$?
# The recorder ends when its client has left. Without one it waits for ever, as the demo device does.
{ [ $status = 0 ] && [ "$device" != demo ]; } || kill $recorder 2> /dev/null || true
wait $recorder 2> /dev/null || true
exit $status
