# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2046
# timeout: 600
# on demand: takes minutes on one emulated processor
# Linux with more CPUs than eight bits of an APIC's id can name: all of them run, and an NVMe's interrupts reach them.
vmm_limit=500
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --cpus 288 --memory 2G $(guest 6.1-cloud) --append "$(todo info,read,interrupts) nmi_watchdog=0"
expect_status 0
expect_line '^lab: cpus 288'
expect_line "^lab: read $(image_md5 1)"
