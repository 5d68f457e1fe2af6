/* SPDX-License-Identifier: MIT */
#include "fake_vm.h"

#include <check.h>

#include "fake_kvm.h"
#include "stderr_text.h"
#include "vmm/ram_bank.h"

#define MEMSLOTS 32

/* Where there is no /dev/kvm, vm_init() ends at it. What it could not ask is filled in. */
void fake_vm_begin(struct vm *vm, struct pci_host *host, uint64_t ram)
{
	const struct ram_backing shared = { .shared = true, .node = -1 };
	struct stderr_text caught;

	fake_kvm_begin();
	stderr_begin(&caught);
	vm_init(vm, 1, NULL);
	stderr_end(&caught);
	vm->memslot_max = MEMSLOTS;
	if (ram)
		ck_assert_int_eq(ram_bank_add(&vm->memory, &shared, 0, ram), 0);
	ck_assert_int_eq(vm_power_up(vm), 0);
	ck_assert_int_eq(pci_host_init(host, vm), 0);
}

void fake_vm_end(struct vm *vm, struct pci_host *host)
{
	pci_host_destroy(host);
	vm_destroy(vm);
	fake_kvm_end();
}
