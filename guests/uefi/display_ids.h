/* SPDX-License-Identifier: MIT */
/* Which display the driver in the ROM is for: IDs that nobody has, for x-pci-vendor-id=. */
#ifndef GUESTS_DISPLAY_IDS_H
#define GUESTS_DISPLAY_IDS_H

#define DISPLAY_VENDOR 0x1234
#define DISPLAY_DEVICE 0x4d56

#endif
