/* SPDX-License-Identifier: MIT */
/*
 * The parts that a machine is built from: each function adds one part with its addresses.
 *
 * machine.c has their order. All functions return 0 or -errno, logged.
 */
#ifndef MINIVMM_MACHINE_PARTS_H
#define MINIVMM_MACHINE_PARTS_H

struct machine;

int machine_add_ram(struct machine *machine);
int machine_add_serial(struct machine *machine);
int machine_add_console(struct machine *machine);
int machine_add_power(struct machine *machine);
int machine_add_pci(struct machine *machine);
int machine_add_named_ports(struct machine *machine);
int machine_add_ports(struct machine *machine);
int machine_add_timer(struct machine *machine);
int machine_add_firmware(struct machine *machine);
int machine_open_devices(struct machine *machine);
int machine_open_users(struct machine *machine);
int machine_open_served(struct machine *machine);
int machine_add_command(struct machine *machine);
int machine_add_testdev(struct machine *machine);
int machine_assign_bars(struct machine *machine);
int machine_add_acpi_rom(struct machine *machine);

#endif
