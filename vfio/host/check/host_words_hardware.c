/* SPDX-License-Identifier: MIT */
/* The words for a device itself: its resets, BARs, interrupts, ROM and screen. */
#include "host_words_tables.h"

#define ROMFILE "minivmm --vfio {object},romfile=FILE   # the ROM as its vendor has it"

const struct host_words host_words_of_hardware[FOUND_COUNT] = {
	[FOUND_RESET_FLR] = {
		CHECK_RESET, HOST_OK,
		.text = "function-level reset (methods: {methods})",
	},
	[FOUND_RESET_METHODS] = {
		CHECK_RESET, HOST_OK,
		.text = "methods: {methods}",
	},
	[FOUND_RESET_SOME] = {
		CHECK_RESET, HOST_OK,
		.text = "the kernel has a method",
	},
	[FOUND_RESET_BUS_ALONE] = {
		CHECK_RESET, HOST_OK,
		.text = "by its bus, on which it is alone",
	},
	[FOUND_RESET_BUS_SHARED] = {
		CHECK_RESET, HOST_WARN,
		.text = "none of its own; a reset of its bus also resets {others}, so it works "
			"only if all of them go to the same guest",
	},
	[FOUND_RESET_NONE] = {
		CHECK_RESET, HOST_WARN,
		.text = "none: a guest finds it as the last one left it, and it may need the host "
			"to be switched off and on",
	},

	[FOUND_BARS] = {
		CHECK_BARS, HOST_OK,
		.text = "{narrow} of 32-bit, {wide} of 64-bit memory, {ports} ports",
	},
	[FOUND_BARS_UNASSIGNED] = {
		CHECK_BARS, HOST_FAIL,
		.text = "BAR {bar} of {size} has no address on this host: there was no room for it",
		.fixes = {
			"turn \"Above 4G Decoding\" on in the firmware setup, or add pci=realloc "
			"to the kernel command line",
		},
	},
	[FOUND_BARS_LOW] = {
		CHECK_BARS, HOST_FAIL,
		.text = "its BARs need {narrow} of 32-bit addresses, but the guest has room for "
			"{room}",
	},
	[FOUND_BARS_HIGH] = {
		CHECK_BARS, HOST_FAIL,
		.text = "64-bit BARs of {wide} above RAM exceed the {bits} address bits of this "
			"CPU",
		.fixes = { LESS_RAM },
	},
	[FOUND_BARS_PORTS] = {
		CHECK_BARS, HOST_WARN,
		.text = "its I/O BARs need {ports} bytes, but the guest has room for {ports_room}",
	},

	[FOUND_MSIX] = {
		CHECK_MSIX, HOST_OK,
		.text = "{count} vectors, table at {offset} of BAR {bar}",
	},
	[FOUND_MSIX_UNSEEN] = {
		CHECK_MSIX, HOST_UNSEEN, SEER_ROOT,
		.text = "cannot be seen from here: only root sees capabilities",
		.fixes = { "sudo {program} doctor {object}" },
	},
	[FOUND_MSIX_UNSEEN_HERE] = {
		CHECK_MSIX, HOST_UNSEEN, SEER_OUTSIDE,
		.text = "cannot be seen from here: this root may not read capabilities, because it "
			"is one of a container or of a user namespace",
		.fixes = { "{program} doctor {object}   # as root outside" },
	},
	[FOUND_MSIX_NONE_BUT_MSI] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; it has MSI",
	},
	[FOUND_MSIX_NONE_BUT_PIN] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; its pin is used",
	},
	[FOUND_MSIX_NO_INTERRUPT] = {
		CHECK_MSIX, HOST_OK,
		.text = "none; and no interrupt at all",
	},
	[FOUND_MSIX_OUTSIDE] = {
		CHECK_MSIX, HOST_FAIL,
		.text = "its table of {count} vectors lies outside its BAR {bar}",
	},
	[FOUND_MSIX_SHARES_PAGE] = {
		CHECK_MSIX, HOST_WARN,
		.text = "{count} vectors; the table shares a page of BAR {bar} with registers: "
			"they are reached through minivmm, which is slow",
	},

	[FOUND_ROM] = {
		CHECK_ROM, HOST_OK,
		.text = "{size}",
	},
	[FOUND_ROM_SHADOWED] = {
		CHECK_ROM, HOST_WARN,
		.text = "shadowed: what can be read is the copy that this host's firmware ran at "
			"boot and may have changed. A driver that wants the ROM needs the "
			"original in a file",
		.fixes = { ROMFILE },
	},
	[FOUND_ROM_OF_DISPLAY_NONE] = {
		CHECK_ROM, HOST_WARN,
		.text = "none that can be read: a driver may want one",
		.fixes = { ROMFILE },
	},
	[FOUND_ROM_NONE] = {
		CHECK_ROM, HOST_OK,
		.text = "none",
	},

	[FOUND_DISPLAY_FREE] = {
		CHECK_DISPLAY, HOST_OK,
		.text = "not the one that this host booted on",
	},
	[FOUND_DISPLAY_CONSOLE] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "the host's console framebuffer {name} lies in it: its BAR stays taken, "
			"and the guest's driver fails",
		.fixes = {
			"echo 0 | sudo tee /sys/class/vtconsole/vtcon*/bind   # detaches the "
			"console",
			"add initcall_blacklist=sysfb_init to the kernel command line   # if the "
			"framebuffer is the firmware's",
		},
	},
	[FOUND_DISPLAY_OWN_CONSOLE] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "the host's console {name} is on it, by its driver {driver}: it goes when "
			"the driver lets go of the device",
		.fixes = {
			"echo 0 | sudo tee /sys/class/vtconsole/vtcon*/bind   # detaches the "
			"console, if the driver waits for it",
		},
	},
	[FOUND_DISPLAY_BOOTED_DARK] = {
		CHECK_DISPLAY, HOST_OK,
		.text = "this host booted on it, but no screen is connected to it",
	},
	[FOUND_DISPLAY_SCREEN] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "a screen is connected to it, which shows the guest's picture or none "
			"while a guest has it",
	},
	[FOUND_DISPLAY_BOOTED] = {
		CHECK_DISPLAY, HOST_WARN,
		.text = "this host booted on it: its screen stays dark while a guest has it",
	},
};
