/* SPDX-License-Identifier: MIT */
/*
 * The checks of `minivmm doctor`. Each looks at one thing and adds what it found to the report; one
 * that does not apply adds nothing.
 *
 * Owns the logic of what stands in the way of passthrough, in files by subject; the words are
 * host_words.c's. Which checks run when is host_doctor.c's. None changes anything.
 */
#ifndef MINIVMM_HOST_CHECK_H
#define MINIVMM_HOST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "host_report.h"
#include "vfio/host/look/host_sysfs.h"

/* By which files its devices are opened. */
enum host_access {
	HOST_ACCESS_ANY,     /* their groups' if they are there, else their own */
	HOST_ACCESS_GROUP,   /* /dev/vfio/N */
	HOST_ACCESS_IOMMUFD, /* /dev/iommu and /dev/vfio/devices/vfioN */
};

/* What a guest asks of the host, by whoever knows the machine that it gets. */
struct host_demand {
	uint64_t memory;        /* bytes of RAM */
	uint64_t huge_page;     /* bytes of the huge pages that it shall be made of, or 0 */
	uint64_t memory_end;    /* its end as the guest, and so the device, sees it */
	uint64_t mmio32;        /* room for BARs with 32-bit addresses */
	uint64_t ports;         /* room for I/O BARs */
	unsigned int phys_bits; /* width of its physical addresses */
	enum host_access access;
	bool iommu_given;  /* /dev/iommu is open already */
	bool device_given; /* and so is the device's own file */
};

/* host_check_host.c: true or not for all devices */
void host_check_kvm(struct host_report *report, const struct host_demand *demand);
void host_check_iommu(struct host_report *report, const struct host_demand *demand);
void host_check_vfio(struct host_report *report, const struct host_demand *demand);

/* host_check_remapping.c */
void host_check_remapping(struct host_report *report, const struct host_demand *demand);

/* host_check_memory.c: is there as much as the start pins? */
void host_check_memory(struct host_report *report, const struct host_demand *demand);

/* host_memlock.c */
void host_check_memlock(struct host_report *report, const struct host_demand *demand);

/* host_check_access.c: may it be opened? `device` is what host_read_device() made of the address */
void host_check_exists(struct host_report *report, const struct host_device *device,
		       const struct host_demand *demand);
void host_check_answers(struct host_report *report, const struct host_device *device,
			const struct host_demand *demand);
void host_check_isolated(struct host_report *report, const struct host_device *device,
			 const struct host_demand *demand);
void host_check_driver(struct host_report *report, const struct host_device *device,
		       const struct host_demand *demand);
void host_check_group(struct host_report *report, const struct host_device *device,
		      const struct host_demand *demand);
void host_check_node(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand);

/* host_check_hardware.c: how well it will do */
void host_check_reset(struct host_report *report, const struct host_device *device,
		      const struct host_demand *demand);
void host_check_bars(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand);
void host_check_msix(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand);
void host_check_rom(struct host_report *report, const struct host_device *device,
		    const struct host_demand *demand);
void host_check_display(struct host_report *report, const struct host_device *device,
			const struct host_demand *demand);

/* Whether vfio-pci refuses this model; then that is added. */
bool host_check_denied(struct host_report *report, const struct host_device *device);

/* What the host does with a device right now, each as a finding; none when there is nothing. */
void host_check_uses(struct host_report *report, const struct host_device *device);

/* Of HOST_ACCESS_ANY the one that it is for this device; others stay. */
enum host_access host_choose_access(const struct host_device *device, enum host_access access);

#endif
