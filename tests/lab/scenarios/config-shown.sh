# SPDX-License-Identifier: MIT
# timeout: 90
# What `minivmm config` says a guest will find is what a guest finds. The scenario looks at the trace of the guest's
# first reads of all registers. BARs are left out, because they are placed when the machine is built.
vmm_limit=80
bind vfio-pci 0000:01:00.0
"$vmm_program" config 01:00.0 --json > /tmp/config.json
status=$?
expect_status 0
jq -r '.[].registers[] | select(.name | startswith("BAR") | not) | "\(.offset) \(.size) \(.guest)"' \
	/tmp/config.json > /tmp/shown
vmm --vfio 01:00.0 --trace /tmp/trace.json --trace-filter config $(guest 6.1-cloud) \
	--append "$(todo pci)"
expect_status 0

# The first access to each register, if it is a read, as "offset size value".
jq -r '.[] | select(.args.on == "0000:01:00.0" and .cat == "config") |
	[.name, .args.offset, .args.size, (.args.result // "-")] | @tsv' /tmp/trace.json > /tmp/accesses
compared=0
while read -r kind direction offset size value _; do
	grep -q "^$kind $offset\$" /tmp/seen 2>/dev/null && continue
	echo "config $offset" >> /tmp/seen
	[ "$direction" = read ] || continue
	wanted=$(sed -n "s/^$((offset)) $size //p" /tmp/shown)
	[ -n "$wanted" ] || continue
	expect_equal "register at $offset" $((value)) "$wanted"
	compared=$((compared + 1))
done < /tmp/accesses
echo "$compared registers compared"
expect_equal "ten registers or more" $((compared >= 10)) 1
