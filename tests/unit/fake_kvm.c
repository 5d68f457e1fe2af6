/* SPDX-License-Identifier: MIT */
#include "fake_kvm.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_log.h"
#include "vfio/backend/iommufd_abi.h"
#include "vmm/core/kvm_calls.h"
#include "vmm/x86_64/x86.h"

#define FAKE_GSIS  4096
#define FAKE_PINS  24
#define FAKE_SLOTS 64

static struct {
	bool armed;
	int (*other)(int fd, unsigned long request, unsigned long arg);
	int (*run)(void);
	const char *fail_name;
	unsigned int fail_nth;
	int fail_err;
	uint32_t gsis;
	struct kvm_userspace_memory_region slots[FAKE_SLOTS];
	struct kvm_irq_routing_entry routes[FAKE_GSIS]; /* gsi 0: none */
	unsigned int plugged[FAKE_GSIS]; /* irqfds: several of a level line share its pin */
	bool pins[FAKE_PINS];
} fake;

void fake_kvm_begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.gsis = FAKE_GSIS;
	fake.armed = true;
	calls_begin();
}

void fake_kvm_end(void)
{
	fake.armed = false;
}

void fake_kvm_fail(const char *name, unsigned int nth, int err)
{
	fake.fail_name = name;
	fake.fail_nth = nth;
	fake.fail_err = err;
}

void fake_kvm_set_other(int (*answer)(int fd, unsigned long request, unsigned long arg))
{
	fake.other = answer;
}

void fake_kvm_set_run(int (*run)(void))
{
	fake.run = run;
}

void fake_kvm_set_gsis(uint32_t count)
{
	fake.gsis = count;
}

static const struct kvm_userspace_memory_region *fake_find_slot(uint64_t gpa)
{
	for (unsigned int i = 0; i < FAKE_SLOTS; i++)
		if (gpa >= fake.slots[i].guest_phys_addr &&
		    gpa - fake.slots[i].guest_phys_addr < fake.slots[i].memory_size)
			return &fake.slots[i];
	return NULL;
}

bool fake_kvm_mapped(uint64_t gpa)
{
	return fake_find_slot(gpa) != NULL;
}

bool fake_kvm_readonly(uint64_t gpa)
{
	return fake_find_slot(gpa) && (fake_find_slot(gpa)->flags & KVM_MEM_READONLY);
}

bool fake_kvm_plugged(uint32_t gsi)
{
	return fake.plugged[gsi];
}

bool fake_kvm_pin(uint32_t gsi)
{
	return fake.pins[gsi];
}

bool fake_kvm_route(uint32_t gsi, uint64_t *address, uint32_t *data)
{
	const struct kvm_irq_routing_entry *route = &fake.routes[gsi];

	*address = route->u.msi.address_lo | (uint64_t)route->u.msi.address_hi << 32;
	*data = route->u.msi.data;
	return route->gsi == gsi && gsi;
}

/* ---- one function for each call that has effects ---- */

static int fake_set_slot(const struct kvm_userspace_memory_region *region)
{
	struct kvm_userspace_memory_region *slot = &fake.slots[region->slot % FAKE_SLOTS];
	uint64_t first = region->guest_phys_addr, last = first + region->memory_size - 1;

	if (!region->memory_size) {
		calls_add("KVM_SET_USER_MEMORY_REGION %#" PRIx64 " off", first);
		if (!slot->memory_size)
			return -EINVAL;
		slot->memory_size = 0;
		return 0;
	}
	calls_add("KVM_SET_USER_MEMORY_REGION %#" PRIx64 "+%#" PRIx64 "%s", first,
		  (uint64_t)region->memory_size,
		  region->flags & KVM_MEM_READONLY ? " read-only" : "");
	if (first % 4096 || region->memory_size % 4096 || region->userspace_addr % 4096)
		return -EINVAL;
	for (unsigned int i = 0; i < FAKE_SLOTS; i++)
		if (fake.slots[i].memory_size &&
		    first <= fake.slots[i].guest_phys_addr + fake.slots[i].memory_size - 1 &&
		    last >= fake.slots[i].guest_phys_addr)
			return -EEXIST;
	*slot = *region;
	return 0;
}

static int fake_set_routing(const struct kvm_irq_routing *table)
{
	char text[200] = "KVM_SET_GSI_ROUTING";
	size_t length = strlen(text);

	memset(fake.routes, 0, sizeof(fake.routes));
	for (uint32_t i = 0; i < table->nr; i++) {
		const struct kvm_irq_routing_entry *entry = &table->entries[i];

		if (entry->gsi >= fake.gsis)
			return -EINVAL;
		if (entry->type != KVM_IRQ_ROUTING_MSI)
			continue;
		fake.routes[entry->gsi] = *entry;
		if (length < sizeof(text))
			length += (size_t)snprintf(text + length, sizeof(text) - length,
						   " %u=%#x/%#x", entry->gsi,
						   entry->u.msi.address_lo, entry->u.msi.data);
	}
	calls_add("%s", text);
	return 0;
}

static int fake_irqfd(const struct kvm_irqfd *irqfd)
{
	bool on = !(irqfd->flags & KVM_IRQFD_FLAG_DEASSIGN);
	bool resample = irqfd->flags & KVM_IRQFD_FLAG_RESAMPLE;

	calls_add("KVM_IRQFD %u %s%s", irqfd->gsi, on ? "on" : "off", resample ? " resample" : "");
	if (irqfd->gsi >= fake.gsis || fcntl((int)irqfd->fd, F_GETFD) < 0)
		return -EINVAL;
	if (resample && fcntl((int)irqfd->resamplefd, F_GETFD) < 0)
		return -EINVAL;
	if (on && fake.plugged[irqfd->gsi] && !resample)
		return -EBUSY;
	if (on && irqfd->gsi >= FAKE_PINS)
		ck_assert_msg(fake.routes[irqfd->gsi].gsi, "irqfd of GSI %u without a route",
			      irqfd->gsi);
	fake.plugged[irqfd->gsi] += on ? 1 : -1;
	return 0;
}

static int fake_irq_line(const struct kvm_irq_level *pin)
{
	calls_add("KVM_IRQ_LINE %u %u", pin->irq, pin->level);
	fake.pins[pin->irq % FAKE_PINS] = pin->level;
	return 0;
}

/* How many CPUs took it. */
static int fake_signal_msi(const struct kvm_msi *msi)
{
	calls_add("KVM_SIGNAL_MSI %#x/%#x", msi->address_lo, msi->data);
	return 1;
}

static int fake_ioeventfd(const struct kvm_ioeventfd *doorbell)
{
	bool on = !(doorbell->flags & KVM_IOEVENTFD_FLAG_DEASSIGN);

	calls_add("KVM_IOEVENTFD %#" PRIx64 " %s", (uint64_t)doorbell->addr, on ? "on" : "off");
	return fcntl(doorbell->fd, F_GETFD) < 0 ? -EINVAL : 0;
}

static int fake_create_device(struct kvm_create_device *device)
{
	calls_add("KVM_CREATE_DEVICE");
	device->fd = (uint32_t)eventfd(0, EFD_CLOEXEC);
	return 0;
}

static int fake_device_attr(const struct kvm_device_attr *attr)
{
	calls_add("KVM_SET_DEVICE_ATTR %s", attr->attr == KVM_DEV_VFIO_GROUP_ADD ? "add" : "del");
	return 0;
}

static int fake_create_vm(void)
{
	calls_add("KVM_CREATE_VM");
	memset(fake.slots, 0, sizeof(fake.slots));
	memset(fake.routes, 0, sizeof(fake.routes));
	memset(fake.plugged, 0, sizeof(fake.plugged));
	return eventfd(0, EFD_CLOEXEC);
}

static const char *fake_name(unsigned long request)
{
	static const struct {
		unsigned long request;
		const char *name;
	} names[] = {
#define FAKE_NAME(call) { call, #call },
		KVM_CALLS(FAKE_NAME) X86_CALLS(FAKE_NAME)
#undef FAKE_NAME
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			return names[i].name;
	return "an ioctl that no room lists";
}

static int fake_ioctl(unsigned long request, const char *name, unsigned long arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return arg == KVM_CAP_IRQ_ROUTING ? (int)fake.gsis : FAKE_SLOTS;
	case KVM_GET_VCPU_MMAP_SIZE:
		return 4096;
	case KVM_CREATE_VM:
		return fake_create_vm();
	case KVM_SET_USER_MEMORY_REGION:
		return fake_set_slot((const void *)arg);
	case KVM_SET_GSI_ROUTING:
		return fake_set_routing((const void *)arg);
	case KVM_IRQFD:
		return fake_irqfd((const void *)arg);
	case KVM_IRQ_LINE:
		return fake_irq_line((const void *)arg);
	case KVM_SIGNAL_MSI:
		return fake_signal_msi((const void *)arg);
	case KVM_IOEVENTFD:
		return fake_ioeventfd((const void *)arg);
	case KVM_CREATE_DEVICE:
		return fake_create_device((void *)arg);
	case KVM_SET_DEVICE_ATTR:
		return fake_device_attr((const void *)arg);
	case KVM_RUN:
		if (fake.run)
			return fake.run();
		/* fallthrough */
	default:
		calls_add("%s", name);
		return 0;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	unsigned long arg;
	const char *name;
	va_list args;
	int ret;

	va_start(args, request);
	arg = va_arg(args, unsigned long);
	va_end(args);
	name = fake_name(request);
	if (!fake.armed || (_IOC_TYPE(request) != KVMIO && !fake.other))
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (_IOC_TYPE(request) != KVMIO) {
		ret = fake.other(fd, request, arg);
	} else if (fake.fail_name && strcmp(name, fake.fail_name) == 0 && --fake.fail_nth == 0) {
		calls_add("%s fails", name);
		fake.fail_name = NULL;
		ret = fake.fail_err;
	} else {
		ret = fake_ioctl(request, name, arg);
	}
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}
