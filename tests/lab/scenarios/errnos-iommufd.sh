# SPDX-License-Identifier: MIT
# lab: kernel=iommufd
# timeout: 3600
# on demand: a thousand starts, half an hour
# The same as errnos-group, by the device's own file. LAB_CASE="iommufd:CALL" makes one call fail.
way=iommufd
# shellcheck source=tests/lab/scenarios/errnos-group.sh
. /lab/stage/scenarios/errnos-group.sh
