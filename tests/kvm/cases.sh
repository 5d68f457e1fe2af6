# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC3043 # busybox's sh has `local`
# shellcheck disable=SC2034,SC2154 # read by scripts of tests, which set the rest
# Tests by name: those in $only (all where it is blank), unless $skipped says why none can be run.

# Called after each test. A script may bring its own.
after_case()
{
	:
}

# run_case NAME COMMAND...: one line, `PASS name`, `FAIL name: $why` or `SKIP name: $skipped`; a failure sets bad=1.
# known=1 says that a test of that name exists.
run_case()
{
	local name="$1"

	shift
	case $only in
	"  " | *" $name "*) ;;
	*) return 0 ;;
	esac
	known=1
	if [ -n "$skipped" ]; then
		echo "SKIP $name: $skipped"
		return 0
	fi
	case " ${KVM_UNFIT:-} " in
	*" $name "*)
		echo "SKIP $name: $KVM_UNFIT_WHY"
		return 0
		;;
	esac
	why='it did not say why'
	if "$@"; then
		echo "PASS $name"
	else
		echo "FAIL $name: $why"
		bad=1
	fi
	after_case
}
