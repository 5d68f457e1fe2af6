#!/bin/bash
# SPDX-License-Identifier: MIT
# threads.sh BUILD helgrind|tsan [NAME...]: the tests of run.sh and qmp.sh, all or those named, with minivmm under
# valgrind's helgrind, or built with ThreadSanitizer. Says how many reports there are, and where they lie in BUILD. The
# sanitizers make calls that no filter knows, so minivmm runs with --no-sandbox. Tests about how fast or how large it is
# fail under them. They are counted, and only reports make the whole fail.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=$(readlink -f "$1") tool=$2
shift 2
logs=$build/threads-$tool
view=$logs/view
rm -rf "$logs"
mkdir -p "$view"
for name in kvm guests tests; do
	ln -s "${KVM_GUESTS:-$build}/$name" "$view/$name"
done
case $tool in
helgrind)
	runner="valgrind --tool=helgrind --quiet --max-threads=600 --log-file=$logs/report.%p --suppressions=$here/../unit/helgrind.supp"
	export KVM_UNFIT='stdin_closed stdout_closed help_closed help_limited share_comma share_root'
	export KVM_UNFIT_WHY='valgrind has a file of its own, and no mount_setattr()'
	;;
tsan)
	runner="env TSAN_OPTIONS=log_path=$logs/report:suppressions=$here/../unit/tsan.txt"
	;;
*)
	echo "threads.sh: $tool: helgrind or tsan" >&2
	exit 2
	;;
esac
# A start takes the option, also one that only asks for --help. A command takes none.
cat > "$view/minivmm" << END
#!/bin/sh
option=--no-sandbox
case "\${1:-}" in list | doctor | config | bind | restore) option= ;; esac
exec $runner $build/minivmm \$option "\$@"
END
chmod 755 "$view/minivmm"

export KVM_WITHOUT_SANDBOX='there is no sandbox under this tool'
export KVM_LIMIT=${KVM_LIMIT:-300}
"$here/run.sh" "$view" "$@" | tee "$logs/results"
[ $# -gt 0 ] || "$here/qmp.sh" "$view" | tee -a "$logs/results"
find "$logs" -name 'report.*' -empty -delete
kinds='Possible data race\|lock order\|WARNING: ThreadSanitizer\|^==[0-9]*== Thread #.*: '
reports=$(cat "$logs"/report.* 2> /dev/null | grep -c "$kinds")
passed=$(grep -c ^PASS "$logs/results")
echo "$tool: $passed tests passed, $(grep -c ^FAIL "$logs/results") did not, $reports reports"
[ "$reports" = 0 ] && [ "$passed" -gt 0 ] && echo "PASS kvm-$tool" && exit 0
echo "FAIL kvm-$tool: see $logs/report.*"
exit 1
