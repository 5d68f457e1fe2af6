/* SPDX-License-Identifier: MIT */
#include "host_doctor.h"

#include <errno.h>
#include <string.h>
#include "vmm/trace/macros.h"

static const struct {
	void (*check)(struct host_report *report, const struct host_demand *demand);
	bool explains; /* why a start failed; the memory limit has its own message */
} doctor_host_checks[] = {
	{ host_check_kvm, true },  { host_check_iommu, true },    { host_check_remapping, true },
	{ host_check_vfio, true }, { host_check_memlock, false }, { host_check_memory, false },
};

/*
 * A check with an error number finds what the kernel would refuse. A start makes these checks in
 * this order.
 */
static const struct {
	void (*check)(struct host_report *report, const struct host_device *device,
		      const struct host_demand *demand);
	int err;
	bool wakes; /* it reads the device's own registers */
} doctor_device_checks[] = {
	{ host_check_exists, -ENODEV, false },
	{ host_check_answers, -ENODEV, true },
	{ host_check_isolated, -ENODEV, false },
	{ host_check_driver, -EBUSY, false },
	{ host_check_group, -EPERM, false },
	{ host_check_node, -EACCES, false },
	{ host_check_reset, 0, false },
	{ host_check_bars, 0, false },
	{ host_check_msix, 0, true },
	{ host_check_rom, 0, false },
	{ host_check_display, 0, false },
	{ host_check_numa, 0, false },
};

#define HOST_CHECKS   array_size(doctor_host_checks)
#define DEVICE_CHECKS array_size(doctor_device_checks)

int host_check_device(const char *bdf, const struct host_demand *demand, struct host_device *device)
{
	struct host_report report = { .object = bdf };
	int err = 0;

	host_read_device(bdf, device);
	for (unsigned int i = 0; i < DEVICE_CHECKS && err == 0; i++) {
		if (!doctor_device_checks[i].err)
			continue;
		doctor_device_checks[i].check(&report, device, demand);
		if (host_report_failure(&report))
			err = doctor_device_checks[i].err;
	}
	host_report_log_failures(&report);
	return err;
}

/* The checks that a start does not make beforehand. */
static void doctor_explain_device(const struct host_device *device,
				  const struct host_demand *demand)
{
	struct host_report report = { .object = device->bdf };

	for (unsigned int i = 0; i < DEVICE_CHECKS; i++) {
		if (doctor_device_checks[i].err)
			continue;
		doctor_device_checks[i].check(&report, device, demand);
	}
	host_report_log_failures(&report);
}

void host_explain_failure(const struct host_device *devices, unsigned int count,
			  const struct host_demand *demand)
{
	struct host_report host = { .object = "host" };

	/* Without a device, KVM is the only thing that is asked of the host. */
	for (unsigned int i = 0; i < HOST_CHECKS; i++) {
		if (!doctor_host_checks[i].explains ||
		    (!count && doctor_host_checks[i].check != host_check_kvm))
			continue;
		doctor_host_checks[i].check(&host, demand);
	}
	host_report_log_failures(&host);
	for (unsigned int i = 0; i < count; i++)
		doctor_explain_device(&devices[i], demand);
}

void host_examine(struct host_report *report, const struct host_demand *demand)
{
	*report = (struct host_report){ .object = "host" };
	for (unsigned int i = 0; i < HOST_CHECKS; i++) {
		doctor_host_checks[i].check(report, demand);
	}
}

/*
 * If the device is off, a check that reads its registers finds nothing. If it does not exist, no
 * check finds anything.
 */
void host_examine_device(struct host_report *report, const char *bdf,
			 const struct host_demand *demand)
{
	struct host_device device;
	bool answers = true;

	*report = (struct host_report){ .object = bdf };
	host_read_device(bdf, &device);
	for (unsigned int i = 0; i < DEVICE_CHECKS; i++) {
		if (answers || !doctor_device_checks[i].wakes)
			doctor_device_checks[i].check(report, &device, demand);
		if (doctor_device_checks[i].check == host_check_exists &&
		    host_report_failure(report))
			return;
		if (doctor_device_checks[i].check == host_check_answers)
			answers = !host_report_failure(report);
	}
}

bool host_find_obstacle(const struct host_device *device, const struct host_demand *demand,
			enum host_found *obstacle)
{
	struct host_report report = { .object = device->bdf };
	const struct host_finding *failure = NULL;

	for (unsigned int i = 0; i < DEVICE_CHECKS && !failure; i++) {
		if (!doctor_device_checks[i].err || doctor_device_checks[i].wakes)
			continue;
		doctor_device_checks[i].check(&report, device, demand);
		failure = host_report_failure(&report);
	}
	if (failure)
		*obstacle = failure->found;
	host_report_destroy(&report);
	return failure;
}

int host_check_room(const struct host_demand *demand)
{
	struct host_report report = { .object = "guest RAM" };

	host_check_memory(&report, demand);
	return host_report_log_failures(&report) ? -ENOMEM : 0;
}

/* ---- before a device is bound ---- */

int host_check_bindable(const struct host_device *device)
{
	const struct host_demand nothing = { 0 };
	struct host_report report = { .object = device->bdf };

	host_check_exists(&report, device, &nothing);
	if (!host_report_failure(&report))
		host_check_isolated(&report, device, &nothing);
	if (!host_has_vfio_driver(device))
		host_check_denied(&report, device);
	return host_report_log_failures(&report) ? -ENODEV : 0;
}

int host_check_unused(const struct host_device *device, bool force)
{
	struct host_report report = { .object = device->bdf };

	host_check_uses(&report, device);
	if (!force)
		return host_report_log_failures(&report) ? -EBUSY : 0;
	host_report_warn(&report);
	return 0;
}

void host_explain_vfio(void)
{
	const struct host_demand nothing = { 0 };
	struct host_report report = { .object = "host" };

	host_check_vfio(&report, &nothing);
	host_report_log_failures(&report);
}
