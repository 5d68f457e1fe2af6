# SPDX-License-Identifier: MIT
# The same read happens with MSI and MSI-X forbidden in the guest: through the pin, acknowledged by resample, and
# again after a reboot. It uses the disk that no other scenario leaves in mid-transfer. At a reset the emulated NVMe
# does not forget how many queues had completions waiting, and it holds its pin for them.
# timeout: 90
bind vfio-pci 0000:02:00.0
vmm --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read,interrupts,reboot_twice) pci=nomsi"
expect_status 0
expect_count 3 "^lab: read $(image_md5 2)"
expect_line '^lab: irq .* [1-9][0-9]* .*IO-APIC .*nvme'
