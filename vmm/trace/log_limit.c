/* SPDX-License-Identifier: MIT */
#include "log_limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define LIMIT_INTERVAL_NS ((uint64_t)LOG_LIMIT_INTERVAL_S * 1000000000)

struct limit_bucket {
	const char *fmt;     /* NULL: this one is free */
	uint32_t object;     /* a hash of its name */
	unsigned int hidden; /* since the last one that was shown */
	uint64_t empty_at;
};

/* Whoever logs has nothing of ours to hand: this is the log's own, one for the process. */
static struct {
	atomic_bool on;
	pthread_mutex_t lock;
	/* The last one is for all messages that find no room of their own. */
	struct limit_bucket buckets[LOG_LIMIT_MESSAGES + 1];
} limit = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* FNV-1a. An object has a few names in a machine's life; a guest cannot invent any. */
static uint32_t limit_hash(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static struct limit_bucket *limit_find(const char *fmt, const char *object)
{
	uint32_t hash = limit_hash(object), start = hash ^ (uint32_t)((uintptr_t)fmt * 2654435761u);

	for (unsigned int i = 0; i < LOG_LIMIT_MESSAGES; i++) {
		struct limit_bucket *bucket = &limit.buckets[(start + i) % LOG_LIMIT_MESSAGES];

		if (!bucket->fmt)
			*bucket = (struct limit_bucket){ .fmt = fmt, .object = hash };
		if (bucket->fmt == fmt && bucket->object == hash)
			return bucket;
	}
	return &limit.buckets[LOG_LIMIT_MESSAGES];
}

static uint64_t limit_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct log_verdict limit_count(struct limit_bucket *bucket, uint64_t now)
{
	const uint64_t farthest = now + (LOG_LIMIT_BURST - 1) * LIMIT_INTERVAL_NS;
	struct log_verdict verdict = { .shown = bucket->empty_at <= farthest };

	if (!verdict.shown) {
		bucket->hidden++;
		return verdict;
	}
	bucket->empty_at = (bucket->empty_at > now ? bucket->empty_at : now) + LIMIT_INTERVAL_NS;
	verdict.last = bucket->empty_at > farthest;
	verdict.hidden = bucket->hidden;
	bucket->hidden = 0;
	return verdict;
}

void log_limit(bool on)
{
	pthread_mutex_lock(&limit.lock);
	if (!on)
		memset(limit.buckets, 0, sizeof(limit.buckets));
	atomic_store(&limit.on, on);
	pthread_mutex_unlock(&limit.lock);
}

struct log_verdict log_limit_ask(const char *fmt, const char *object)
{
	struct log_verdict verdict = { .shown = true };

	if (!atomic_load(&limit.on))
		return verdict;
	pthread_mutex_lock(&limit.lock);
	verdict = limit_count(limit_find(fmt, object), limit_now());
	pthread_mutex_unlock(&limit.lock);
	return verdict;
}
