#!/bin/bash
# SPDX-License-Identifier: MIT
# mkinstalled.sh OUT ROOT INITRD LOADER: the disk of an installed system: GPT, an EFI system partition with LOADER
# (grub or systemd-boot), the kernel of the unpacked package ROOT and INITRD, and a root file system.
# LAB_EFI       the machine's name in UEFI's files (x64), or aa64, for which there is systemd-boot only
# LAB_LOADERS   where systemd-boot is (/usr/lib/systemd/boot/efi)
# LAB_BUSYBOX   as in mkinitrd.sh
set -eu

out=$1 root=$2 initrd=$3 loader=$4
here=$(cd "$(dirname "$0")" && pwd)
tree=$out.tree
mib=$((1 << 20))
efi=${LAB_EFI:-x64}
cmdline="console=tty0 console=ttyS0 quiet"
[ "$efi" = x64 ] || cmdline="console=ttyAMA0 quiet"

# In MiB: where the two partitions begin, and how long they are.
esp_at=1 esp=48 system_at=49 system=14

install_grub()
{
	cat > "$tree/grub.cfg" <<-CONFIG
		echo "GRUB starts the installed system"
		search --set=root --file /vmlinuz
		linux /vmlinuz $cmdline
		initrd /initrd
		boot
	CONFIG
	grub-mkimage -O x86_64-efi -o "$tree/loader.efi" -p /EFI/BOOT -c "$tree/grub.cfg" part_gpt fat linux normal \
		echo search search_fs_file boot
}

install_systemd_boot()
{
	cp "${LAB_LOADERS:-/usr/lib/systemd/boot/efi}/systemd-boot$efi.efi" "$tree/loader.efi"
	printf 'timeout 0\n' > "$tree/loader.conf"
	printf 'title installed\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$cmdline" > "$tree/lab.conf"
	mmd -i "$tree/esp" ::/loader ::/loader/entries
	mcopy -i "$tree/esp" "$tree/loader.conf" ::/loader
	mcopy -i "$tree/esp" "$tree/lab.conf" ::/loader/entries
}

make_esp()
{
	truncate -s ${esp}M "$tree/esp"
	mkfs.vfat -F 16 -n ESP "$tree/esp" > /dev/null
	mmd -i "$tree/esp" ::/EFI ::/EFI/BOOT
	case $loader in
	grub) install_grub ;;
	systemd-boot) install_systemd_boot ;;
	esac
	mcopy -i "$tree/esp" "$tree/loader.efi" "::/EFI/BOOT/BOOT${efi^^}.EFI"
	mcopy -i "$tree/esp" "$root"/boot/vmlinuz-* ::/vmlinuz
	mcopy -i "$tree/esp" "$initrd" ::/initrd
}

make_system()
{
	mkdir -p "$tree/system"/{bin,dev,proc,sbin,sys,tmp}
	cp "${LAB_BUSYBOX:-/bin/busybox}" "$tree/system/bin/busybox"
	/bin/busybox --list | grep -v '^busybox$' | (cd "$tree/system/bin" && xargs -n 1 ln -s busybox)
	install -m 755 "$here/installed-init.sh" "$tree/system/init"
	echo 0 > "$tree/system/boots"
	truncate -s ${system}M "$tree/ext4"
	/sbin/mke2fs -q -t ext4 -O ^has_journal -d "$tree/system" "$tree/ext4"
}

rm -rf "$tree"
mkdir -p "$tree"
make_esp
make_system
truncate -s 64M "$out.tmp"
/sbin/sfdisk -q "$out.tmp" <<-TABLE
	label: gpt
	start=${esp_at}MiB, size=${esp}MiB, type=uefi
	start=${system_at}MiB, size=${system}MiB, type=linux
TABLE
dd if="$tree/esp" of="$out.tmp" bs=$mib seek=$esp_at conv=notrunc,sparse status=none
dd if="$tree/ext4" of="$out.tmp" bs=$mib seek=$system_at conv=notrunc,sparse status=none
rm -rf "$tree"
mv "$out.tmp" "$out"
