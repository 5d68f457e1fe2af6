/* SPDX-License-Identifier: MIT */
/*
 * A binding for the next boots: a rule by which udev sets the device's driver_override before any
 * driver can take it.
 *
 * A driver that is loaded from the initramfs is faster than a rule that is not in there. So the
 * tool that makes the initramfs is told to take the rule and the module along: initramfs-tools,
 * dracut or mkinitcpio, whichever this distribution has.
 *
 * Read beside it: udev(7), initramfs-tools(7), dracut.conf(5), mkinitcpio.conf(5).
 */
#ifndef MINIVMM_HOST_PERSIST_H
#define MINIVMM_HOST_PERSIST_H

#include "vfio/host/look/host_sysfs.h"

/* Write the rule for a device and its driver, and what the initramfs needs. 0 or -errno, logged. */
int host_persist_add(const struct host_device *device, const char *driver);

/* Take the rule away, and with the last one what the initramfs was told. 0 or -errno, logged. */
int host_persist_remove(const char *bdf);

/* Whether there is a rule for the device. */
bool host_is_persistent(const char *bdf);

/* Say by which command the initramfs is made anew; nothing where there is no tool for it. */
void host_persist_tell(void);

/* Call visit() with the address of each device that has a rule. */
void host_for_each_persistent(void (*visit)(const char *bdf, void *arg), void *arg);

#endif
