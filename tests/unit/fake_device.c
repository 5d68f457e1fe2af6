/* SPDX-License-Identifier: MIT */
/* What the fake device is made of. How it answers is in fake_backend.c. */
#include <check.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_backend.h"

static void fake_put(struct fake_device *fake, unsigned int offset, uint32_t value,
		     unsigned int size)
{
	memcpy(&fake->config[offset], &value, size);
}

uint16_t fake_config_word(const struct fake_device *fake, unsigned int offset)
{
	uint16_t value;

	memcpy(&value, &fake->config[offset], sizeof(value));
	return value;
}

unsigned int fake_add_cap(struct fake_device *fake, uint8_t id, unsigned int size)
{
	unsigned int offset = PCI_STD_HEADER_SIZEOF;

	if (fake->last_cap)
		offset = fake->last_cap_end;
	ck_assert_uint_le(offset + size, PCI_CFG_SPACE_SIZE);
	fake->config[fake->last_cap ? fake->last_cap + 1 : PCI_CAPABILITY_LIST] = (uint8_t)offset;
	fake->config[offset] = id;
	fake->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	fake->last_cap = offset;
	fake->last_cap_end = (offset + size + 3) & ~3u;
	return offset;
}

void fake_add_ext_cap(struct fake_device *fake, unsigned int offset, uint16_t id)
{
	uint32_t before;

	if (fake->last_ext_cap) {
		memcpy(&before, &fake->config[fake->last_ext_cap], 4);
		fake_put(fake, fake->last_ext_cap, (before & 0xfffff) | offset << 20, 4);
	}
	fake_put(fake, offset, id | 1u << 16, 4);
	fake->last_ext_cap = offset;
}

void fake_add_bar(struct fake_device *fake, unsigned int bar, uint64_t size, uint32_t flags,
		  bool mappable)
{
	fake->bars[bar] = (struct fake_bar){ .size = size, .flags = flags, .mappable = mappable };
	fake->bars[bar].fd = memfd_create("bar", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(fake->bars[bar].fd, (off_t)size), 0);
	if (bar < 6)
		fake_put(fake, PCI_BASE_ADDRESS_0 + 4 * bar, 0xfe000000 | flags, 4);
}

void fake_add_msix(struct fake_device *fake, unsigned int vectors, uint32_t table, uint32_t pba)
{
	unsigned int cap = fake_add_cap(fake, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);

	fake_put(fake, cap + PCI_MSIX_FLAGS, vectors - 1, 2);
	fake_put(fake, cap + PCI_MSIX_TABLE, table, 4);
	fake_put(fake, cap + PCI_MSIX_PBA, pba, 4);
	fake->msix_cap = cap;
	fake->vectors = fake->grant = vectors;
}

void fake_add_msi(struct fake_device *fake, unsigned int shift, uint16_t flags)
{
	unsigned int cap = fake_add_cap(fake, PCI_CAP_ID_MSI, 24);

	fake_put(fake, cap + PCI_MSI_FLAGS, flags | shift << 1, 2);
	fake->msi_cap = cap;
	fake->msis = fake->msi_grant = 1u << shift;
}

void fake_add_intx(struct fake_device *fake)
{
	fake->config[PCI_INTERRUPT_PIN] = 1;
	fake->intx = true;
	fake->intx_flags =
		VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
}

void fake_init(struct fake_device *fake)
{
	unsigned int cap;

	*fake = (struct fake_device){
		.config_size = FAKE_CONFIG, .vectors = 1, .msis = 1, .intx_fd = -1, .unmask_fd = -1
	};
	fake->error_fd = fake->request_fd = -1;
	for (unsigned int i = 0; i < FAKE_BARS; i++)
		fake->bars[i].fd = -1;
	fake->info_flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	fake_put(fake, PCI_VENDOR_ID, 0x1b36, 2);
	fake_put(fake, PCI_DEVICE_ID, 0x0010, 2);
	fake_put(fake, PCI_CLASS_REVISION, 0x01080202, 4);
	fake->config[PCI_HEADER_TYPE] = 0x80; /* multifunction */
	fake->pm_cap = fake_add_cap(fake, PCI_CAP_ID_PM, PCI_PM_SIZEOF);
	cap = fake_add_cap(fake, PCI_CAP_ID_EXP, PCI_CAP_EXP_ENDPOINT_SIZEOF_V2);
	fake->exp_cap = cap;
	fake_put(fake, cap + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 2);
	fake_put(fake, cap + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR, 4);
	fake_put(fake, cap + PCI_EXP_LNKCAP, 0x00400443, 4);
	fake_put(fake, cap + PCI_EXP_LNKSTA, 0x0043, 2);
	fake_put(fake, cap + PCI_EXP_LNKCAP2, 0x1e, 4);
}

void fake_destroy(struct fake_device *fake)
{
	for (unsigned int i = 0; i < FAKE_BARS; i++)
		if (fake->bars[i].fd >= 0)
			close(fake->bars[i].fd);
}

void fake_fail(struct fake_device *fake, const char *operation, unsigned int nth, int err)
{
	fake->fail_name = operation;
	fake->fail_nth = nth;
	fake->fail_err = err;
}

void fake_raise(struct fake_device *fake, unsigned int vector)
{
	if (fake->intx_on)
		eventfd_write(fake->intx_fd, 1);
	else if (vector < fake->msix_on && fake->msix_fds[vector] >= 0)
		eventfd_write(fake->msix_fds[vector], 1);
	else if (vector < fake->msi_on && fake->msi_fds[vector] >= 0)
		eventfd_write(fake->msi_fds[vector], 1);
}
