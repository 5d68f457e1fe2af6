# SPDX-License-Identifier: MIT
# on demand: 300 threads on the lab host
# timeout: 120
# Linux with more CPUs than 8 bits of an APIC id can number: it takes all 300 from the tables, and starts the last one.
vmm_limit=110
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --cpus 300 --memory 512M $(guest 6.1-cloud) --append "$(todo last_cpu,read) maxcpus=1"
expect_status 0
expect_line '^lab: last cpu 299 1'
expect_line "^lab: read $(image_md5 1)"
