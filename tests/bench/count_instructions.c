/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU's emulation (TCG) that counts the instructions which the emulated machine
 * executes: host kernel, VMM and guest alike. At the end the sum is written to the file that the
 * argument `out=` names.
 *
 * Time on a shared machine moves by a factor of two; this sum repeats to a few tenths of a percent.
 *
 * Debian has no package with QEMU's plugin header: what is used of it is declared here, as of
 * version 1 of the interface. Read beside it: docs/devel/tcg-plugins.rst of the QEMU project.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_info;

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*callback)(qemu_plugin_id_t id,
							    struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, enum qemu_plugin_op op,
					      void *to, uint64_t value);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
				    void (*callback)(qemu_plugin_id_t id, void *arg), void *arg);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t instructions;
static char path[4096];

/* A block is translated: each time it is executed its instructions are added, without a call. */
static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &instructions,
						 qemu_plugin_tb_n_insns(block));
}

static void write_sum(qemu_plugin_id_t id, void *arg)
{
	FILE *out = fopen(path, "w");

	(void)id;
	(void)arg;
	if (!out)
		return;
	fprintf(out, "%" PRIu64 "\n", instructions);
	fclose(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
							       const struct qemu_info *info,
							       int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s", argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
	qemu_plugin_register_atexit_cb(id, write_sum, NULL);
	return 0;
}
