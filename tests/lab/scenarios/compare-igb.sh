# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # read by compare.sh
# lab: devices=igb qemu=newest
# timeout: 600
# on demand: make compare-lab
# The same as compare.sh, over a network card and over its first virtual function.
case $(cat /lab/stage/case) in
'' | *igb*) ;;
*) skip "neither igb nor igb-vf is among the devices named" ;;
esac
bind igb 0000:06:00.0
physical=/sys/bus/pci/devices/0000:06:00.0
echo 0 > $physical/sriov_drivers_autoprobe
echo 1 > $physical/sriov_numvfs
compared=igb-vf=06:10.0
. /lab/stage/scenarios/compare.sh
echo 0 > $physical/sriov_numvfs
compared=igb=06:00.0
. /lab/stage/scenarios/compare.sh
