/* SPDX-License-Identifier: MIT */
/*
 * What the default guest says about its machine: the kernel, and each PCI device with its driver,
 * BARs, interrupts and what the driver made of it (a disk, a network interface).
 *
 * Everything comes from sysfs and /proc/interrupts; nothing here touches a device.
 *
 * Read beside it: Documentation/ABI/testing/sysfs-bus-pci.
 */
#ifndef MINIVMM_INIT_REPORT_H
#define MINIVMM_INIT_REPORT_H

/*
 * Wait until what the drivers promise is there: a disk behind a storage controller, an interface
 * behind a network controller. Bounded for each kind of device, because a controller without a disk
 * is none the worse for it.
 */
void report_wait_for_devices(void);

/* Print the report to standard output. */
void report_print(void);

#endif
