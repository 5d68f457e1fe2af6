# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2013,SC2034,SC2046,SC2086,SC2154
# What the counted_*.sh have in common: the VMMs, and the marks around what they do. Words of /lab/stage/case:
# `qemu=stable` for Debian 12's QEMU in place of the newest, `rounds=N`, `iommufd=on`, `poll=off` for a KVM that lets a
# halted CPU sleep at once: how long it polls before is time, not work.
case_qemu=newest case_iommufd=
for word in $(cat /lab/stage/case); do
	case $word in
	qemu=*) case_qemu=${word#*=} ;;
	rounds=*) case_rounds=${word#*=} ;;
	iommufd=on) case_iommufd=,iommufd=on ;;
	poll=off) echo 0 > /sys/module/kvm/parameters/halt_poll_ns ;;
	esac
done
[ -e /lab/qemu-newest/.complete ] || case_qemu=stable
case $case_qemu in
newest) qemu="/lab/stage/newest-qemu.sh /lab/qemu-newest" ;;
*) qemu=/usr/bin/qemu-system-x86_64 ;;
esac
$qemu --version | sed 's/ emulator//; s/ (.*//; q' > /out/peer
uname -r > /out/release
# The labels of the marks in their order.
: > /out/measured
mark=/lab/stage/bench_mark
unmeasured=''

# measured LABEL COMMAND...: measures what the command costs, between two marks. Its output is thrown away.
measured()
{
	echo "${unmeasured:+warm }$1" >> /out/measured
	shift
	$mark
	"$@" < /dev/null > /tmp/measured.out 2> /tmp/measured.err
	measured_status=$?
	$mark
}

# dashed ARGS...: prints the arguments as QEMU spells them.
dashed()
{
	echo "$*" | sed 's/--/-/g'
}

# run_peer VMM MIB PAGES ARGS...: small, transparent or huge pages; --kernel, --append and --initrd as minivmm has
# them, of which --append comes last.
run_peer()
{
	peer=$1 mib=$2 pages=$3
	shift 3
	append=
	options=
	while [ "$1" != --append ]; do
		options="$options $1"
		shift
	done
	append=$2
	case $peer in
	minivmm)
		ram=${mib}M
		[ "$pages" != huge ] || ram=$ram,hugepages=2M
		$vmm_program --memory $ram ${no_reboot---no-reboot} ${device---vfio 01:00.0$case_iommufd} $options --append "$append"
		;;
	q35 | microvm)
		machine=q35
		[ "$peer" = q35 ] || machine=microvm,pcie=on,rtc=on,isa-serial=on,auto-kernel-cmdline=off
		ram=
		[ "$pages" != huge ] || ram="-object memory-backend-memfd,id=ram,hugetlb=on,hugetlbsize=2M,size=${mib}M"
		$qemu -machine "$machine,accel=kvm${ram:+,memory-backend=ram}" $ram -no-user-config -nodefaults -display none \
			-cpu host -m ${mib}M -smp 1 -serial stdio $(dashed ${no_reboot---no-reboot}) \
			${case_iommufd:+-object iommufd,id=host} \
			${qemu_device--device vfio-pci,host=01:00.0${case_iommufd:+,iommufd=host}} $(dashed $options) -append "$append"
		;;
	esac
}

# passed BDF...: these are the guest's devices from now on.
passed()
{
	device='' qemu_device=''
	for bdf; do
		device="$device --vfio $bdf"
		qemu_device="$qemu_device -device vfio-pci,host=$bdf"
	done
}

# run_until_counted COMMAND...: runs a bare guest until it has counted, and ends it. No program looks
# for the end meanwhile, because that would be counted, too.
run_until_counted()
{
	rm -f /tmp/counted.pipe
	mkfifo /tmp/counted.pipe
	"$@" < /dev/null > /tmp/counted.pipe 2> /tmp/counted.err &
	while read -r line; do
		echo "$line"
		case $line in done* | counted*) break ;; esac
	done < /tmp/counted.pipe > /tmp/counted.out
	killall -q minivmm qemu-system-x86_64 ld-linux-x86-64.so.2
	wait
}

# guest_measured LABEL TEXT COMMAND...: does the same with a guest, which must print the text.
guest_measured()
{
	label=$1 text=$2
	shift 2
	measured "$label" "$@"
	cp /tmp/measured.out $vmm_out
	cp /tmp/measured.err $vmm_err
	expect_line "^lab: $text"
}

# What a guest does between its marks: WORD runs five times with a thousand of its operations (lab.reads), and after
# `one` three times with a single one.
pieces=mark,WORD,mark,WORD,mark,WORD,mark,WORD,mark,WORD,mark,one,mark,WORD,mark,WORD,mark,WORD,mark

# in_pieces WORD: prints that, with this word.
in_pieces()
{
	echo "$pieces" | sed "s/WORD/$1/g"
}

# marked CPIO: makes the initrd with a program that sets marks.
marked()
{
	cp "/lab/$1.cpio" "/tmp/$1.cpio"
	(cd /lab/stage && echo bench_mark | cpio -o -H newc >> "/tmp/$1.cpio") 2>/dev/null
	echo "--initrd /tmp/$1.cpio"
}
