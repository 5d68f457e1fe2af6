/* SPDX-License-Identifier: MIT */
/*
 * vmm/power_button.c with devices/ged.c and devices/pl061.c: who hears the button, what the guest
 * sees of it, and how long minivmm waits. ACPI 6.4, 5.6.9; ARM DDI 0190B, chapter 3.
 */
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/power_button.h"

#define GPIO 0x09010000ull

/* A VM of which only what the button needs exists. */
struct rig {
	struct vm vm;
	struct pl061 gpio;
	struct power_button button;
	struct stderr_text said;
};

static void begin(struct rig *rig, unsigned int grace)
{
	memset(rig, 0, sizeof(*rig));
	fake_kvm_begin();
	ck_assert_int_eq(loop_init(&rig->vm.loop), 0);
	rig->vm.event_source.fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(irq_router_init(&rig->vm.irq, 1000, 64), 0);
	bus_init(&rig->vm.mmio);
	bus_init(&rig->vm.pio);
	ck_assert_int_eq(power_button_add(&rig->button, &rig->vm, grace), 0);
	stderr_begin(&rig->said);
}

static void end(struct rig *rig)
{
	stderr_end(&rig->said);
	power_button_destroy(&rig->button);
	power_button_destroy(&rig->button);
	bus_destroy(&rig->vm.mmio);
	bus_destroy(&rig->vm.pio);
	irq_router_destroy(&rig->vm.irq);
	close(rig->vm.event_source.fd);
	loop_destroy(&rig->vm.loop);
	fake_kvm_end();
}

/* ---- the Generic Event Device ---- */

static uint8_t take_event(struct rig *rig)
{
	uint8_t event = 0xff;

	bus_read(&rig->vm.pio, arch_layout.ged_port, &event, 1);
	return event;
}

static void listen(struct rig *rig, uint8_t to)
{
	bus_write(&rig->vm.pio, arch_layout.ged_port, &to, 1);
}

START_TEST(a_press_interrupts_and_is_told_once)
{
	struct rig rig;

	begin(&rig, 30);
	listen(&rig, GED_POWER_BUTTON);
	ck_assert_uint_eq(take_event(&rig), 0);
	ck_assert(power_button_press(&rig.button));
	ck_assert(fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(take_event(&rig), GED_POWER_BUTTON);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(take_event(&rig), 0);
	end(&rig);
}
END_TEST

START_TEST(nobody_hears_before_its_system_has_started)
{
	struct rig rig;

	begin(&rig, 30);
	ck_assert(!power_button_press(&rig.button));
	listen(&rig, GED_POWER_BUTTON);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi)); /* what was not heard is not kept */
	ck_assert(power_button_press(&rig.button));
	power_button_reset(&rig.button);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(take_event(&rig), 0);
	ck_assert(!power_button_press(&rig.button));
	listen(&rig, 0xfe); /* to anything else */
	ck_assert(!power_button_press(&rig.button));
	end(&rig);
}
END_TEST

/* ---- asked, then stopped ---- */

/*
 * Let the button's timer fire `count` times. It fires soon after the guest was asked, and then
 * each second.
 */
static void pass(struct rig *rig, unsigned int count)
{
	struct epoll_event event;

	for (unsigned int i = 0; i < count; i++) {
		ck_assert_int_eq(epoll_wait(rig->vm.loop.epoll_fd, &event, 1, 5000), 1);
		ck_assert_ptr_eq(event.data.ptr, &rig->button.timer);
		rig->button.timer.ready(rig->button.timer.owner, event.events);
	}
}

START_TEST(who_does_not_hear_is_not_waited_for)
{
	static const struct {
		unsigned int grace;
		uint8_t listens;
	} cases[] = { { 30, 0 }, { 0, GED_POWER_BUTTON }, { 0, 0 } };
	struct rig rig;

	begin(&rig, cases[_i].grace);
	listen(&rig, cases[_i].listens);
	power_button_ask(&rig.button);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_QUIT);
	ck_assert(!power_button_asked(&rig.button));
	end(&rig);
}
END_TEST

START_TEST(a_second_request_does_not_wait)
{
	struct rig rig;

	begin(&rig, 30);
	listen(&rig, GED_POWER_BUTTON);
	power_button_ask(&rig.button);
	ck_assert(power_button_asked(&rig.button));
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	power_button_ask(&rig.button);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_QUIT);
	end(&rig);
}
END_TEST

START_TEST(the_time_runs_out)
{
	struct rig rig;

	begin(&rig, 2);
	listen(&rig, GED_POWER_BUTTON);
	power_button_ask(&rig.button);
	pass(&rig, 2);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	pass(&rig, 1);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_QUIT);
	end(&rig);
	stderr_holds(&rig.said, "guest: did not power off within 2 seconds: it is stopped");
}
END_TEST

static bool says_yes(void *owner)
{
	return *(const bool *)owner;
}

/*
 * A guest whose CPU waits for a server is not waited for. minivmm finds it when it asks, or
 * later.
 */
START_TEST(who_cannot_go_on_is_stopped)
{
	bool hopeless = false;
	struct rig rig;

	begin(&rig, 30);
	power_button_watch(&rig.button, says_yes, &hopeless);
	listen(&rig, GED_POWER_BUTTON);
	power_button_ask(&rig.button);
	pass(&rig, 1);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	hopeless = true;
	pass(&rig, 1);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_QUIT);
	ck_assert(!power_button_asked(&rig.button));
	end(&rig);
	stderr_holds(&rig.said,
		     "guest: cannot power off, because a server or a file does not answer it");
}
END_TEST

/* The system was just starting when the button was pressed first. */
START_TEST(it_is_pressed_again)
{
	struct rig rig;

	begin(&rig, 30);
	listen(&rig, GED_POWER_BUTTON);
	power_button_ask(&rig.button);
	ck_assert_uint_eq(take_event(&rig), GED_POWER_BUTTON);
	pass(&rig, 5);
	ck_assert_uint_eq(take_event(&rig), 0);
	pass(&rig, 1);
	ck_assert_uint_eq(take_event(&rig), GED_POWER_BUTTON);
	end(&rig);
}
END_TEST

/* ---- a key at a PL061 ---- */

/*
 * arm64's layout belongs to another program. The controller is put where this one's layout has no
 * GPIO.
 */
static uint32_t gpio_read(struct rig *rig, unsigned int offset)
{
	uint32_t value = UINT32_MAX;

	bus_read(&rig->vm.mmio, arch_layout.gpio_mmio + offset, &value, sizeof(value));
	return value;
}

static void gpio_write(struct rig *rig, unsigned int offset, uint32_t value)
{
	bus_write(&rig->vm.mmio, arch_layout.gpio_mmio + offset, &value, sizeof(value));
}

#define DATA(mask) ((mask) << 2)
#define BUTTON     (1u << PL061_BUTTON_PIN)

static void begin_gpio(struct rig *rig)
{
	begin(rig, 30);
	ck_assert_int_eq(pl061_add(&rig->gpio, &rig->vm), 0);
}

static void end_gpio(struct rig *rig)
{
	pl061_destroy(&rig->gpio);
	pl061_destroy(&rig->gpio);
	end(rig);
}

/* Linux' gpio-keys does this: it wants both edges, and reads and acknowledges each. */
START_TEST(gpio_keys_sees_a_press_and_a_release)
{
	struct rig rig;

	begin_gpio(&rig);
	ck_assert(!pl061_press(&rig.gpio));
	gpio_write(&rig, 0x408, BUTTON);
	gpio_write(&rig, 0x410, BUTTON);
	ck_assert(pl061_press(&rig.gpio));
	ck_assert(fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(gpio_read(&rig, 0x418), BUTTON);
	gpio_write(&rig, 0x41c, BUTTON);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(gpio_read(&rig, DATA(0xf7)), 0); /* other pins: nobody has seen it yet */
	ck_assert_uint_eq(gpio_read(&rig, DATA(BUTTON)), BUTTON);
	ck_assert(fake_kvm_pin(arch_layout.button_gsi)); /* released */
	gpio_write(&rig, 0x41c, BUTTON);
	ck_assert_uint_eq(gpio_read(&rig, DATA(BUTTON)), 0);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi));
	pl061_press(&rig.gpio);
	pl061_reset(&rig.gpio);
	ck_assert(!fake_kvm_pin(arch_layout.button_gsi));
	ck_assert_uint_eq(gpio_read(&rig, 0x410), 0);
	end_gpio(&rig);
}
END_TEST

/* Which of GPIOIS, GPIOIBE and GPIOIEV make which raw interrupt of a pin that goes up. */
START_TEST(each_kind_of_interrupt)
{
	static const struct {
		uint8_t is, ibe, iev, down, up;
	} cases[] = {
		{ 0, 0, 0, 0, 0 },           { 0, 0, BUTTON, 0, BUTTON },
		{ 0, BUTTON, 0, 0, BUTTON }, { BUTTON, 0, BUTTON, 0, BUTTON },
		{ BUTTON, 0, 0, BUTTON, 0 },
	};
	struct rig rig;

	begin_gpio(&rig);
	gpio_write(&rig, 0x404, cases[_i].is);
	gpio_write(&rig, 0x408, cases[_i].ibe);
	gpio_write(&rig, 0x40c, cases[_i].iev);
	ck_assert_uint_eq(gpio_read(&rig, 0x414) & BUTTON, cases[_i].down);
	gpio_write(&rig, 0x410, BUTTON);
	ck_assert(pl061_press(&rig.gpio));
	ck_assert_uint_eq(gpio_read(&rig, 0x414) & BUTTON, cases[_i].up);
	end_gpio(&rig);
}
END_TEST

START_TEST(outputs_read_what_was_written_and_ids_are_arm_s)
{
	static const uint32_t ids[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
	struct rig rig;

	begin_gpio(&rig);
	gpio_write(&rig, 0x400, 0x0f);
	gpio_write(&rig, DATA(0x3c), 0xff);
	ck_assert_uint_eq(gpio_read(&rig, DATA(0xff)), 0x0c); /* masked, and outputs alone */
	for (unsigned int i = 0; i < UNIT_COUNT(ids); i++)
		ck_assert_uint_eq(gpio_read(&rig, 0xfe0 + 4 * i), ids[i]);
	/* There is no other register, and an access to another place does no harm. */
	for (unsigned int offset = 0x424; offset < 0xfe0; offset += 4)
		ck_assert_uint_eq(gpio_read(&rig, offset), 0);
	ck_assert_uint_eq(gpio_read(&rig, 0x401) & 0xff, 0);
	end_gpio(&rig);
}
END_TEST

UNIT_MAIN("power_button", { a_press_interrupts_and_is_told_once, 0 },
	  { nobody_hears_before_its_system_has_started, 0 },
	  { who_does_not_hear_is_not_waited_for, 3 }, { a_second_request_does_not_wait, 0 },
	  { the_time_runs_out, 0 }, { who_cannot_go_on_is_stopped, 0 }, { it_is_pressed_again, 0 },
	  { gpio_keys_sees_a_press_and_a_release, 0 }, { each_kind_of_interrupt, 5 },
	  { outputs_read_what_was_written_and_ids_are_arm_s, 0 })
