/* SPDX-License-Identifier: MIT */
#include "vfio_bar_access.h"

static uint64_t bar_device_read(struct vfio_bars *bars, unsigned int bar, uint64_t offset,
				unsigned int size)
{
	uint64_t value = 0;
	int ret;

	if (vfio_quirks_read(bars->quirks, bar, offset, size, &value))
		return value;
	ret = bars->device->backend->region_read(bars->device, &bars->list[bar].region, offset,
						 &value, size);
	return ret < 0 ? UINT64_MAX : value;
}

static uint64_t bar_read(void *owner, uint64_t offset, unsigned int size)
{
	const struct vfio_window *window = owner;
	struct vfio_bars *bars = window->bars;
	enum vfio_msix_part part;

	offset += window->piece.offset;
	part = vfio_msix_part(bars->msix, window->bar, offset, size);
	return part == VFIO_MSIX_NONE ? bar_device_read(bars, window->bar, offset, size)
				      : vfio_msix_read(bars->msix, part, offset, size);
}

static void bar_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	const struct vfio_window *window = owner;
	struct vfio_bars *bars = window->bars;
	enum vfio_msix_part part;

	offset += window->piece.offset;
	part = vfio_msix_part(bars->msix, window->bar, offset, size);
	if (part != VFIO_MSIX_NONE)
		vfio_msix_write(bars->msix, part, offset, size, value);
	else if (!vfio_quirks_write(bars->quirks, window->bar, offset, size, value))
		bars->device->backend->region_write(bars->device, &bars->list[window->bar].region,
						    offset, &value, size);
}

static void bar_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct vfio_window *window = owner;
	struct vfio_bars *bars = window->bars;

	offset += window->piece.offset;
	place->topic = TRACE_TOPIC_bar;
	place->object = bars->device->name;
	place->bar = (int)window->bar;
	place->offset = offset;
	place->area = "the device's registers";
	vfio_msix_locate(bars->msix, vfio_msix_part(bars->msix, window->bar, offset, 1), offset,
			 place);
}

const struct bus_ops vfio_bar_ops = { bar_read, bar_write, bar_locate };

static uint64_t bar_read_rom(void *owner, uint64_t offset, unsigned int size)
{
	const struct vfio_window *window = owner;

	return vfio_rom_read(&window->bars->rom, offset, size);
}

static void bar_write_rom(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)owner;
	(void)offset;
	(void)size;
	(void)value;
}

static void bar_locate_rom(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct vfio_window *window = owner;

	place->topic = TRACE_TOPIC_bar;
	place->object = window->bars->device->name;
	place->bar = (int)window->bar;
	place->offset = offset;
	place->area = "expansion ROM";
}

const struct bus_ops vfio_bar_rom_ops = { bar_read_rom, bar_write_rom, bar_locate_rom };
