/* SPDX-License-Identifier: MIT */
/*
 * A host with several cards on its buses, for the tests of what a reset reaches. It counts the
 * resets, and checks at each that whoever is reached stands still.
 *
 * It builds on vfio_rig.h, but has many fake devices and a backend of its own in front of them.
 */
#ifndef MINIVMM_TESTS_CARD_HOST_H
#define MINIVMM_TESTS_CARD_HOST_H

#include "stderr_text.h"
#include "vfio_rig.h"

#define CARDS_MAX 8

/*
 * Cards of a host are written as two characters each: the bus, and how it can be reset, if at all.
 * 'f' has FLR, 'p' only power states, 'b' nothing of its own. 'x' is somebody else's, 'n' nobody's.
 */
struct card {
	struct fake_device fake;
	char name[16], bus, kind;
	struct vfio_pci *pci; /* NULL while it is not passed through */
	unsigned int resets;  /* that reached it */
};

/* What fails: the first `count` calls, with this error. */
struct failure {
	unsigned int count;
	int err;
};

struct card_host {
	struct rig rig;
	struct vfio_backend backend;
	struct card cards[CARDS_MAX];
	unsigned int count;
	unsigned int tries, buses, alone; /* buses, alone: resets that succeeded */
	struct failure bus_fails, alone_fails;
	const struct card *dies; /* in any reset that reaches it */
	struct stderr_text caught;
	bool catching;
	struct pci_root_port *ports[CARDS_MAX];
	unsigned int port_count;
};

extern struct card_host host;

/* Make the host with these cards; what is said is caught from now on. */
void host_begin(const char *cards);

/* Open a card that is ours. It is on no bus yet. */
void host_open(struct card *card);

/* Open all that are ours, and put them onto the guest's root bus. */
void host_open_all(void);

/* Power all on that are open. */
void host_power_on(void);

/* All of this: a guest is about to run. */
void host_start(const char *cards);

/* Count from 0 again, and catch anew what is said; and after what is tested look at it. */
void host_forget(void);
void host_says(void);

/* How often it said so. */
unsigned int host_said(const char *text);

/* End the machine and the host. */
void host_end(void);

/* One more card, which is not open. */
void card_init(struct card *card, unsigned int number, const char *text);

/* A driver at work: DMA, and MSI-X. */
void card_use(const struct card *card);
void cards_use_all(void);

#endif
