/* SPDX-License-Identifier: MIT */
/*
 * What a trace tells of one event: its topic, its arguments as pairs of words, its result and the
 * reason for it.
 *
 * An event is an ioctl, a trapped access of the guest, or a span around several events. A room that
 * makes ioctls describes each of them here, by a struct trace_about, and lists them for the roof.
 *
 * Owns the shapes in which sizes, flags and names are written, so that all decoders write alike and
 * every writer can convert them into its own form. Text that is too long is cut off, never refused.
 * None of these functions logs, but for trace_parse_topics().
 */
#ifndef MINIVMM_TRACE_EVENT_H
#define MINIVMM_TRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- topics ---- */

/* clang-format off */
/* What --trace-filter tells apart, by these names. */
#define TRACE_TOPICS(X)                                                                            \
	X(kvm)     /* the machine as KVM knows it: files, capabilities, controllers */             \
	X(cpu)     /* the state of a vCPU */                                                       \
	X(run)     /* KVM_RUN and why it returned */                                               \
	X(memory)  /* memory slots, and what is in them */                                         \
	X(irq)     /* routes, irqfds, lines, the device's interrupts */                            \
	X(vfio)    /* the device and how it is reached */                                          \
	X(dma)     /* memory that the device reaches */                                            \
	X(config)  /* the guest's accesses to configuration space */                               \
	X(bar)     /* trapped accesses to BARs */                                                  \
	X(io)      /* trapped accesses to all else */
/* clang-format on */

enum trace_topic {
#define TRACE_ENUM(topic) TRACE_TOPIC_##topic,
	TRACE_TOPICS(TRACE_ENUM)
#undef TRACE_ENUM
		TRACE_TOPIC_COUNT
};

#define TRACE_TOPICS_ALL ((1u << TRACE_TOPIC_COUNT) - 1)
#define TRACE_TOPICS_ACCESSES                                                                      \
	(1u << TRACE_TOPIC_config | 1u << TRACE_TOPIC_bar | 1u << TRACE_TOPIC_io)

const char *trace_topic_name(enum trace_topic topic);

/* The topics in a list such as "irq,dma", as bits. 0, or -EINVAL, logged. */
int trace_parse_topics(const char *text, unsigned int *topics);

/* ---- arguments and result ---- */

#define TRACE_FIELDS_MAX  24
#define TRACE_FIELDS_TEXT 1024

/* A row of a table of names. A row whose name is NULL ends the table. */
struct trace_name {
	uint64_t value;
	const char *name;
};

struct trace_fields {
	unsigned int count;
	const char *keys[TRACE_FIELDS_MAX]; /* literals */
	uint16_t at[TRACE_FIELDS_MAX];      /* offset of each value in text */
	size_t used;
	char text[TRACE_FIELDS_TEXT];
	char result[128]; /* empty: the number that was returned */
	char file[24];    /* the name of the file that the call was made on, or empty */
	char opened[24];  /* the name of the file that was returned, or empty */
	const char *why;  /* the reason, where it depends on the arguments; a literal */
	const char
		*series;  /* the event counts as one more of this series, a literal: "exits" ... */
	const char *kind; /* ... and of this kind in it */
};

/* Make `fields` empty; its buffers need not be cleared. */
void trace_fields_init(struct trace_fields *fields);

/* Add a pair. `key` must be a literal. */
void trace_put(struct trace_fields *fields, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add a number of bytes in the largest unit that leaves no remainder. */
void trace_put_size(struct trace_fields *fields, const char *key, uint64_t bytes);

/* Add the value's name from the table, or the number if it has none. */
void trace_put_name(struct trace_fields *fields, const char *key, uint64_t value,
		    const struct trace_name *names);

/*
 * Add the names of the bits that are set, joined by |, and the remaining bits as a number; "0" for
 * none.
 */
void trace_put_flags(struct trace_fields *fields, const char *key, uint64_t value,
		     const struct trace_name *names);

/* Set the call's result, in words. */
void trace_put_result(struct trace_fields *fields, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The table's name for the value, or NULL. */
const char *trace_find_name(const struct trace_name *names, uint64_t value);

/* As trace_put_size() and trace_put_flags() write them, into `text`; returns text. */
const char *trace_size_text(char *text, size_t room, uint64_t bytes);
const char *trace_flags_text(char *text, size_t room, uint64_t value,
			     const struct trace_name *names);

/* ---- ioctls ---- */

/* How often a call was made, and how long it took. The gate in trace.c counts. */
struct trace_tally {
	_Atomic uint64_t count;
	_Atomic uint64_t ns; /* counted only while there is a trace */
};

/* What a call means. The room that makes the call defines this. */
struct trace_about {
	const char *name;          /* of the ioctl */
	unsigned long request;     /* its number */
	struct trace_tally *tally; /* several meanings of one ioctl share one */
	enum trace_topic topic;
	const char *object; /* what kind of file it is made on */
	const char *why;    /* one line; NULL if decode() finds one that depends on the arguments */
	/*
	 * Adds the arguments to `fields`. It is called after the ioctl, so that results can be
	 * decoded too. `arg` is the ioctl's argument (or that of trace_ioctl_detail()), `result` is
	 * what it returned or -errno. NULL if there is nothing to add.
	 */
	void (*decode)(struct trace_fields *fields, const void *arg, int result);
};

/*
 * The calls that one room makes. The room's header lists their names once, as an X macro:
 *
 *	#define KVM_CALLS(X) X(KVM_RUN) X(KVM_IRQFD) ...
 *	KVM_CALLS(TRACE_DECLARE)
 *	extern const struct trace_calls kvm_calls;
 *
 * One of its sources defines the meaning of each by TRACE_ABOUT(), and the list by
 * TRACE_DEFINE_CALLS(). A call that is listed without a meaning does not link.
 */
struct trace_calls {
	const struct trace_about *const *abouts;
	unsigned int count;
};

#define TRACE_DECLARE(call)                                                                        \
	extern const struct trace_about trace_about_##call;                                        \
	extern struct trace_tally trace_tally_##call;
#define TRACE_ADDRESS(call) &trace_about_##call,

#define TRACE_ABOUT(call, topic_name, object_name, decoder, reason)                                \
	struct trace_tally trace_tally_##call;                                                     \
	const struct trace_about trace_about_##call = {                                            \
		.name = #call,                                                                     \
		.request = (call),                                                                 \
		.tally = &trace_tally_##call,                                                      \
		.topic = TRACE_TOPIC_##topic_name,                                                 \
		.object = (object_name),                                                           \
		.why = (reason),                                                                   \
		.decode = (decoder),                                                               \
	}

#define TRACE_DEFINE_CALLS(list_name, CALLS)                                                       \
	static const struct trace_about *const list_name##_abouts[] = { CALLS(TRACE_ADDRESS) };    \
	const struct trace_calls list_name = { list_name##_abouts,                                 \
					       sizeof(list_name##_abouts) / sizeof(void *) }

/*
 * Find the call of this name, of `length` characters, in an array of lists that ends with NULL; or
 * NULL.
 */
const struct trace_about *trace_find_call(const struct trace_calls *const *rooms, const char *name,
					  size_t length);

/* ---- trapped accesses of the guest ---- */

#define TRACE_NO_BAR (-1)

/* Where an access went, and which register is there. The handler of the address fills it in. */
struct trace_place {
	enum trace_topic topic; /* config, bar or io */
	const char *object;     /* whose; must live as long as the object */
	const char *area;       /* what kind of registers, a literal; or NULL */
	int bar;                /* or TRACE_NO_BAR */
	/* from the start of the BAR, of configuration space, or of the registers */
	uint64_t offset;
	char reg[64];                  /* the register's name, or empty */
	unsigned int shift;            /* the access begins this many bits into the register ... */
	unsigned int width;            /* ... which has so many ... */
	const struct trace_name *bits; /* ... of these names; or NULL */
};

/* Describe an access of `size` bytes that read or wrote `value`. */
void trace_place_decode(struct trace_fields *fields, const struct trace_place *place, bool write,
			unsigned int size, uint64_t value);

/* ---- spans ---- */

/*
 * An event that lasts and contains other events. It is on the stack of the function that it
 * describes. Without a trace, only `on` is defined.
 */
struct trace_span {
	bool on;
	enum trace_topic topic;
	const char *name;   /* a literal */
	const char *object; /* on what; or NULL */
	uint64_t start;
	struct trace_fields fields; /* filled in by the caller if `on` is set */
	struct trace_span *outer;
	unsigned int depth;
	unsigned int inner_count; /* events directly inside */
	FILE *inner;              /* what happened inside, until the end is written */
	char *inner_text;
	size_t inner_size;
};

#endif
