/* SPDX-License-Identifier: MIT */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>

#include "vmm/core/arch.h"
#include "vmm/trace/log.h"
#include "vmm/core/kvm_calls.h"
#include "x86.h"
#include "vmm/core/vm_state.h"

#define X86_TSS (X86_IDENTITY_MAP + 0x1000) /* three pages behind the identity map's */

#define X86_PIC_PINS 8

#define X86_MSI_LONG_ID       0xfe0u
#define X86_MSI_LONG_ID_SHIFT 3 /* from bit 5 of the address to bit 8 of its high half */

#define X86_IOAPIC_PINS 24

const struct arch_cap arch_caps[] = {
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
	{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR" },
	{ 0, 0 },
};

unsigned long arch_vm_type(int kvm_fd)
{
	(void)kvm_fd;
	return 0;
}

/* Without this, an interrupt for CPU 300 would reach CPU 44, and one for CPU 255 all CPUs. */
static int x86_enable_long_ids(struct vm *vm)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X2APIC_API,
		.args = { KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK },
	};
	int ret = 0;

	if (vm->cpus > X86_XAPIC_IDS)
		ret = trace_ioctl(vm->fd, KVM_ENABLE_CAP, &cap);
	return ret < 0 ? log_errno("--cpus", ret, "KVM_CAP_X2APIC_API, for more than %u vCPUs",
				   X86_XAPIC_IDS)
		       : 0;
}

int arch_vm_init(struct vm *vm)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity_map = X86_IDENTITY_MAP;
	int ret;

	ret = trace_ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map);
	if (ret < 0)
		return log_errno("KVM", ret, "KVM_SET_IDENTITY_MAP_ADDR");
	ret = trace_ioctl(vm->fd, KVM_SET_TSS_ADDR, X86_TSS);
	if (ret < 0)
		return log_errno("KVM", ret, "KVM_SET_TSS_ADDR");
	ret = trace_ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0);
	if (ret < 0)
		return log_errno("KVM", ret, "KVM_CREATE_IRQCHIP");
	ret = trace_ioctl(vm->fd, KVM_CREATE_PIT2, &pit);
	if (ret < 0)
		return log_errno("KVM", ret, "KVM_CREATE_PIT2");
	return x86_enable_long_ids(vm);
}

int arch_vm_ready(struct vm *vm)
{
	(void)vm;
	return 0;
}

static uint32_t x86_route(struct kvm_irq_routing_entry *entry, uint32_t gsi, uint32_t chip,
			  uint32_t pin)
{
	*entry = (struct kvm_irq_routing_entry){
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
	return 1;
}

/*
 * ISA interrupts reach both PICs and the IOAPIC, at the pin of their number. KVM itself starts with
 * this, and the MADT, which has no overrides, says the same.
 */
uint32_t arch_irq_routes(struct kvm_irq_routing_entry *entries)
{
	uint32_t n = 0;

	for (uint32_t irq = 0; irq < 2 * X86_PIC_PINS; irq++)
		n += x86_route(&entries[n], irq,
			       irq < X86_PIC_PINS ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE,
			       irq % X86_PIC_PINS);
	for (uint32_t gsi = 0; gsi < X86_IOAPIC_PINS; gsi++)
		n += x86_route(&entries[n], gsi, KVM_IRQCHIP_IOAPIC, gsi);
	return n;
}

uint32_t arch_irq_pin(uint32_t gsi)
{
	return gsi;
}

/*
 * On x86 an MSI is known by its address and data alone. Bits 8 to 14 of the destination's APIC id
 * are in bits 5 to 11 of the address (KVM_FEATURE_MSI_EXT_DEST_ID). KVM expects them in the high
 * half of the address, which a guest cannot use, and looks there only with KVM_CAP_X2APIC_API.
 */
void arch_irq_msi_route(struct kvm_irq_routing_entry *route, uint32_t devid)
{
	uint32_t *low = &route->u.msi.address_lo;

	(void)devid;
	route->u.msi.address_hi = (*low & X86_MSI_LONG_ID) << X86_MSI_LONG_ID_SHIFT;
	*low &= ~X86_MSI_LONG_ID;
}

unsigned int arch_gpa_bits(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx))
		return 36;
	return eax & 0xff;
}
