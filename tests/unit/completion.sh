#!/bin/bash
# SPDX-License-Identifier: MIT
# completion.sh LINE: what bash offers to complete the line with, on one line.

# Answers as minivmm does.
program()
{
	case $1 in
	list) printf '0000:01:00.0\tx\n0000:02:00.0\ty\n' ;;
	--help) printf '  --no-reboot  text\n  --vfio BDF\nLooking after the host:\n  minivmm list [--all]\n  --all\n' ;;
	esac
}

# shellcheck source=vmm/cli/minivmm-completion.sh
. "$(dirname "$0")/../../vmm/cli/minivmm-completion.sh"
COMP_LINE=$1
COMP_POINT=${#1}
read -r -a COMP_WORDS <<< "$1"
export COMP_LINE COMP_POINT COMP_WORDS
_minivmm program
echo "${COMPREPLY[*]}"
