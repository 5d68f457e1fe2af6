/* SPDX-License-Identifier: MIT */
#include "host_doctor.h"

#include <errno.h>
#include <string.h>

typedef void (*host_check)(struct host_report *report, const struct host_guest *guest);
typedef void (*host_device_check)(struct host_report *report, const struct host_device *device,
				  const struct host_guest *guest);

static const struct {
	const char *id;
	host_check check;
	bool explains; /* why a start failed; the limit is refused with words of its own */
} doctor_host_checks[] = {
	{ "kvm", host_check_kvm, true },
	{ "iommu", host_check_iommu, true },
	{ "remapping", host_check_remapping, true },
	{ "vfio", host_check_vfio, true },
	{ "memlock", host_check_memlock, false },
};

/* Those with an error number are what the kernel would refuse; a start makes them in this order. */
static const struct {
	const char *id;
	host_device_check check;
	int err;
	bool wakes; /* it reads the device's own registers */
} doctor_device_checks[] = {
	{ "device", host_check_exists, -ENODEV, false },
	{ "config", host_check_answers, -ENODEV, true },
	{ "iommu", host_check_isolated, -ENODEV, false },
	{ "driver", host_check_driver, -EBUSY, false },
	{ "group", host_check_group, -EPERM, false },
	{ "node", host_check_node, -EACCES, false },
	{ "reset", host_check_reset, 0, false },
	{ "bars", host_check_bars, 0, false },
	{ "msix", host_check_msix, 0, true },
	{ "rom", host_check_rom, 0, false },
	{ "display", host_check_display, 0, false },
};

#define HOST_CHECKS   (sizeof(doctor_host_checks) / sizeof(doctor_host_checks[0]))
#define DEVICE_CHECKS (sizeof(doctor_device_checks) / sizeof(doctor_device_checks[0]))

static void doctor_log_failures(struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++)
		if (report->findings[i].status == HOST_FAIL)
			host_report_log(report, &report->findings[i]);
	host_report_destroy(report);
}

int host_check_device(const char *bdf, const struct host_guest *guest, struct host_device *device)
{
	struct host_report report = { .object = bdf };
	int err = 0;

	host_read_device(bdf, device);
	for (unsigned int i = 0; i < DEVICE_CHECKS && err == 0; i++) {
		if (!doctor_device_checks[i].err)
			continue;
		report.check = doctor_device_checks[i].id;
		doctor_device_checks[i].check(&report, device, guest);
		if (host_report_failure(&report))
			err = doctor_device_checks[i].err;
	}
	doctor_log_failures(&report);
	return err;
}

/* The checks that a start does not make beforehand. */
static void doctor_explain_device(const struct host_device *device, const struct host_guest *guest)
{
	struct host_report report = { .object = device->bdf };

	for (unsigned int i = 0; i < DEVICE_CHECKS; i++) {
		if (doctor_device_checks[i].err)
			continue;
		report.check = doctor_device_checks[i].id;
		doctor_device_checks[i].check(&report, device, guest);
	}
	doctor_log_failures(&report);
}

void host_explain_failure(const struct host_device *devices, unsigned int count,
			  const struct host_guest *guest)
{
	struct host_report host = { .object = "host" };

	/* Without a device KVM is all that is asked of the host. */
	for (unsigned int i = 0; i < HOST_CHECKS; i++) {
		if (!doctor_host_checks[i].explains ||
		    (!count && doctor_host_checks[i].check != host_check_kvm))
			continue;
		host.check = doctor_host_checks[i].id;
		doctor_host_checks[i].check(&host, guest);
	}
	doctor_log_failures(&host);
	for (unsigned int i = 0; i < count; i++)
		doctor_explain_device(&devices[i], guest);
}

void host_examine(struct host_report *report, const struct host_guest *guest)
{
	*report = (struct host_report){ .object = "host" };
	for (unsigned int i = 0; i < HOST_CHECKS; i++) {
		report->check = doctor_host_checks[i].id;
		doctor_host_checks[i].check(report, guest);
	}
}

/* What reads the registers of a device that is off finds nothing; one not there has nothing. */
void host_examine_device(struct host_report *report, const char *bdf,
			 const struct host_guest *guest)
{
	struct host_device device;
	bool answers = true;

	*report = (struct host_report){ .object = bdf };
	host_read_device(bdf, &device);
	for (unsigned int i = 0; i < DEVICE_CHECKS; i++) {
		report->check = doctor_device_checks[i].id;
		if (answers || !doctor_device_checks[i].wakes)
			doctor_device_checks[i].check(report, &device, guest);
		if (doctor_device_checks[i].check == host_check_exists &&
		    host_report_failure(report))
			return;
		if (doctor_device_checks[i].check == host_check_answers)
			answers = !host_report_failure(report);
	}
}

const char *host_find_obstacle(const struct host_device *device, const struct host_guest *guest)
{
	struct host_report report = { .object = device->bdf };
	const char *obstacle = NULL;

	for (unsigned int i = 0; i < DEVICE_CHECKS && !obstacle; i++) {
		if (!doctor_device_checks[i].err || doctor_device_checks[i].wakes)
			continue;
		report.check = doctor_device_checks[i].id;
		doctor_device_checks[i].check(&report, device, guest);
		if (host_report_failure(&report))
			obstacle = doctor_device_checks[i].id;
	}
	host_report_destroy(&report);
	return obstacle;
}
