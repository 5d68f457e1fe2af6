/* SPDX-License-Identifier: MIT */
#include "sandbox_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/core/arch.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace_event.h"

/* ---- rows ---- */

static bool filter_arch_has(uint64_t request)
{
	for (unsigned int i = 0; i < arch_calls.count; i++)
		if (arch_calls.abouts[i]->request == request)
			return true;
	return false;
}

static bool filter_needs(const struct sandbox_row *row, const struct sandbox_wanted *wanted)
{
	switch (row->need) {
	case SANDBOX_NEEDS_ARCH:
		return filter_arch_has(row->value);
	case SANDBOX_NEEDS_GROUPS:
		return wanted->groups;
	case SANDBOX_NEEDS_IOMMUFD:
		return wanted->iommufd;
	case SANDBOX_NEEDS_DEVICES:
		return wanted->groups || wanted->iommufd;
	case SANDBOX_NEEDS_HOTPLUG:
		return wanted->hotplug;
	case SANDBOX_NEEDS_CHILDREN:
		return wanted->children;
	case SANDBOX_NEEDS_KILL:
		return wanted->kill;
	case SANDBOX_NEEDS_PIN:
		return wanted->pin;
	default:
		return true;
	}
}

/* For rows that apply whatever is wanted. */
static const struct sandbox_wanted filter_nothing;

/* The kernel looks only at the lower 32 bits of an ioctl's number. */
static struct scmp_arg_cmp filter_compare(const struct sandbox_row *row,
					  const struct sandbox_wanted *wanted)
{
	switch (row->check) {
	case SANDBOX_HAS:
		return SCMP_CMP(row->arg, SCMP_CMP_MASKED_EQ, row->value, row->value);
	case SANDBOX_HAS_NOT:
		return SCMP_CMP(row->arg, SCMP_CMP_MASKED_EQ, row->value, 0);
	case SANDBOX_IS_PID:
		return SCMP_CMP(row->arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)getpid());
	case SANDBOX_IS_NOT:
		return SCMP_CMP(row->arg, SCMP_CMP_NE, row->value, 0);
	case SANDBOX_IS_NOT_PID:
		return SCMP_CMP(row->arg, SCMP_CMP_NE, (uint32_t)getpid(), 0);
	case SANDBOX_IS_CHILD:
		return SCMP_CMP(row->arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)wanted->child);
	default:
		return SCMP_CMP(row->arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, row->value);
	}
}

/* A call that this architecture does not have is not an error: some have ppoll() and no poll(). */
static int filter_add_row(scmp_filter_ctx context, uint32_t action, const struct sandbox_row *row,
			  const struct sandbox_wanted *wanted)
{
	struct scmp_arg_cmp compare = filter_compare(row, wanted);

	if (row->check == SANDBOX_NO_CALL)
		return seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), row->call, 0);
	return seccomp_rule_add_array(context, action, row->call, row->check != SANDBOX_ANY,
				      &compare);
}

static int filter_add_table(scmp_filter_ctx context, const struct sandbox_row *rows,
			    enum thread_kind kind, const struct sandbox_wanted *wanted)
{
	int ret = 0;

	for (const struct sandbox_row *row = rows; row->threads && ret == 0; row++)
		if ((row->threads & (1u << kind)) && filter_needs(row, wanted))
			ret = filter_add_row(context, SCMP_ACT_ALLOW, row, wanted);
	return ret;
}

/* A reboot of the guest makes all of these calls again. */
static int filter_add_arch(scmp_filter_ctx context)
{
	int ret = 0;

	for (unsigned int i = 0; i < arch_calls.count && ret == 0; i++) {
		struct sandbox_row row = { SCMP_SYS(ioctl),
					   SANDBOX_MAIN,
					   SANDBOX_IS,
					   1,
					   arch_calls.abouts[i]->request,
					   0 };

		ret = filter_add_row(context, SCMP_ACT_ALLOW, &row, &filter_nothing);
	}
	return ret;
}

/* ---- code ---- */

/* A filter's refusal carries the kind of thread, which the signal's handler prints. */
static void filter_mark(struct sandbox_filter *filter, enum thread_kind kind)
{
	for (unsigned short i = 0; i < filter->length; i++) {
		struct sock_filter *code = &filter->code[i];

		if (code->code == (BPF_RET | BPF_K) && code->k == SECCOMP_RET_TRAP)
			code->k |= (uint32_t)kind;
	}
}

static int filter_read(struct sandbox_filter *filter, int fd)
{
	struct stat file;
	ssize_t size;

	if (fstat(fd, &file) < 0)
		return -errno;
	size = (ssize_t)file.st_size;
	filter->code = malloc((size_t)size);
	if (!filter->code)
		return -ENOMEM;
	if (pread(fd, filter->code, (size_t)size, 0) != size)
		return -EIO;
	filter->length = (unsigned short)((size_t)size / sizeof(*filter->code));
	return 0;
}

/* libseccomp 2.5 exports only into a file, so this takes a file in memory. */
static int filter_export(struct sandbox_filter *filter, scmp_filter_ctx context)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = seccomp_export_bpf(context, fd);
	if (ret == 0)
		ret = filter_read(filter, fd);
	close(fd);
	return ret;
}

/* The context is gone after it, whatever went wrong before. */
static int filter_finish(struct sandbox_filter *filter, scmp_filter_ctx context,
			 enum thread_kind kind, int ret)
{
	if (ret == 0)
		ret = filter_export(filter, context);
	if (context)
		seccomp_release(context);
	if (ret < 0)
		return log_errno("sandbox", ret, "make a filter of system calls");
	filter_mark(filter, kind);
	return 0;
}

/* Errors are to be the kernel's, not the library's one for all of them. */
static int filter_begin(scmp_filter_ctx *context, uint32_t otherwise)
{
	int ret;

	*context = seccomp_init(otherwise);
	if (!*context)
		return -ENOMEM;
	ret = seccomp_attr_set(*context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
	return ret < 0 ? ret : seccomp_attr_set(*context, SCMP_FLTATR_API_SYSRAWRC, 1);
}

int sandbox_filter_init(struct sandbox_filter *filter, enum thread_kind kind,
			const struct sandbox_wanted *wanted)
{
	scmp_filter_ctx context;
	int ret = filter_begin(&context, SCMP_ACT_TRAP);

	if (ret == 0)
		ret = filter_add_table(context, sandbox_calls, kind, wanted);
	if (ret == 0)
		ret = filter_add_table(context, sandbox_ioctls, kind, wanted);
	if (ret == 0 && kind == THREAD_MAIN)
		ret = filter_add_arch(context);
	return filter_finish(filter, context, kind, ret);
}

int sandbox_filter_init_denying(struct sandbox_filter *filter, enum thread_kind kind, bool programs)
{
	const uint32_t action = programs ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_TRAP;
	scmp_filter_ctx context;
	int ret = filter_begin(&context, SCMP_ACT_ALLOW);

	for (const int *call = sandbox_denied; *call != -1 && ret == 0; call++)
		ret = seccomp_rule_add(context, action, *call, 0);
	for (const struct sandbox_row *row = sandbox_denied_if; row->threads && ret == 0; row++)
		ret = filter_add_row(context, action, row, &filter_nothing);
	return filter_finish(filter, context, kind, ret);
}

void sandbox_filter_destroy(struct sandbox_filter *filter)
{
	free(filter->code);
	*filter = (struct sandbox_filter){ .code = NULL };
}

int sandbox_filter_load(const struct sandbox_filter *filter)
{
	const struct sock_fprog program = { filter->length, filter->code };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	return 0;
}

bool sandbox_filter_is_known(void)
{
	const uint32_t trap = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &trap) == 0;
}
