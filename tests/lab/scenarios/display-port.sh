# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # read by the scenario below
# lab: devices=many
# timeout: 90
# on demand: half a minute; `many-devices` looks at the display on the root bus
# The display of `display` below a root port: its frame buffer lies in the port's window.
below_ports=,port=on
picture=gpu-port
# shellcheck source=tests/lab/scenarios/display.sh
. /lab/stage/scenarios/display.sh
