/* SPDX-License-Identifier: MIT */
#include "standard_files.h"

#include <unistd.h>

#include "vmm/base/patient_stream.h"

int standard_files_begin(struct standard_files *files, bool confined)
{
	int ret = file_relay_start(&files->output, STDOUT_FILENO, "standard output", confined);

	if (ret == 0)
		ret = file_relay_start(&files->errors, STDERR_FILENO, "standard error", confined);
	if (ret == 0)
		patient_stream_take_standard();
	return ret;
}

static void files_finish(struct file_relay *relay, int fd)
{
	if (relay->pid)
		close(fd);
	file_relay_finish(relay);
}

void standard_files_end(struct standard_files *files)
{
	files_finish(&files->output, STDOUT_FILENO);
	files_finish(&files->errors, STDERR_FILENO);
}
