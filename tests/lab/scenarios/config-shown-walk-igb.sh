# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # read by config-shown-walk.sh
# lab: devices=igb qemu=backports
# timeout: 120
# on demand: as config-shown-walk, of which it is a part
# As config-shown-walk.sh, of the first virtual function of a network card, and of the card.
bind igb 0000:06:00.0
physical=/sys/bus/pci/devices/0000:06:00.0
echo 0 > $physical/sriov_drivers_autoprobe
echo 1 > $physical/sriov_numvfs
shown=06:10.0
. /lab/stage/scenarios/config-shown-walk.sh
echo 0 > $physical/sriov_numvfs
shown=06:00.0
. /lab/stage/scenarios/config-shown-walk.sh
