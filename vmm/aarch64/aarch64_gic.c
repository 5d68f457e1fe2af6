/* SPDX-License-Identifier: MIT */
#include "aarch64.h"

#include <errno.h>
#include <linux/kvm.h>
#include <unistd.h>

#include "vmm/core/arch.h"
#include "vmm/core/irq.h"
#include "vmm/trace/log.h"

/* Interrupt numbers: 32 private to each CPU, then the shared ones; KVM wants a multiple of 32. */
#define GIC_PRIVATE_IRQS 32u
#define GIC_IRQS         64u

_Static_assert(GIC_PRIVATE_IRQS + IRQ_LINES_MAX <= GIC_IRQS, "an SPI for each line");

int aarch64_set_attr(const struct trace_about *about, int fd, uint32_t group, uint64_t attr,
		     void *value, const char *what)
{
	struct kvm_device_attr request = {
		.group = group,
		.attr = attr,
		.addr = (uintptr_t)value,
	};
	int ret = trace_named_ioctl(about, fd, KVM_SET_DEVICE_ATTR, (unsigned long)&request,
				    (uintptr_t)&request);

	return ret < 0 ? log_errno("KVM", ret, "KVM_SET_DEVICE_ATTR %s", what) : 0;
}

static int gic_create(const struct vm *vm, uint32_t type, const char *what)
{
	struct kvm_create_device device = { .type = type };
	int ret = trace_named_ioctl(&aarch64_about_gic, vm->fd, KVM_CREATE_DEVICE,
				    (unsigned long)&device, (uintptr_t)&device);

	if (ret == -ENODEV) {
		log_error("/dev/kvm", "this host has no %s to give to a guest", what);
		return -ENOTSUP;
	}
	return ret < 0 ? log_errno("KVM", ret, "KVM_CREATE_DEVICE %s", what) : (int)device.fd;
}

static int gic_place(int fd, uint64_t kind, uint64_t gpa, const char *what)
{
	return aarch64_set_attr(&aarch64_about_gic_attr, fd, KVM_DEV_ARM_VGIC_GRP_ADDR, kind, &gpa,
				what);
}

static int gic_finish(int fd, const char *what)
{
	return aarch64_set_attr(&aarch64_about_gic_attr, fd, KVM_DEV_ARM_VGIC_GRP_CTRL,
				KVM_DEV_ARM_VGIC_CTRL_INIT, NULL, what);
}

/* The VM keeps the controller, so its file is closed at once. */
static int gic_init_v3(const struct vm *vm)
{
	int fd = gic_create(vm, KVM_DEV_TYPE_ARM_VGIC_V3, "GICv3"), ret;
	uint32_t irqs = GIC_IRQS;

	if (fd < 0)
		return fd;
	ret = gic_place(fd, KVM_VGIC_V3_ADDR_TYPE_DIST, arch_layout.gic_dist.base, "distributor");
	if (ret == 0)
		ret = gic_place(fd, KVM_VGIC_V3_ADDR_TYPE_REDIST, arch_layout.gic_redist.base,
				"redistributors");
	if (ret == 0)
		ret = aarch64_set_attr(&aarch64_about_gic_attr, fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0,
				       &irqs, "number of interrupts");
	if (ret == 0)
		ret = gic_finish(fd, "GICv3 init");
	close(fd);
	return ret;
}

static int gic_init_its(const struct vm *vm)
{
	int fd = gic_create(vm, KVM_DEV_TYPE_ARM_VGIC_ITS, "ITS"), ret;

	if (fd < 0)
		return fd;
	ret = gic_place(fd, KVM_VGIC_ITS_ADDR_TYPE, arch_layout.gic_its.base, "ITS");
	if (ret == 0)
		ret = gic_finish(fd, "ITS init");
	close(fd);
	return ret;
}

int aarch64_gic_init(struct vm *vm)
{
	int ret = gic_init_v3(vm);

	return ret < 0 ? ret : gic_init_its(vm);
}

/* The GSI of a line is the SPI of the same number. */
uint32_t arch_irq_routes(struct kvm_irq_routing_entry *entries)
{
	for (uint32_t gsi = 0; gsi < IRQ_LINES_MAX; gsi++)
		entries[gsi] = (struct kvm_irq_routing_entry){
			.gsi = gsi,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip.pin = gsi,
		};
	return IRQ_LINES_MAX;
}

uint32_t arch_irq_pin(uint32_t gsi)
{
	return KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (GIC_PRIVATE_IRQS + gsi);
}

/* The ITS looks a message up by its sender. */
void arch_irq_msi_route(struct kvm_irq_routing_entry *route, uint32_t devid)
{
	route->flags = KVM_MSI_VALID_DEVID;
	route->u.msi.devid = devid;
}
