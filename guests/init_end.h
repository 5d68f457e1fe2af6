/* SPDX-License-Identifier: MIT */
/*
 * What must be over before the guest powers off: processes, and file systems on disks, so that no
 * disk needs a repair afterwards.
 */
#ifndef MINIVMM_INIT_END_H
#define MINIVMM_INIT_END_H

/* Ask all processes but this one to end, and soon kill those that do not. */
void end_processes(void);

/*
 * Unmount all file systems that lie on a block device. A message names one that cannot be
 * unmounted.
 */
void end_file_systems(void);

#endif
