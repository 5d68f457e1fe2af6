/* SPDX-License-Identifier: MIT */
/*
 * A machine for the tests of vfio/: a VM on the fake KVM, a PCI host bridge, and a fake device
 * that is passed through at 00:01.0. Guest accesses go the guest's way, through the buses.
 */
#ifndef MINIVMM_TESTS_VFIO_RIG_H
#define MINIVMM_TESTS_VFIO_RIG_H

#include "devices/pci_host.h"
#include "fake_backend.h"
#include "vfio/vfio_pci.h"
#include "vmm/core/vm.h"

struct rig {
	struct vm vm;
	struct pci_host host;
	struct fake_device fake;
	struct vfio_space space;
	struct vfio_device_options options;
	const struct vfio_device_request *request; /* NULL: rig_request */
	struct vfio_pci *pci;                      /* NULL until rig_open() */
	unsigned int msix;                         /* its capability in the guest's view, or 0 */
};

/* Where the device is plugged in. */
extern const struct vfio_device_request rig_request;

/* Make the VM and a device that may still be changed: only fake_init() was called on it. */
void rig_init(struct rig *rig);

/* The usual device: BAR0 of 16 KiB, 64-bit and mappable, MSI-X of 8 vectors in it, INTx. */
void rig_init_usual(struct rig *rig);

/* Pass the device through, plug it in, place its BARs, wire INTx. Returns 0 or -errno. */
int rig_open(struct rig *rig);

/* Do both for the usual device, whose BAR 0 is then at RIG_BAR0, and empty the call log. */
void rig_open_usual(struct rig *rig);

/* Take everything down in the machine's order. */
void rig_close(struct rig *rig);

/* Accesses as the guest makes them. */
uint64_t rig_config_read(struct rig *rig, unsigned int offset, unsigned int size);
void rig_config_write(struct rig *rig, unsigned int offset, unsigned int size, uint64_t value);
uint64_t rig_bar_read(struct rig *rig, unsigned int bar, uint64_t offset, unsigned int size);
void rig_bar_write(struct rig *rig, unsigned int bar, uint64_t offset, unsigned int size,
		   uint64_t value);

/* Let the main loop serve what is ready. */
void rig_turn(struct rig *rig);

/* Switch memory decoding, I/O decoding and bus mastering on in COMMAND. */
void rig_switch_on(struct rig *rig);

/* MSI-X as a driver uses it: the control word, and a vector's entry, here in BAR0 at 0x2000. */
void rig_msix_control(struct rig *rig, uint16_t bits);
void rig_msix_entry(struct rig *rig, unsigned int vector, uint32_t data, bool masked);

/* Right above 4 GiB, where the 64-bit window of a VM without RAM begins. */
#define RIG_BAR0 0x100000000ull

#define RIG_MSIX_TABLE  0x2000u
#define RIG_MSIX_PBA    0x3000u
#define RIG_MSI_ADDRESS 0xfee00000u

#endif
