/* SPDX-License-Identifier: MIT */
#include "card_host.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "devices/pci_windows.h"
#include "fake_kvm.h"

struct card_host host;

static struct card *card_named(const char *name)
{
	for (unsigned int i = 0; i < host.count; i++)
		if (strcmp(host.cards[i].name, name) == 0)
			return &host.cards[i];
	ck_abort_msg("no card %s", name);
}

/* ---- the backend ---- */

static int many_open(struct vfio_space *space, struct vfio_device *device,
		     const struct vfio_device_request *request)
{
	space->priv = &card_named(request->name)->fake;
	return fake_backend.dev_open(space, device, request);
}

static int many_fails(struct failure *failure)
{
	if (!failure->count)
		return 0;
	failure->count--;
	return failure->err;
}

static int many_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	char bus = card_named(device->name)->bus;

	reach->count = 0;
	for (unsigned int i = 0; i < host.count; i++)
		if (host.cards[i].bus == bus)
			reach->list[reach->count++] = (struct vfio_reached){
				.bus = (uint8_t)(bus - '0'),
				.devfn = (uint8_t)i,
				.ours = host.cards[i].kind != 'x',
				.group = (int)i,
			};
	return 0;
}

/* Its interrupts are off, and it cannot transfer. Only a pin that nobody has used may be on. */
static void card_check_still(const struct card *card)
{
	const struct fake_device *fake = &card->fake;

	ck_assert_uint_eq(fake->msix_on, 0);
	ck_assert_uint_eq(fake_config_word(fake, PCI_COMMAND), 0);
	ck_assert_uint_eq(fake_config_word(fake, fake->pm_cap + PCI_PM_CTRL) & 3, 0);
	ck_assert(!fake->intx_on || card->pci->reset.state != VFIO_RESET_DUE);
}

static void card_is_reset(struct card *card)
{
	if (card->pci)
		card_check_still(card);
	card->resets++;
	if (card == host.dies)
		card->fake.death = FAKE_GONE;
}

static int many_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	int ret = many_fails(&host.bus_fails);

	ck_assert_ptr_nonnull(device->priv);
	host.tries++;
	for (unsigned int i = 0; i < reach->count; i++) {
		ck_assert(reach->list[i].ours);
		if (ret == 0 || host.dies)
			card_is_reset(&host.cards[reach->list[i].devfn]);
	}
	host.buses += ret == 0;
	return ret;
}

static int many_reset(struct vfio_device *device)
{
	int ret = many_fails(&host.alone_fails);

	if (ret == 0 || host.dies)
		card_is_reset(card_named(device->name));
	host.alone += ret == 0;
	return ret;
}

/* ---- the host ---- */

void card_init(struct card *card, unsigned int number, const char *text)
{
	struct fake_device *fake = &card->fake;

	*card = (struct card){ .bus = text[0], .kind = text[1] };
	snprintf(card->name, sizeof(card->name), "0000:0%c:00.%u", card->bus, number & 7);
	fake_init(fake);
	fake_add_intx(fake);
	fake_add_bar(fake, 0, 0x4000, 0, false);
	fake_add_msix(fake, 2, RIG_MSIX_TABLE, RIG_MSIX_PBA);
	if (card->kind != 'f')
		fake->config[fake->exp_cap + PCI_EXP_DEVCAP + 3] = 0;
	if (card->kind == 'b')
		fake->info_flags &= ~(uint32_t)VFIO_DEVICE_FLAGS_RESET;
}

static void host_listen(void)
{
	stderr_begin(&host.caught);
	host.catching = true;
}

/* What was said since then is in host.caught. */
void host_says(void)
{
	if (host.catching)
		stderr_end(&host.caught);
	host.catching = false;
}

void host_begin(const char *cards)
{
	memset(&host, 0, sizeof(host));
	rig_init(&host.rig);
	host.backend = fake_backend;
	host.backend.dev_open = many_open;
	host.backend.reset_reach = many_reach;
	host.backend.hot_reset = many_hot_reset;
	host.backend.reset = many_reset;
	host.rig.space.backend = &host.backend;
	for (; cards[2 * host.count]; host.count++)
		card_init(&host.cards[host.count], host.count, &cards[2 * host.count]);
	host_listen();
}

void host_open(struct card *card)
{
	const struct vfio_device_request request = {
		.name = card->name, .group = 1, .cdev = -1, .fd = -1
	};

	ck_assert_int_eq(vfio_pci_new(&host.rig.vm, &host.rig.space, &request, &host.rig.options,
				      &card->pci),
			 0);
}

/* All that are ours are opened, and put onto the root bus. */
void host_open_all(void)
{
	for (unsigned int i = 0; i < host.count; i++) {
		struct card *card = &host.cards[i];

		if (strchr("xn", card->kind))
			continue;
		host_open(card);
		ck_assert_int_eq(pci_host_add(&host.rig.host, &card->pci->function), 0);
	}
}

void host_power_on(void)
{
	for (unsigned int i = 0; i < host.count; i++)
		if (host.cards[i].pci)
			ck_assert_int_eq(vfio_pci_power_on(host.cards[i].pci), 0);
}

void host_start(const char *cards)
{
	host_begin(cards);
	host_open_all();
	ck_assert_int_eq(pci_windows_assign_bars(&host.rig.host), 0);
	host_power_on();
}

void host_forget(void)
{
	host.tries = host.buses = host.alone = 0;
	for (unsigned int i = 0; i < host.count; i++)
		host.cards[i].resets = 0;
	host_says();
	host_listen();
}

void host_end(void)
{
	host_says();
	pci_host_destroy(&host.rig.host);
	host.rig.space.backend->space_close(&host.rig.space);
	ck_assert_ptr_null(host.rig.space.resets);
	vm_destroy(&host.rig.vm);
	fake_destroy(&host.rig.fake);
	for (unsigned int i = 0; i < host.count; i++)
		fake_destroy(&host.cards[i].fake);
	fake_kvm_end();
}

unsigned int host_said(const char *text)
{
	unsigned int count = 0;

	for (const char *at = host.caught.text; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* ---- what the guest does ---- */

static void card_write(const struct card *card, unsigned int offset, uint64_t value)
{
	uint64_t id = pci_requester_id(&card->pci->function);

	bus_write(&host.rig.vm.mmio, arch_layout.ecam.base + (id << 12) + offset, &value, 2);
}

/* A driver at work: DMA, and MSI-X. */
void card_use(const struct card *card)
{
	unsigned int msix = pci_find_capability(&card->pci->function, PCI_CAP_ID_MSIX);

	card_write(card, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	card_write(card, msix + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
	ck_assert_uint_eq(card->fake.msix_on, 1);
}

void cards_use_all(void)
{
	for (unsigned int i = 0; i < host.count; i++)
		if (host.cards[i].pci)
			card_use(&host.cards[i]);
}
