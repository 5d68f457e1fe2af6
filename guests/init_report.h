/* SPDX-License-Identifier: MIT */
/*
 * What the default guest tells about its machine: the kernel, and each PCI device with its
 * driver, its BARs, its interrupts, and what the driver made of it (a disk, a network interface).
 *
 * Everything comes from sysfs and /proc/interrupts. Nothing here touches a device.
 *
 * Read beside it: Documentation/ABI/testing/sysfs-bus-pci.
 */
#ifndef MINIVMM_INIT_REPORT_H
#define MINIVMM_INIT_REPORT_H

/*
 * Wait until the things are there that the drivers promise: a disk behind a storage controller,
 * an interface behind a network controller. The wait has a limit for each kind of device, because
 * a controller without a disk is not broken.
 */
void report_wait_for_devices(void);

/* Print the report to standard output. */
void report_print(void);

#endif
