/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU's emulation (TCG) that counts the instructions which the emulated machine
 * executes: those of the host kernel, of the VMM and of the guest alike. `out=FILE` gets a line
 * for each mark (bench_mark.h) that the machine comes across, with the mark's number and the sum
 * until then. `profile=FILE` gets the sums between two marks by the addresses of blocks of code,
 * and by whether a guest or the host executed them; profile.py gives them names.
 *
 * Time on a shared machine moves by a factor of two. These sums repeat to about a percent.
 *
 * Debian has no package with QEMU's plugin header. What is used of it is declared here, as of
 * version 1 of the interface. Read beside it: docs/devel/tcg-plugins.rst of the QEMU project.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "guests/bare/bench_mark.h"

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*callback)(qemu_plugin_id_t id,
							    struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, enum qemu_plugin_op op,
					      void *to, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*callback)(unsigned int vcpu, void *arg),
					    enum qemu_plugin_cb_flags flags, void *arg);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
				    void (*callback)(qemu_plugin_id_t id, void *arg), void *arg);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/*
 * Blocks are told apart by their address and by who executes them, because host and guest use the
 * same addresses.
 */
#define BLOCKS (1u << 20)
struct block {
	uint64_t vaddr;
	bool guest;
	uint64_t executions;
	uint64_t instructions;
};

static struct block blocks[BLOCKS];
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t instructions;
static FILE *out;
static const char *profile;
static char profile_path[4096];

/* Where a host goes on after the exit of a guest: behind its VMRUN. */
static const uint8_t vmrun[] = { 0x0f, 0x01, 0xd8 };
static const void *behind_vmrun;
/* Each CPU of the emulated machine is a thread, which translates and executes its own code. */
static __thread bool in_guest;

static void start_profile(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		blocks[i].executions = blocks[i].instructions = 0;
}

static void write_profile(void)
{
	FILE *file = fopen(profile, "w");

	for (unsigned int i = 0; file && i < BLOCKS; i++)
		if (blocks[i].executions)
			fprintf(file, "%" PRIx64 " %s %" PRIu64 " %" PRIu64 "\n", blocks[i].vaddr,
				blocks[i].guest ? "guest" : "host", blocks[i].executions,
				blocks[i].instructions);
	if (file)
		fclose(file);
}

static void execute_mark(unsigned int vcpu, void *arg)
{
	unsigned int number = (unsigned int)(uintptr_t)arg;

	(void)vcpu;
	fprintf(out, "%u %" PRIu64 "\n", number, instructions);
	fflush(out);
	if (profile && number == BENCH_MARK_PROFILE)
		start_profile();
	if (profile && number == BENCH_MARK_WRITE)
		write_profile();
}

static void find_mark(struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[] = { 0x0f, 0x1f, 0x80 };
	const uint8_t *bytes = qemu_plugin_insn_data(insn);
	uint32_t number;

	if (qemu_plugin_insn_size(insn) != BENCH_MARK_SIZE || memcmp(bytes, nop, sizeof(nop)) != 0)
		return;
	memcpy(&number, bytes + sizeof(nop), sizeof(number));
	if ((number & 0xffff0000) == BENCH_MARK_MAGIC)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, execute_mark, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)(number & 0xffff));
}

/*
 * Find the entry of a block. When the table is full, all further blocks share the entry found
 * last.
 */
static struct block *find_block(uint64_t vaddr, bool guest)
{
	uint64_t hash = (vaddr << 1 | guest) * 0x9e3779b97f4a7c15ull;
	struct block *block;

	pthread_mutex_lock(&blocks_lock);
	for (unsigned int i = 0;; i++) {
		block = &blocks[((hash >> 40) + i) % BLOCKS];
		if (!block->vaddr || (block->vaddr == vaddr && block->guest == guest) || i == 1000)
			break;
	}
	if (!block->vaddr) {
		block->vaddr = vaddr;
		block->guest = guest;
	}
	pthread_mutex_unlock(&blocks_lock);
	return block;
}

static void enter_guest(unsigned int vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	in_guest = true;
}

static void leave_guest(unsigned int vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	in_guest = false;
}

/*
 * VMRUN ends its block. What comes behind it is executed at each exit of the guest, and what is
 * executed in between is the guest's. The emulator keeps apart the blocks of host and guest.
 */
static void find_vmrun(const struct qemu_plugin_tb *tb, size_t count)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, count - 1);

	if (behind_vmrun && qemu_plugin_insn_haddr(first) == behind_vmrun) {
		in_guest = false;
		qemu_plugin_register_vcpu_insn_exec_cb(first, leave_guest, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
	}
	if (qemu_plugin_insn_size(last) != sizeof(vmrun) ||
	    memcmp(qemu_plugin_insn_data(last), vmrun, sizeof(vmrun)) != 0)
		return;
	behind_vmrun = (const uint8_t *)qemu_plugin_insn_haddr(last) + sizeof(vmrun);
	qemu_plugin_register_vcpu_insn_exec_cb(last, enter_guest, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

/*
 * A block is translated. From now on the emulator adds its instructions each time it executes the
 * block, without a call of ours.
 */
static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &instructions,
						 count);
	for (size_t i = 0; i < count; i++)
		find_mark(qemu_plugin_tb_get_insn(tb, i));
	if (!profile)
		return;
	find_vmrun(tb, count);
	block = find_block(qemu_plugin_tb_vaddr(tb), in_guest);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->executions,
						 1);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->instructions, count);
}

static void write_sum(qemu_plugin_id_t id, void *arg)
{
	(void)id;
	(void)arg;
	fprintf(out, "0 %" PRIu64 "\n", instructions);
	fclose(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
							       const struct qemu_info *info,
							       int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0) {
			out = fopen(argv[i] + 4, "w");
		} else if (strncmp(argv[i], "profile=", 8) == 0) {
			snprintf(profile_path, sizeof(profile_path), "%s", argv[i] + 8);
			profile = profile_path;
		}
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
	qemu_plugin_register_atexit_cb(id, write_sum, NULL);
	return 0;
}
