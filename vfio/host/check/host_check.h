/* SPDX-License-Identifier: MIT */
/*
 * The checks of `minivmm doctor`. Each looks at one thing and adds what it found to the report; one
 * that does not apply adds nothing.
 *
 * Owns the knowledge of what stands in the way of passthrough and the lines that mend it, in four
 * files by subject. Which checks run when is host_doctor.c's. None changes anything.
 */
#ifndef MINIVMM_HOST_CHECK_H
#define MINIVMM_HOST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "host_report.h"
#include "vfio/host/look/host_sysfs.h"

/* By which files its devices are opened. */
enum host_way {
	HOST_WAY_ANY,     /* their groups' if they are there, else their own */
	HOST_WAY_GROUP,   /* /dev/vfio/N */
	HOST_WAY_IOMMUFD, /* /dev/iommu and /dev/vfio/devices/vfioN */
};

/* The guest for which all is checked, by whoever knows the machine that it gets. */
struct host_guest {
	uint64_t memory;        /* bytes of RAM */
	uint64_t memory_end;    /* its end as the guest, and so the device, sees it */
	uint64_t mmio32;        /* room for BARs with 32-bit addresses */
	uint64_t ports;         /* room for I/O BARs */
	unsigned int phys_bits; /* width of its physical addresses */
	enum host_way way;
	bool iommu_given;  /* /dev/iommu is open already */
	bool device_given; /* and so is the device's own file */
};

/* host_check_host.c: true or not for all devices */
void host_check_kvm(struct host_report *report, const struct host_guest *guest);
void host_check_iommu(struct host_report *report, const struct host_guest *guest);
void host_check_remapping(struct host_report *report, const struct host_guest *guest);
void host_check_vfio(struct host_report *report, const struct host_guest *guest);

/* host_memlock.c */
void host_check_memlock(struct host_report *report, const struct host_guest *guest);

/* host_check_access.c: may it be opened? `device` is what host_read_device() made of the address */
void host_check_exists(struct host_report *report, const struct host_device *device,
		       const struct host_guest *guest);
void host_check_answers(struct host_report *report, const struct host_device *device,
			const struct host_guest *guest);
void host_check_isolated(struct host_report *report, const struct host_device *device,
			 const struct host_guest *guest);
void host_check_driver(struct host_report *report, const struct host_device *device,
		       const struct host_guest *guest);
void host_check_group(struct host_report *report, const struct host_device *device,
		      const struct host_guest *guest);
void host_check_node(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest);

/* host_check_hardware.c: how well it will do */
void host_check_reset(struct host_report *report, const struct host_device *device,
		      const struct host_guest *guest);
void host_check_bars(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest);
void host_check_msix(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest);
void host_check_rom(struct host_report *report, const struct host_device *device,
		    const struct host_guest *guest);
void host_check_display(struct host_report *report, const struct host_device *device,
			const struct host_guest *guest);

/* Of HOST_WAY_ANY the one that it is for this device; others stay. */
enum host_way host_choose_way(const struct host_device *device, enum host_way way);

/* The line with which the user would start minivmm's subcommand, "sudo minivmm bind ...". */
void host_report_fix_command(struct host_report *report, const char *command, const char *bdf);

#endif
