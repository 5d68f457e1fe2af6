/* SPDX-License-Identifier: MIT */
/*
 * What must be over before the guest powers off: processes, and file systems on disks, which are
 * left as if nobody had ever to repair them.
 */
#ifndef MINIVMM_INIT_END_H
#define MINIVMM_INIT_END_H

/* Ask all processes but this one to end, and soon kill those that do not. */
void end_processes(void);

/* Unmount all file systems that lie on a block device. Says so if one cannot be. */
void end_file_systems(void);

#endif
