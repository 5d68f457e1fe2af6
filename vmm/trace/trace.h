/* SPDX-License-Identifier: MIT */
/*
 * The one gate to the kernel: every KVM, VFIO and IOMMU ioctl passes here, named, counted, timed,
 * explained - and, when asked for, made to fail.
 *
 * The name comes from the call site, because a number alone does not tell: VFIO_IOMMU_GET_INFO and
 * VFIO_DEVICE_GET_PCI_HOT_RESET_INFO are the same number on different files. The list below is thus
 * also the list of all that minivmm ever asks of them. What a call means is not known here:
 * the room that makes it defines a struct trace_about, which names its topic, tells why it is made,
 * and decodes its arguments.
 *
 * Besides calls there are spans: what the guest touched, memory that came or went, each with the
 * calls it caused inside it. While nobody listens a call costs one branch more than ioctl() and a
 * counter, a span one branch.
 */
#ifndef MINIVMM_TRACE_H
#define MINIVMM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace_fault.h"
#include "trace_fields.h"

/* clang-format off */
#define TRACE_CALLS_X86_64(X)                                                                      \
	X(KVM_GET_SUPPORTED_CPUID) X(KVM_CREATE_IRQCHIP) X(KVM_CREATE_PIT2) X(KVM_SET_TSS_ADDR)    \
	X(KVM_SET_IDENTITY_MAP_ADDR) X(KVM_SET_CPUID2) X(KVM_GET_SREGS) X(KVM_SET_SREGS)           \
	X(KVM_GET_REGS) X(KVM_SET_REGS) X(KVM_SET_MSRS)

#define TRACE_CALLS_AARCH64(X)                                                                     \
	X(KVM_ARM_PREFERRED_TARGET) X(KVM_ARM_VCPU_INIT) X(KVM_ARM_VCPU_FINALIZE)                  \
	X(KVM_GET_ONE_REG) X(KVM_SET_ONE_REG)

#define TRACE_CALLS_COMMON(X)                                                                      \
	X(KVM_GET_API_VERSION) X(KVM_CHECK_EXTENSION) X(KVM_CREATE_VM) X(KVM_GET_VCPU_MMAP_SIZE)   \
	X(KVM_SET_USER_MEMORY_REGION) X(KVM_CREATE_VCPU) X(KVM_RUN) X(KVM_IRQ_LINE)                \
	X(KVM_SET_GSI_ROUTING) X(KVM_IRQFD) X(KVM_SIGNAL_MSI) X(KVM_CREATE_DEVICE)                 \
	X(KVM_SET_DEVICE_ATTR) X(KVM_GET_STATS_FD)                                                 \
	X(VFIO_GET_API_VERSION) X(VFIO_CHECK_EXTENSION) X(VFIO_SET_IOMMU)                          \
	X(VFIO_GROUP_GET_STATUS) X(VFIO_GROUP_SET_CONTAINER) X(VFIO_GROUP_UNSET_CONTAINER)         \
	X(VFIO_GROUP_GET_DEVICE_FD) X(VFIO_DEVICE_GET_INFO) X(VFIO_DEVICE_GET_REGION_INFO)         \
	X(VFIO_DEVICE_GET_IRQ_INFO) X(VFIO_DEVICE_SET_IRQS) X(VFIO_DEVICE_RESET)                   \
	X(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO) X(VFIO_DEVICE_PCI_HOT_RESET)                         \
	X(VFIO_IOMMU_GET_INFO) X(VFIO_IOMMU_MAP_DMA) X(VFIO_IOMMU_UNMAP_DMA)                       \
	X(IOMMU_IOAS_ALLOC) X(IOMMU_DESTROY) X(IOMMU_IOAS_IOVA_RANGES) X(IOMMU_IOAS_MAP)           \
	X(IOMMU_IOAS_UNMAP) X(VFIO_DEVICE_BIND_IOMMUFD) X(VFIO_DEVICE_ATTACH_IOMMUFD_PT)           \
	X(VFIO_DEVICE_DETACH_IOMMUFD_PT)

#define TRACE_CALLS(X) TRACE_CALLS_COMMON(X) TRACE_CALLS_X86_64(X) TRACE_CALLS_AARCH64(X)

/* What --trace-filter tells apart, by these names. */
#define TRACE_TOPICS(X)                                                                            \
	X(kvm)     /* the machine as KVM knows it: files, capabilities, controllers */             \
	X(cpu)     /* the state of a vCPU */                                                       \
	X(run)     /* KVM_RUN and why it came back */                                              \
	X(memory)  /* memory slots, and what is in them */                                         \
	X(irq)     /* routes, irqfds, lines, the device's interrupts */                            \
	X(vfio)    /* the device and how it is reached */                                          \
	X(dma)     /* what the device reaches */                                                   \
	X(config)  /* configuration space, as the guest touches it */                              \
	X(bar)     /* trapped accesses to BARs */                                                  \
	X(io)      /* trapped accesses to all else */
/* clang-format on */

enum trace_call {
#define TRACE_ENUM(call) TRACE_##call,
	TRACE_CALLS(TRACE_ENUM)
#undef TRACE_ENUM
		TRACE_CALL_COUNT
};

enum trace_topic {
#define TRACE_ENUM(topic) TRACE_TOPIC_##topic,
	TRACE_TOPICS(TRACE_ENUM)
#undef TRACE_ENUM
		TRACE_TOPIC_COUNT
};

#define TRACE_TOPICS_ALL ((1u << TRACE_TOPIC_COUNT) - 1)
#define TRACE_TOPICS_ACCESSES                                                                      \
	(1u << TRACE_TOPIC_config | 1u << TRACE_TOPIC_bar | 1u << TRACE_TOPIC_io)

/* ---- calls ---- */

struct trace_about {
	enum trace_call call;
	enum trace_topic topic;
	const char *object; /* what kind of file it is made on */
	const char *why;    /* one line; NULL if decode() finds one that depends on the arguments */
	/*
	 * Puts the arguments into `fields`. Called after the call, so that answers are there too;
	 * `arg` is what was handed to the ioctl (or to trace_ioctl_detail()), `result` what it
	 * returned or -errno. NULL if there is nothing to say.
	 */
	void (*decode)(struct trace_fields *fields, const void *arg, int result);
};

#define TRACE_EXTERN(call) extern const struct trace_about trace_about_##call;
TRACE_CALLS(TRACE_EXTERN)
#undef TRACE_EXTERN

/* What the room that makes a call says about it; see struct trace_about. */
#define TRACE_ABOUT(name, topic_name, object_name, decoder, reason)                                \
	const struct trace_about trace_about_##name = {                                            \
		.call = TRACE_##name,                                                              \
		.topic = TRACE_TOPIC_##topic_name,                                                 \
		.object = (object_name),                                                           \
		.why = (reason),                                                                   \
		.decode = (decoder),                                                               \
	}

/* ioctl(fd, call, arg): what it returned, or -errno. `call` is the request's own name. */
#define trace_ioctl(fd, call, arg)                                                                 \
	trace_named_ioctl(&trace_about_##call, (fd), (call), (unsigned long)(arg), (uintptr_t)(arg))

/* The same for a call that says what it has to say in `detail` rather than in its argument. */
#define trace_ioctl_detail(fd, call, arg, detail)                                                  \
	trace_named_ioctl(&trace_about_##call, (fd), (call), (unsigned long)(arg),                 \
			  (uintptr_t)(detail))

int trace_named_ioctl(const struct trace_about *about, int fd, unsigned long request,
		      unsigned long arg, uintptr_t detail);

/* How often `call` was made, and its name; the name of a topic. */
uint64_t trace_count(enum trace_call call);
const char *trace_call_name(enum trace_call call);
const char *trace_topic_name(enum trace_topic topic);

/* ---- who listens ---- */

/* Bits of topics that somebody wants to hear of, and the two below; 0: nobody listens. */
extern unsigned int trace_topics;

#define TRACE_WANTS_TIMES  (1u << 30)
#define TRACE_WANTS_FAULTS (1u << 31)

static inline bool trace_wants(unsigned int bits)
{
	return __builtin_expect((trace_topics & bits) != 0, 0);
}

struct trace_options {
	const char *file; /* NULL: none; - is standard error, *.json for a timeline, else text */
	unsigned int topics;
	bool times; /* for trace_print() */
	struct trace_faults faults;
};

/* The topics in a list such as "irq,dma"; 0, or -EINVAL, logged. */
int trace_parse_topics(const char *text, unsigned int *topics);

/* Count and listen from now on; before any other thread. 0 or -errno, logged. */
int trace_open(const struct trace_options *options);

/* Complete the file; no other thread runs any more. Does nothing when none is open. */
void trace_close(void);

/* The start has reached a new phase; the one before it ends here. `name` must be a literal. */
void trace_phase(const char *name);

/* How long phases of this name have lasted, in nanoseconds; 0 while nobody listens. */
uint64_t trace_phase_ns(const char *name);

/* A curve of a timeline has come to this value; `series` and `kind` must be literals. */
void trace_counter(const char *series, const char *kind, uint64_t value);

/* Whether a timeline is written, that is, whether curves are worth anything. */
bool trace_wants_counters(void);

/*
 * Write what was gathered: phases with their times, ioctls by name with count and total time, and
 * where the guest's trapped accesses went.
 */
void trace_print(FILE *out);

/* ---- spans ---- */

/* Lives on the stack of who does it. Undefined but for `on` while nobody listens. */
struct trace_span {
	bool on;
	enum trace_topic topic;
	const char *name;   /* a literal */
	const char *object; /* on what; or NULL */
	uint64_t start;
	struct trace_fields fields; /* to be filled in by who sees `on` */
	struct trace_span *outer;
	unsigned int depth;
	unsigned int inner_count; /* events directly inside */
	FILE *inner;              /* what happened inside, until the end is written */
	char *inner_text;
	size_t inner_size;
};

void trace_span_begin(struct trace_span *span, enum trace_topic topic, const char *name,
		      const char *object);
void trace_span_end(struct trace_span *span);

static inline void trace_begin(struct trace_span *span, enum trace_topic topic, const char *name,
			       const char *object)
{
	span->on = false;
	if (trace_wants(1u << topic))
		trace_span_begin(span, topic, name, object);
}

static inline void trace_end(struct trace_span *span)
{
	if (__builtin_expect(span->on, 0))
		trace_span_end(span);
}

/* ---- interrupts on their way through minivmm ---- */

/* Around what is done for one, for a histogram of its time. */
uint64_t trace_irq_begin(void);
void trace_irq_end(uint64_t begin);

/* ---- faults ---- */

/*
 * To be asked before each interrupt that minivmm passes on itself: false if it is to be lost. One
 * that is to be late makes the caller wait.
 */
bool trace_irq_arrives(void);

/* To be asked before each read of a device's configuration space: whether it is to be all-ones. */
bool trace_config_fault(void);

#endif
