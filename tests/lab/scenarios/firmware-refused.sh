# SPDX-License-Identifier: MIT
# timeout: 60
# Files that are no firmware, or that are no variables for it, get one clear line each, and no guest starts.
ovmf=/usr/share/OVMF
code=$ovmf/OVMF_CODE_4M.fd
bind vfio-pci 0000:01:00.0
: > /tmp/empty.fd
head -c 1000000 $code > /tmp/truncated.fd
mkdir /tmp/folder.fd
cp $ovmf/OVMF_VARS_4M.fd /tmp/vars.fd
cp $ovmf/OVMF_VARS.fd /tmp/other.fd
cp $code /tmp/code.fd

refused()
{
	vmm --vfio 01:00.0 --firmware "$1"
	shift
	expect_refusal 1 "$@"
}

refused /tmp/empty.fd /tmp/empty.fd 'is empty'
refused /tmp/truncated.fd 'is truncated'
refused /tmp/folder.fd 'is a directory'
refused /tmp/missing.fd 'No such file'
refused "$(echo /lab/root-6.1/boot/vmlinuz-*)" 'is a kernel'
refused $ovmf/OVMF_VARS_4M.fd "firmware's variables, not its code"
refused $ovmf/OVMF_CODE_4M.secboot.fd 'system management mode'
refused $code,vars=/tmp/code.fd "firmware's code, not its variables"
refused $code,vars=/tmp/empty.fd 'is empty'
refused $code,vars=/tmp/other.fd 'do not make up one flash'
refused $code,vars=/nowhere/vars.fd /nowhere/vars.fd

slow_ticks
vmm_start --firmware $code,vars=/tmp/vars.fd --console none
tries=0
while [ -d "/proc/$vmm_pid" ] && ! readlink "/proc/$vmm_pid/fd/"* | grep -q vars.fd && [ $tries -lt 100 ]; do
	tries=$((tries + 1))
	usleep 50000
done
first=$vmm_pid
vmm --vfio 01:00.0 --firmware $code,vars=/tmp/vars.fd
expect_status 1
expect_error '/tmp/vars.fd' 'in use by another guest'
kill "$first"
