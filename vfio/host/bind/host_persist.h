/* SPDX-License-Identifier: MIT */
/*
 * A binding for the next boots: a rule by which udev sets the device's driver_override before any
 * driver can take the device.
 *
 * A driver that is loaded from the initramfs is faster than a rule that is not in there. So the
 * tool that makes the initramfs is told to take the rule and the module along. The tool is
 * initramfs-tools, dracut or mkinitcpio, depending on the distribution.
 *
 * Read beside it: udev(7), initramfs-tools(7), dracut.conf(5), mkinitcpio.conf(5).
 */
#ifndef MINIVMM_HOST_PERSIST_H
#define MINIVMM_HOST_PERSIST_H

#include "vfio/host/look/host_sysfs.h"

/*
 * Write the rule for a device and its driver, and what the initramfs needs. Returns 0 or -errno,
 * logged.
 */
int host_persist_add(const struct host_device *device, const char *driver);

/*
 * Remove the rule. With the last rule, what the initramfs needed is removed, too. Returns 0 or
 * -errno, logged.
 */
int host_persist_remove(const char *bdf);

/* Returns whether there is a rule for the device. */
bool host_is_persistent(const char *bdf);

/* Print the command that makes the initramfs anew, or nothing if there is no tool for it. */
void host_persist_tell(void);

/* Call visit() with the address of each device that has a rule. */
void host_for_each_persistent(void (*visit)(const char *bdf, void *arg), void *arg);

#endif
