# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 120
# All of configuration space as lspci shows it on the lab host, and in a guest without drivers, for each device. The
# bytes that differ are those of minivmm's table, and the text differs by the same registers.
cat > /tmp/rules <<'END'
header 04 05 COMMAND: what the guest switched on, whatever the host did before
header 0c 0d cache line and latency: the guest's bus is its own
header 0e 0e header type: the slot's other functions are not passed through
header 10 27 BARs: the guest's addresses are not the host's
header 30 33 ROM: the guest's addresses are not the host's
header 34 34 the list leaves out what is hidden
header 3c 3c interrupt line: the guest's number, not the host's
cap01 01 01 the list leaves out what is hidden
cap01 02 03 PM: wake-up events belong to the host
cap01 04 05 PM: the power state, which each side sets
cap05 01 01 the list leaves out what is hidden
cap10 01 01 the list leaves out what is hidden
cap10 02 03 PCI Express: an endpoint on a root bus is integrated
cap10 0c 13 link: there is none on a root bus
cap10 2c 33 link: there is none on a root bus
ext000e 00 ff ARI: function numbers are minivmm's, not the device's
ext0010 02 03 SR-IOV: virtual functions appear on the host's bus, not on the guest's
END
# The lines of text that those registers make, each behind the capability that it belongs to.
cat > /tmp/lines <<'END'
Control: I/O
Latency:
Interrupt: pin . routed to IRQ
Region [0-5]:
Expansion ROM at
Kernel driver in use:
Kernel modules:
IOMMU group:
Physical Slot:
Power Management version .*Status: D
Capabilities: \[.*\] Express
Capabilities: \[.*\] MSI
Capabilities: \[.*\] Alternative Routing-ID
Capabilities: \[.*\] Single Root I/O
END

# text FILE BDF: what lspci says of a function in words.
text()
{
	awk -v bdf="$2" '/^[0-9a-f]+:[0-9a-f]+\.[0-7] / { on = $1 == bdf; next }
		!on || /^[0-9a-f]+: / || /^$/ { next }
		/^\tCapabilities:/ { cap = $0 }
		/^\t\t/ { print cap, $0; next }
		{ print }' "$1" | sort
}

bind_many 04:01.0 04:02.0 05:00.0 06:00.0 07:00.0 08:00.0 09:00.0 0a:00.0 0b:00.0 0c:00.0 0d:00.0
/usr/bin/lspci -n -vvv -xxxx > /tmp/host.lspci
place=00:%02x.0
# config-space-port.sh uses this below ports, where what the rules say of a root bus does not hold.
if [ -n "${below_ports:-}" ]; then
	sed -i '/root bus/d' /tmp/rules
	sed -i '/Express/d' /tmp/lines
	place=%02x:00.0
	# Two functions of one device, which share a port.
	bind vfio-pci 0000:0e:00.0
	bind vfio-pci 0000:0e:00.1
	vfio_args="$vfio_args --vfio 0e:00.0 --vfio 0e:00.1"
fi
vmm_limit=110
vmm $(echo "$vfio_args" | sed "s/\.[0-7]/&${below_ports:-}/g") $(guest_devices) --append "$(todo lspci) lab.modules=none"
expect_status 0
expect_line '^lab: lspci '
sed -n 's/^lab: lspci //p' $vmm_out | tr -d '\r' | base64 -d | gunzip > /tmp/guest.lspci
cp /tmp/host.lspci /tmp/guest.lspci /out
slot=1
pairs=
for bdf in $(echo $vfio_args | sed 's/--vfio//g'); do
	case $bdf in
	*.0)
		# shellcheck disable=SC2059 # the place is a format: of a slot, or of a bus
		inside=$(printf "$place" $slot)
		slot=$((slot + 1))
		;;
	*) inside=${inside%.0}.${bdf##*.} ;;
	esac
	pairs="$pairs $bdf=$inside"
	text /tmp/host.lspci $bdf > /tmp/host.text
	text /tmp/guest.lspci $inside > /tmp/guest.text
	diff /tmp/host.text /tmp/guest.text | grep '^[+-][^+-]' | grep -v -f /tmp/lines |
		sed "s/^/$bdf: /" | tee -a /tmp/text
done
awk -v pairs="$pairs" -f /lab/stage/config-diff.awk /tmp/rules /tmp/host.lspci /tmp/guest.lspci > /tmp/diff
status=$?
cat /tmp/diff
expect_equal "bytes that no rule explains" "$(grep -c UNEXPLAINED /tmp/diff)" 0
expect_status 0
expect_equal "PCI Express functions compared" "$(grep -c ': 4096 bytes' /tmp/diff)" 5
expect_equal "lines that no rule explains" "$(head -n 1 /tmp/text)" ''
