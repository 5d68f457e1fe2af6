/* SPDX-License-Identifier: MIT */
/*
 * The checks of `minivmm doctor`. Each looks at one thing and adds its findings to the report. A
 * check that does not apply adds nothing.
 *
 * Owns the logic of what stands in the way of passthrough, in files by subject. The words are in
 * host_words_*.c, and host_doctor.c decides which checks run and when. No check changes anything.
 */
#ifndef MINIVMM_HOST_CHECK_H
#define MINIVMM_HOST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "host_report.h"
#include "vfio/host/look/host_sysfs.h"

/* The kind of files by which devices are opened. */
enum host_access {
	HOST_ACCESS_ANY,     /* their groups' files if these are there, else their own */
	HOST_ACCESS_GROUP,   /* /dev/vfio/N */
	HOST_ACCESS_IOMMUFD, /* /dev/iommu and /dev/vfio/devices/vfioN */
};

#define HOST_DEMAND_GROUPS 32

/* What a guest asks of the host. The caller, who knows the guest's machine, fills it in. */
struct host_demand {
	uint64_t memory;        /* bytes of RAM */
	uint64_t huge_page;     /* bytes of a huge page that RAM is made of, or 0 */
	uint64_t memory_end;    /* end of RAM as the guest, and so the device, sees it */
	uint64_t mmio32;        /* room for BARs with 32-bit addresses */
	uint64_t ports;         /* room for I/O BARs */
	unsigned int phys_bits; /* width of its physical addresses */
	enum host_access access;
	const uint16_t *pinned; /* the host CPUs that vCPUs are pinned to, or NULL for none */
	unsigned int pinned_count;
	bool iommu_given;  /* /dev/iommu is open already */
	bool device_given; /* the device's own file is open already */
	/* groups of this guest's other devices, which are open already, too */
	int groups[HOST_DEMAND_GROUPS];
	unsigned int group_count;
};

/* host_check_host.c: findings that are the same for all devices */
void host_check_kvm(struct host_report *report, const struct host_demand *demand);
void host_check_iommu(struct host_report *report, const struct host_demand *demand);
void host_check_vfio(struct host_report *report, const struct host_demand *demand);

/* host_check_remapping.c */
void host_check_remapping(struct host_report *report, const struct host_demand *demand);

/* host_check_memory.c: is there as much memory as the start pins? */
void host_check_memory(struct host_report *report, const struct host_demand *demand);

/* host_memlock.c */
void host_check_memlock(struct host_report *report, const struct host_demand *demand);

/* host_check_access.c: may the device be opened? `device` comes from host_read_device(). */
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

/* host_check_hardware.c: how well will the device work? */
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

/*
 * host_check_numa.c: will the guest run next to the device? Adds nothing where there is one node.
 */
void host_check_numa(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand);

/* Returns whether vfio-pci refuses this model of device, and adds the finding if so. */
bool host_check_denied(struct host_report *report, const struct host_device *device);

/* Add a finding for each thing that the host does with the device right now. */
void host_check_uses(struct host_report *report, const struct host_device *device);

/*
 * Turn HOST_ACCESS_ANY into the kind of access that this device gets; other kinds stay as they
 * are.
 */
enum host_access host_choose_access(const struct host_device *device, enum host_access access);

#endif
