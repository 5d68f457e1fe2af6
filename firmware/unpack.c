/* SPDX-License-Identifier: MIT */
#include "unpack.h"

#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define UNPACK_CHUNK (64u << 10)
/*
 * A packed file says how far back it refers, and the library keeps that much memory for it.
 * Linux' build asks for 128 MiB at most, but a hostile file can ask for 4 GiB.
 */
#define UNPACK_MEMORY_MAX     (256ull << 20)
#define UNPACK_WINDOW_LOG_MAX 27        /* the same limit for zstd: 128 MiB */
#define GZIP_WINDOW           (15 + 16) /* the largest window, and room for gzip's header */

#define LZ4_MAGIC     0x184c2102u
#define LZ4_BLOCK     (8 << 20) /* bytes of an unpacked block; the last one is shorter */
#define LZ4_BLOCK_MAX ((uint32_t)LZ4_COMPRESSBOUND(LZ4_BLOCK))

/* The bytes still to unpack, and the room that is left for them. A step moves all four fields. */
struct unpack_stream {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

enum unpack_status {
	UNPACK_MORE,
	UNPACK_END,
	UNPACK_SPOILED,
	UNPACK_TOO_LARGE, /* the file asks for more memory than UNPACK_MEMORY_MAX */
};

/* A step that has no input left asks whether the input may end here. */
struct unpack_format {
	const char *name; /* the first bytes of an EFI program */
	const char *magic;
	size_t magic_size;
	void *(*begin)(void);
	enum unpack_status (*step)(void *state, struct unpack_stream *stream);
	void (*finish)(void *state);
};

/* ---- gzip ---- */

static void *gzip_begin(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit2(z, GZIP_WINDOW) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static enum unpack_status gzip_step(void *state, struct unpack_stream *stream)
{
	z_stream *z = state;
	int ret;

	z->next_in = (uint8_t *)stream->in;
	z->avail_in = (uInt)stream->in_left;
	z->next_out = stream->out;
	z->avail_out = (uInt)stream->out_left;
	ret = inflate(z, Z_NO_FLUSH);
	*stream = (struct unpack_stream){ z->next_in, z->avail_in, z->next_out, z->avail_out };
	if (ret == Z_STREAM_END)
		return UNPACK_END;
	return ret == Z_OK || ret == Z_BUF_ERROR ? UNPACK_MORE : UNPACK_SPOILED;
}

static void gzip_finish(void *state)
{
	inflateEnd(state);
	free(state);
}

/* ---- xz, and lzma, its predecessor ---- */

static void *xz_begin_with(bool alone)
{
	const lzma_stream empty = LZMA_STREAM_INIT;
	lzma_stream *xz = malloc(sizeof(*xz));

	if (!xz)
		return NULL;
	*xz = empty;
	if ((alone ? lzma_alone_decoder(xz, UNPACK_MEMORY_MAX)
		   : lzma_stream_decoder(xz, UNPACK_MEMORY_MAX, 0)) == LZMA_OK)
		return xz;
	free(xz);
	return NULL;
}

static void *xz_begin(void)
{
	return xz_begin_with(false);
}

static void *lzma_begin(void)
{
	return xz_begin_with(true);
}

static enum unpack_status xz_step(void *state, struct unpack_stream *stream)
{
	lzma_stream *xz = state;
	lzma_ret ret;

	xz->next_in = stream->in;
	xz->avail_in = stream->in_left;
	xz->next_out = stream->out;
	xz->avail_out = stream->out_left;
	ret = lzma_code(xz, LZMA_RUN);
	*stream = (struct unpack_stream){ xz->next_in, xz->avail_in, xz->next_out, xz->avail_out };
	if (ret == LZMA_STREAM_END)
		return UNPACK_END;
	if (ret == LZMA_MEMLIMIT_ERROR)
		return UNPACK_TOO_LARGE;
	return ret == LZMA_OK || ret == LZMA_BUF_ERROR ? UNPACK_MORE : UNPACK_SPOILED;
}

static void xz_finish(void *state)
{
	lzma_end(state);
	free(state);
}

/* ---- zstd ---- */

static void *zstd_begin(void)
{
	ZSTD_DStream *zstd = ZSTD_createDStream();

	if (zstd)
		ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, UNPACK_WINDOW_LOG_MAX);
	return zstd;
}

static enum unpack_status zstd_step(void *state, struct unpack_stream *stream)
{
	ZSTD_inBuffer in = { stream->in, stream->in_left, 0 };
	ZSTD_outBuffer out = { stream->out, stream->out_left, 0 };
	size_t ret = ZSTD_decompressStream(state, &out, &in);

	stream->in += in.pos;
	stream->in_left -= in.pos;
	stream->out += out.pos;
	stream->out_left -= out.pos;
	if (ZSTD_getErrorCode(ret) == ZSTD_error_frameParameter_windowTooLarge)
		return UNPACK_TOO_LARGE;
	if (ZSTD_isError(ret))
		return UNPACK_SPOILED;
	return ret == 0 ? UNPACK_END : UNPACK_MORE;
}

static void zstd_finish(void *state)
{
	ZSTD_freeDStream(state);
}

/* ---- lz4: a magic number, then blocks, each behind its size, up to the end of the file ---- */

struct lz4 {
	uint32_t word; /* the part of a size or of the magic number that has been read */
	unsigned int word_bytes;
	bool begun; /* the magic number has been seen */
	bool full;  /* the output of a block did not fit into the room */
	uint32_t filled;
	uint8_t packed[LZ4_BLOCK_MAX];
	char unpacked[LZ4_BLOCK];
};

static void *lz4_begin(void)
{
	return calloc(1, sizeof(struct lz4));
}

static size_t lz4_take(struct unpack_stream *stream, void *to, size_t wanted)
{
	size_t size = wanted < stream->in_left ? wanted : stream->in_left;

	memcpy(to, stream->in, size);
	stream->in += size;
	stream->in_left -= size;
	return size;
}

static enum unpack_status lz4_take_word(struct lz4 *lz4, struct unpack_stream *stream)
{
	lz4->word_bytes += (unsigned int)lz4_take(stream, (uint8_t *)&lz4->word + lz4->word_bytes,
						  4 - lz4->word_bytes);
	if (lz4->word_bytes < 4)
		return UNPACK_MORE;
	if (lz4->begun)
		return lz4->word && lz4->word <= LZ4_BLOCK_MAX ? UNPACK_MORE : UNPACK_SPOILED;
	lz4->begun = true;
	lz4->word_bytes = 0;
	return lz4->word == LZ4_MAGIC ? UNPACK_MORE : UNPACK_SPOILED;
}

static enum unpack_status lz4_unpack_block(struct lz4 *lz4, struct unpack_stream *stream)
{
	int size = LZ4_decompress_safe((const char *)lz4->packed, lz4->unpacked, (int)lz4->word,
				       LZ4_BLOCK);
	size_t fits = (size_t)size < stream->out_left ? (size_t)size : stream->out_left;

	if (size < 0)
		return UNPACK_SPOILED;
	memcpy(stream->out, lz4->unpacked, fits);
	stream->out += fits;
	stream->out_left -= fits;
	lz4->full = fits < (size_t)size;
	lz4->word_bytes = lz4->filled = 0;
	return UNPACK_MORE;
}

static enum unpack_status lz4_step(void *state, struct unpack_stream *stream)
{
	struct lz4 *lz4 = state;

	if (!stream->in_left)
		return lz4->begun && !lz4->word_bytes && !lz4->full ? UNPACK_END : UNPACK_MORE;
	if (lz4->full)
		return UNPACK_MORE;
	if (lz4->word_bytes < 4)
		return lz4_take_word(lz4, stream);
	lz4->filled +=
		(uint32_t)lz4_take(stream, lz4->packed + lz4->filled, lz4->word - lz4->filled);
	return lz4->filled == lz4->word ? lz4_unpack_block(lz4, stream) : UNPACK_MORE;
}

/* ---- all formats ---- */

static const struct unpack_format unpack_formats[] = {
	{ "gzip", "\x1f\x8b", 2, gzip_begin, gzip_step, gzip_finish },
	{ "xz", "\xfd\x37zXZ", 5, xz_begin, xz_step, xz_finish },
	{ "lzma", "\x5d\0\0", 3, lzma_begin, xz_step, xz_finish },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, zstd_begin, zstd_step, zstd_finish },
	{ "lz4", "\x02\x21\x4c\x18", 4, lz4_begin, lz4_step, free },
};

const struct unpack_format *unpack_find_magic(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < array_size(unpack_formats); i++) {
		const struct unpack_format *format = &unpack_formats[i];

		if (size >= format->magic_size &&
		    memcmp(bytes, format->magic, format->magic_size) == 0)
			return format;
	}
	return NULL;
}

const struct unpack_format *unpack_find_name(const char *name)
{
	for (size_t i = 0; i < array_size(unpack_formats); i++)
		if (strncmp(name, unpack_formats[i].name, strlen(unpack_formats[i].name)) == 0)
			return &unpack_formats[i];
	return NULL;
}

/* Read the next piece of the packed file once the last one is used up. 0 or -errno, logged. */
static int unpack_feed(const struct unpack_source *source, struct unpack_stream *stream,
		       uint8_t *chunk, uint64_t *eaten)
{
	uint64_t left = source->size - *eaten;
	int ret;

	if (stream->in_left || !left)
		return 0;
	if (left > UNPACK_CHUNK)
		left = UNPACK_CHUNK;
	ret = kernel_file_read(source->file, source->offset + *eaten, chunk, left);
	stream->in = chunk;
	stream->in_left = left;
	*eaten += left;
	return ret;
}

static int unpack_refuse(const struct unpack_source *source, const char *why)
{
	log_error(source->file->name, "cannot be started: %s", why);
	return -ENOEXEC;
}

/* Goes on to the end, or until a step changes nothing: then there is no room or no input left. */
static int64_t unpack_all(const struct unpack_source *source, void *state,
			  struct unpack_stream stream, bool *end)
{
	enum unpack_status status = UNPACK_MORE;
	uint8_t chunk[UNPACK_CHUNK];
	uint64_t eaten = 0;
	size_t in, out;
	int ret;

	stream.in = chunk; /* so that no call gets NULL, even for an unpacked file */
	do {
		ret = unpack_feed(source, &stream, chunk, &eaten);
		if (ret < 0)
			return ret;
		in = stream.in_left;
		out = stream.out_left;
		status = source->format->step(state, &stream);
	} while (status == UNPACK_MORE && (stream.in_left != in || stream.out_left != out));
	*end = status == UNPACK_END;
	if (status == UNPACK_SPOILED)
		return unpack_refuse(source, "it cannot be unpacked");
	if (status == UNPACK_TOO_LARGE)
		return unpack_refuse(source, "unpacking it takes more than 256 MiB of memory");
	if (status == UNPACK_MORE && !in)
		return unpack_refuse(source, "it is truncated: its packed kernel has no end");
	return (int64_t)stream.out_left;
}

int64_t unpack_file(const struct unpack_source *source, void *to, uint64_t room, bool *end)
{
	const struct unpack_stream stream = { .out = to, .out_left = room };
	void *state = source->format->begin();
	int64_t left;

	*end = false;
	if (!state)
		return log_errno(source->file->name, -ENOMEM, "unpack");
	left = unpack_all(source, state, stream, end);
	source->format->finish(state);
	return left;
}
