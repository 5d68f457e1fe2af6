# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion for bash, installed as share/bash-completion/completions/minivmm. A guest's options come
# from `minivmm --help` and addresses from `minivmm list`, so that they do not go stale. The options of
# the host's commands are here; tests/prose/options.py compares them with --help.

_minivmm_devices()
{
	local short=()

	# `:` ends a word for readline: addresses are offered from where the word began.
	mapfile -t short < <("$1" list 2> /dev/null | cut -f 1)
	[[ $2 == 0000:* ]] || short=("${short[@]#0000:}")
	mapfile -t COMPREPLY < <(compgen -W "${short[*]}" -- "$2")
	! declare -F __ltrim_colon_completions > /dev/null || __ltrim_colon_completions "$2"
}

_minivmm_options()
{
	# The host's commands have a part of their own in the help; a guest's options come before it.
	"$1" --help | sed -n '/^Looking after the host/q; s/^  \(--[a-z-]*\).*/\1/p'
	echo --help --version
}

_minivmm_commands()
{
	echo run
	"$1" --help | sed -n 's/^  minivmm \([a-z]*\) .*/\1/p'
}

_minivmm()
{
	local program=$1 word previous command=${COMP_WORDS[1]:-}

	word=${COMP_LINE:0:COMP_POINT}
	word=${word##*[[:space:]]}
	previous=${COMP_LINE:0:COMP_POINT-${#word}}
	read -r -a previous <<< "$previous"
	COMPREPLY=()
	case ${previous[-1]} in
	--vfio | -vfio) _minivmm_devices "$program" "$word" && return ;;
	--share) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
	--kernel | --initrd | --firmware | --trace | --disk | --vfio-user | --dump-dtb) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
	--console) mapfile -t COMPREPLY < <(compgen -W 'stdio none pty file:' -- "$word") && return ;;
	esac
	case $command:$word in
	doctor:-*) mapfile -t COMPREPLY < <(compgen -W '--cpus --json --memory' -- "$word") ;;
	list:*) mapfile -t COMPREPLY < <(compgen -W '--all --json' -- "$word") ;;
	bind:-*) mapfile -t COMPREPLY < <(compgen -W '--persist --force --dry-run' -- "$word") ;;
	restore:-*) mapfile -t COMPREPLY < <(compgen -W '--force --dry-run' -- "$word") ;;
	config:-*) mapfile -t COMPREPLY < <(compgen -W '--json' -- "$word") ;;
	config:* | doctor:* | bind:* | restore:*) [ "${#previous[@]}" -lt 2 ] || _minivmm_devices "$program" "$word" ;;
	esac
	[ "${#previous[@]}" -lt 2 ] || case $command in list | config | doctor | bind | restore) return ;; esac
	if [ "${#previous[@]}" -eq 1 ] && [[ $word != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_minivmm_commands "$program")" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(_minivmm_options "$program")" -- "$word")
	fi
}

complete -o filenames -F _minivmm minivmm
