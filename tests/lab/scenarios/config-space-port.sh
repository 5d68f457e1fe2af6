# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# lab: devices=many
# on demand: a minute; `config-space` shows the same of the root bus
# timeout: 120
# The comparison of `config-space` with each device below a root port of its own. There the link and the type of the
# device are the host's. Two functions of one device share a port.
below_ports=,port=on
# shellcheck source=tests/lab/scenarios/config-space.sh
. /lab/stage/scenarios/config-space.sh
