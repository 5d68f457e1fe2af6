/* SPDX-License-Identifier: MIT */
/*
 * A PCI function: 4 KiB of configuration space with a write mask for every bit, and its BARs.
 *
 * Owns the registers that every function has: which bits stick, how a BAR tells its size, when a
 * BAR moves or stops decoding. What a BAR contains, and registers with effects, belong to the
 * function's own ops. The bus serialises all calls with its lock.
 *
 * Read beside it: PCI Local Bus 3.0, chapter 6; PCI Express Base 7.5.1.
 */
#ifndef MINIVMM_PCI_H
#define MINIVMM_PCI_H

#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE 4096
#define PCI_BARS        7 /* six and the expansion ROM */
#define PCI_BAR_ROM     6

struct pci_function;

/* All but the last two are mandatory. `size` is 1, 2 or 4 bytes, and `offset` a multiple of it. */
struct pci_function_ops {
	uint32_t (*config_read)(struct pci_function *function, unsigned int offset,
				unsigned int size);
	void (*config_write)(struct pci_function *function, unsigned int offset, unsigned int size,
			     uint32_t value);
	/*
	 * The BAR now decodes at bars[bar].addr, inside a window of the host bridge. -errno leaves
	 * it unmapped: its addresses then read all-ones.
	 */
	int (*bar_map)(struct pci_function *function, unsigned int bar);
	void (*bar_unmap)(struct pci_function *function, unsigned int bar);
	/* Sets the state after power-on; BARs have been unmapped, and stop() has been called. */
	void (*reset)(struct pci_function *function);
	/* Frees everything; the function has left the bus. */
	void (*destroy)(struct pci_function *function);
	/*
	 * Called after a reset by the bridge above while the machine runs: connects again what
	 * reset() has disconnected. May be NULL.
	 */
	void (*revive)(struct pci_function *function);
	/*
	 * Called before reset() of any function that is reset together with this one: it must
	 * neither interrupt nor transfer any more. May be NULL.
	 */
	void (*stop)(struct pci_function *function);
};

struct pci_bar {
	uint64_t size;     /* 0 if there is none; a power of two */
	uint32_t flags;    /* the read-only low bits, PCI_BASE_ADDRESS_* */
	uint64_t assigned; /* where minivmm put it at power-on */
	uint64_t addr;     /* where it decodes, if mapped */
	bool mapped;
	bool alone; /* while it is mapped: nothing else decodes in its pages */
};

/*
 * The root bus and all below it, as far as a function needs to know them. They share one lock.
 */
struct pci_bus {
	pthread_mutex_t lock; /* held around every access to a configuration space */
	bool vacated;         /* a BAR was unmapped, so other BARs may now be mapped there */
	/*
	 * True if the bridges above would forward all of the function's `bar` if it were at `addr`.
	 */
	bool (*forwards)(const struct pci_function *function, const struct pci_bar *bar,
			 uint64_t addr);
	/*
	 * True if no other BAR of the bus would decode in the pages of `bar` if it were at `addr`.
	 */
	bool (*alone)(const struct pci_bus *bus, const struct pci_bar *bar, uint64_t addr);
};

struct pci_function {
	const struct pci_function_ops *ops;
	const char *name; /* for messages */
	const char *id;   /* what the user calls it, or NULL */
	struct pci_bus *bus;
	struct pci_function *bridge; /* the one right above; NULL on the root bus */
	uint8_t devfn;
	unsigned int boot_place; /* of devices that can be started from the lowest is tried first */
	bool memory_blocked;     /* decodes nothing whatever COMMAND says: D3hot */
	unsigned int next_capability; /* where pci_add_capability() goes on */
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	struct pci_bar bars[PCI_BARS];
};

struct pci_id {
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_revision; /* class code << 8 | revision */
};

/* Make an empty function with header type 0, whose COMMAND and INTERRUPT_LINE are writable. */
void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const char *name);
void pci_set_id(struct pci_function *function, const struct pci_id *id);

/* For functions without BARs. */
int pci_no_bar_map(struct pci_function *function, unsigned int bar);
void pci_no_bar_unmap(struct pci_function *function, unsigned int bar);

/*
 * The number that is the sender of its messages: bus, device and function, as the guest has
 * numbered the buses.
 */
uint16_t pci_requester_id(const struct pci_function *function);

/* Little-endian fields of the config bytes. */
uint16_t pci_get_word(const struct pci_function *function, unsigned int offset);
uint32_t pci_get_long(const struct pci_function *function, unsigned int offset);
void pci_set_word(struct pci_function *function, unsigned int offset, uint16_t value);
void pci_set_long(struct pci_function *function, unsigned int offset, uint32_t value);

/*
 * Declare a BAR of `size` bytes, a power of two; `flags` are its low bits. A 64-bit one takes two.
 */
void pci_set_bar(struct pci_function *function, unsigned int bar, uint64_t size, uint32_t flags);
/*
 * The flags in the low bits of a BAR's register, of a header as a device has it. The last BAR has
 * no register behind it that could hold an upper half: there the flag for 64 bits is left out.
 */
uint32_t pci_bar_flags(const uint8_t *config, unsigned int bar);

bool pci_bar_is_io(const struct pci_bar *bar);
bool pci_bar_is_64(const struct pci_bar *bar);

/* Append a capability of `size` zeroed bytes; returns its offset, or 0 when there is no room. */
unsigned int pci_add_capability(struct pci_function *function, uint8_t id, unsigned int size);

/* Offset of a capability in the config bytes, or 0. The walk is bounded, whatever the bytes are. */
unsigned int pci_find_capability(const struct pci_function *function, uint8_t id);

/*
 * Access registers that have no further effect: the bytes, through the write masks. A write also
 * updates the BARs.
 */
uint32_t pci_config_read(struct pci_function *function, unsigned int offset, unsigned int size);
void pci_config_write(struct pci_function *function, unsigned int offset, unsigned int size,
		      uint32_t value);

/*
 * A guest's access of any size up to 8 bytes, at any offset: the function's ops see it in aligned
 * parts. Past the last register reads give all-ones and writes are dropped. The caller holds the
 * bus's lock.
 */
uint64_t pci_read_any(struct pci_function *function, unsigned int offset, unsigned int size);
void pci_write_any(struct pci_function *function, unsigned int offset, unsigned int size,
		   uint64_t value);

/* Whether an access of `size` bytes at `offset` covers the byte `reg`. */
bool pci_access_covers(unsigned int offset, unsigned int size, unsigned int reg);

/* Map and unmap BARs as the config bytes and memory_blocked say now. */
void pci_update_bars(struct pci_function *function);

/* Unmap all BARs, clear COMMAND and put the BARs back where `assigned` says. */
void pci_reset(struct pci_function *function);

/* The first half of a reset of several functions: pci_reset(), and the function's stop op. */
void pci_stop(struct pci_function *function);

#endif
