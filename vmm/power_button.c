/* SPDX-License-Identifier: MIT */
#include "power_button.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/trace/log.h"

/* seconds until it is pressed again, because a system that was starting may have missed it */
#define BUTTON_AGAIN    5u
#define BUTTON_FIRST_NS 600000000

int power_button_add(struct power_button *button, struct vm *vm, unsigned int grace)
{
	*button = (struct power_button){ .vm = vm, .grace = grace, .timer.fd = -1 };
	return arch_layout.ged_port ? ged_add(&button->ged, vm) : pl061_add(&button->gpio, vm);
}

void power_button_watch(struct power_button *button, bool (*hopeless)(void *owner), void *owner)
{
	button->hopeless = hopeless;
	button->owner = owner;
}

void power_button_destroy(struct power_button *button)
{
	if (!button->vm)
		return;
	ged_destroy(&button->ged);
	pl061_destroy(&button->gpio);
	if (button->timer.fd >= 0)
		close(button->timer.fd);
	button->timer.fd = -1;
	button->vm = NULL;
}

void power_button_reset(struct power_button *button)
{
	ged_reset(&button->ged);
	pl061_reset(&button->gpio);
}

bool power_button_press(struct power_button *button)
{
	return button->ged.vm ? ged_press(&button->ged) : pl061_press(&button->gpio);
}

bool power_button_asked(const struct power_button *button)
{
	return button->left > 0;
}

/* Once a second. */
static void button_tick(void *owner, uint32_t events)
{
	struct power_button *button = owner;
	uint64_t ticks;

	(void)events;
	if (read(button->timer.fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	if (!button->left)
		return; /* the guest is already being stopped */
	button->left = ticks < button->left ? button->left - (unsigned int)ticks : 0;
	if (button->hopeless && button->hopeless(button->owner)) {
		button->left = 0;
		log_warn("guest", "cannot power off, because a server or a file does not answer "
				  "it: it is stopped");
		vm_post(button->vm, VM_EVENT_QUIT);
	} else if (!button->left) {
		log_warn("guest", "did not power off within %u seconds: it is stopped",
			 button->grace);
		vm_post(button->vm, VM_EVENT_QUIT);
	} else if (button->left < button->grace &&
		   (button->grace - button->left) % BUTTON_AGAIN == 0) {
		power_button_press(button);
	}
}

/* The first tick comes early, because a guest may be found hopeless then. */
static int button_start_timer(struct power_button *button)
{
	const struct itimerspec each_second = { { 1, 0 }, { 0, BUTTON_FIRST_NS } };

	button->timer =
		(struct loop_source){ timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
				      button_tick, button, "power button", "its timer" };
	if (button->timer.fd < 0 || timerfd_settime(button->timer.fd, 0, &each_second, NULL) < 0)
		return log_errno("power button", -errno, "set a timer");
	return loop_add(&button->vm->loop, &button->timer);
}

void power_button_ask(struct power_button *button)
{
	if (power_button_asked(button) || !button->grace || button->vm->paused ||
	    !power_button_press(button) || button_start_timer(button) < 0) {
		vm_post(button->vm, VM_EVENT_QUIT);
		return;
	}
	button->left = button->grace + 1; /* with the first tick, which is no second */
	log_info("guest",
		 "asked to power off; it is stopped after %u seconds, or by a second request",
		 button->grace);
}
