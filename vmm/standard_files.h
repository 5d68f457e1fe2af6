/* SPDX-License-Identifier: MIT */
/*
 * Standard input, output and error while a guest runs. No reader or file server behind them keeps
 * minivmm from its end: patient_stream.h, file_writer.h.
 */
#ifndef MINIVMM_STANDARD_FILES_H
#define MINIVMM_STANDARD_FILES_H

#include <stdbool.h>

#include "file_writer.h"

struct standard_files {
	struct file_relay output, errors;
};

/*
 * To be called before anything starts. The processes that write to served files are confined if
 * `confined`. 0 or -errno, logged.
 */
int standard_files_begin(struct standard_files *files, bool confined);

/*
 * To be called when all is said. What goes through such a process is in the file before minivmm
 * ends, if the file takes it.
 */
void standard_files_end(struct standard_files *files);

#endif
