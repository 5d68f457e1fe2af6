#!/bin/bash
# SPDX-License-Identifier: MIT
# mkinitrd.sh OUT INIT ROOT MODULE... [-- FILE...]: an initramfs of static busybox, the script INIT as
# /init, and the named kernel modules of the unpacked kernel package ROOT with all they depend on.
# /modules.list has them in loading order; modules built into the kernel are left out. Each FILE is
# a script, put into /, or a program of this machine, put into /tools with the libraries it needs.
set -eu

out=$1 init=$2 root=$3
shift 3
tree=$out.tree
release=$(cat "$root/.release")

# insmod lines of a dry run are in loading order. The machine's own modprobe.d must not change them.
module_files()
{
	local module

	for module; do
		modprobe -d "$root" -S "$release" -C /dev/null --show-depends "$module" |
			awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++'
}

copy_modules()
{
	local file name

	for file in $(module_files "$@"); do
		name=$(basename "$file")
		case $name in
		# To unpack them in the guest, under emulation, would cost more than the bytes do.
		*.xz) name=${name%.xz}; xz -dc "$file" > "$tree/modules/$name" ;;
		*) cp "$file" "$tree/modules/$name" ;;
		esac
		echo "$name" >> "$tree/modules.list"
	done
}

# Libraries are at the very paths where they are here, because the dynamic linker looks for them there.
copy_program()
{
	local library

	install -D -t "$tree/tools" "$1"
	ldd "$1" | sed -n 's,^[^/]*\(/[^ ]*\) (0x.*,\1,p' | while read -r library; do
		install -D "$library" "$tree$library"
	done
}

copy_files()
{
	local file

	for file; do
		case $file in
		*.sh) install -m 644 -t "$tree" "$file" ;;
		*) copy_program "$file" ;;
		esac
	done
}

modules=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	modules+=("$1")
	shift
done
[ $# -eq 0 ] || shift

rm -rf "$tree"
mkdir -p "$tree"/{bin,dev,etc,lib,mnt,modules,proc,root,run,sbin,sys,tmp,usr}
cp "${LAB_BUSYBOX:-/bin/busybox}" "$tree/bin/busybox"
# Every applet gets its name here. `busybox --install` would do it, but it costs an emulated machine a second.
/bin/busybox --list | grep -v '^busybox$' | (cd "$tree/bin" && xargs -n 1 ln -s busybox)
install -m 755 "$init" "$tree/init"
: > "$tree/modules.list"
copy_modules "${modules[@]}"
copy_files "$@"
(cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0) > "$out.tmp"
rm -rf "$tree"
mv "$out.tmp" "$out"
