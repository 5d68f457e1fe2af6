# SPDX-License-Identifier: MIT
# timeout: 3600
# on demand: a thousand starts, half an hour
# Each call of a start, a reset and an end fails once, with each errno that the kernel can give for it, and so does each call
# for a device that comes and goes. One message says so, and nothing is left. LAB_CASE="group:CALL" makes one call fail.
way=${way:-group}

# fail_calls BDF WAY[:CALL]...
fail_calls()
{
	expectations=$((expectations + 1))
	/lab/stage/campaign/vfio_errnos.py /lab/stage "$@" ||
		fail "$(grep -c '^FAIL errno' "/out/$scenario.log") kinds of calls"
}

for bdf in 01:00.0 04:01.0 04:02.0; do
	bind vfio-pci "0000:$bdf"
done
read -r words < /lab/stage/case
# shellcheck disable=SC2086 # words
fail_calls 0000:01:00.0 ${words:-$way ${way}plug ${way}files}
# This one has no reset of its own.
case $words in
*:*) ;;
*) fail_calls 0000:04:01.0 $way:VFIO_DEVICE_GET_PCI_HOT_RESET_INFO $way:VFIO_DEVICE_PCI_HOT_RESET ;;
esac
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
