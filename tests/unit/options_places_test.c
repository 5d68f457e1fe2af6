/* SPDX-License-Identifier: MIT */
/*
 * vmm/cli/options_places.c and options_qemu_ports.c: root ports as lines of QEMU's describe them,
 * and who is below which port.
 */
#include <errno.h>
#include <string.h>

#include "command_line.h"
#include "unit.h"

#define PORT "-device pcie-root-port,id=rp1 "
#define CARD "-device vfio-pci,host=01:00.0"

static int add_device(char *text, size_t size, const struct vfio_device_options *vfio,
		      const char *name)
{
	int length = snprintf(text, size, "%s%s", name, vfio->port == VFIO_PORT_ON ? " port" : "");

	if (vfio->bus)
		length += snprintf(text + length, size - (size_t)length, " %s", vfio->bus);
	if (vfio->has_devfn)
		length += snprintf(text + length, size - (size_t)length, " %x.%x", vfio->devfn >> 3,
				   vfio->devfn & 7);
	return length + snprintf(text + length, size - (size_t)length, "; ");
}

static int add_port(char *text, size_t size, const struct options_port *port)
{
	int length = snprintf(text, size, "%s%s", port->id ? port->id : "?",
			      port->fixed ? " fixed" : "");

	if (port->has_devfn)
		length += snprintf(text + length, size - (size_t)length, " %x.%x", port->devfn >> 3,
				   port->devfn & 7);
	for (unsigned int i = 0; i < PCI_WINDOWS; i++)
		if (port->room[i])
			length += snprintf(text + length, size - (size_t)length, " %u:%lluK", i,
					   (unsigned long long)port->room[i] >> 10);
	return length + snprintf(text + length, size - (size_t)length, "; ");
}

/* Write down all devices and ports, and where they are to be. */
static const char *describe(const struct config *config)
{
	static char text[1024];
	int length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < config->device_count; i++)
		length += add_device(text + length, sizeof(text) - (size_t)length, &config->vfio[i],
				     config->devices[i] + strlen("0000:"));
	for (unsigned int i = 0; i < config->user_count; i++)
		length += add_device(text + length, sizeof(text) - (size_t)length,
				     &config->users[i].vfio, "program");
	length += snprintf(text + length, sizeof(text) - (size_t)length, "| ");
	for (unsigned int i = 0; i < config->named_port_count; i++)
		length += add_port(text + length, sizeof(text) - (size_t)length,
				   &config->named_ports[i]);
	return text;
}

/* `note` is what is said, or NULL for nothing. */
static const struct {
	const char *line, *places, *note;
} followed[] = {
	{ PORT CARD ",bus=rp1", "01:00.0 port rp1 0.0; | rp1; ", NULL },
	{ CARD ",bus=rp1 " PORT, "01:00.0 port rp1 0.0; | rp1; ", NULL },
	{ PORT "--vfio 01:00.0,bus=rp1", "01:00.0 port rp1 0.0; | rp1; ", NULL },
	{ PORT "--vfio-user /tmp/s,bus=rp1", "program port rp1 0.0; | rp1; ", NULL },
	{ PORT "--vfio demo,bus=rp1,addr=0", "program port rp1 0.0; | rp1; ", NULL },
	{ PORT CARD, "01:00.0; | rp1; ", NULL },
	{ "-device pcie-root-port " CARD, "01:00.0; | ?; ", NULL },
	{ CARD ",bus=rp1,addr=00.0 "
	       "-device pcie-root-port,id=rp1,chassis=1,slot=1,port=0x10,bus=pcie.0,addr=0x1c.0x1 "
	       "-device pcie-root-port,id=rp0,bus=pcie.0,addr=1c.0,multifunction=on",
	  "01:00.0 port rp1 0.0; | rp1 1c.1; rp0 1c.0; ", NULL },
	{ "-device ioh3420,bus=pcie.0,addr=1c.0,multifunction=on,port=1,chassis=1,id=root.1 "
	  "-device vfio-pci,host=01:00.0,bus=root.1,addr=00.0,multifunction=on "
	  "-device vfio-pci,host=01:00.1,bus=root.1,addr=00.1",
	  "01:00.0 port root.1 0.0; 01:00.1 port root.1 0.1; | root.1 1c.0; ", NULL },
	{ "-device {\"driver\":\"pcie-root-port\",\"port\":16,\"chassis\":1,\"id\":\"pci.1\","
	  "\"bus\":\"pcie.0\",\"multifunction\":true,\"addr\":\"0x2\"} -device "
	  "{\"driver\":\"pcie-root-port\",\"port\":17,\"chassis\":2,\"id\":\"pci.2\",\"bus\":"
	  "\"pcie.0\",\"addr\":\"0x2.0x1\"} -device {\"driver\":\"vfio-pci\",\"host\":"
	  "\"0000:01:00.0\",\"id\":\"hostdev0\",\"bus\":\"pci.2\",\"addr\":\"0x0\"}",
	  "01:00.0 port pci.2 0.0; | pci.1 2.0; pci.2 2.1; ", NULL },
	/* sizes: a number is of bytes, and a window is a power of two */
	{ "-device pcie-root-port,id=a,mem-reserve=33M,pref64-reserve=34359738368,io-reserve=4K",
	  "| a 0:4K 1:65536K 2:33554432K; ", NULL },
	{ "-device pcie-root-port,id=a,mem-reserve=0,pref64-reserve=-1,io-reserve=0,bus-reserve=1",
	  "| a 1:1024K; ", NULL },
	{ "-device "
	  "{\"driver\":\"pcie-root-port\",\"id\":\"a\",\"pref64-reserve\":4294967296,\"hotplug\":"
	  "false,\"x-speed\":\"16\"}",
	  "| a fixed 2:4194304K; ", NULL },
	{ "-device pcie-root-port,id=a,mem-reserve=0x200000", "| a 1:2048K; ", NULL },
	{ "-device pcie-root-port,id=a,hotplug=no,multifunction", "| a fixed; ", NULL },
	/* functions of one device keep their numbers, whoever comes first */
	{ PORT "-device vfio-pci,host=01:00.1,bus=rp1 " CARD ",bus=rp1",
	  "01:00.1 port rp1 0.1; 01:00.0 port rp1 0.0; | rp1; ", NULL },
	{ PORT "-device vfio-pci,host=01:00.2,bus=rp1 -device vfio-pci,host=01:00.1,bus=rp1",
	  "01:00.2 port rp1 0.0; 01:00.1 port rp1 0.1; | rp1; ", NULL },
	{ PORT "-device vfio-pci,host=01:00.1,bus=rp1", "01:00.1 port rp1 0.0; | rp1; ", NULL },
	{ PORT "-device vfio-pci,host=01:00.1,bus=rp1 " CARD ",bus=rp1,addr=0.1",
	  "01:00.1 port rp1 0.0; 01:00.0 port rp1 0.1; | rp1; ", NULL },
	/* as QEMU does, if each says its function */
	{ PORT CARD ",bus=rp1,addr=0.0,multifunction=on -device "
		    "vfio-pci,host=02:00.0,bus=rp1,addr=0.1",
	  "01:00.0 port rp1 0.0; 02:00.0 port rp1 0.1; | rp1; ", NULL },
	/* the root bus */
	{ CARD ",bus=pcie.0,addr=5", "01:00.0 5.0; | ", NULL },
	{ CARD ",bus=pci.0,addr=0x5.0x0", "01:00.0 5.0; | ", NULL },
	{ PORT CARD ",bus=pcie.0,port=on", "01:00.0 port; | rp1; ", NULL },
	/* what a guest has not */
	{ "-device pxb-pcie,id=pxb1,bus_nr=128,bus=pcie.0 -device "
	  "pcie-root-port,id=rp1,bus=pxb1,addr=3 " CARD ",bus=rp1",
	  "01:00.0 port rp1 0.0; | rp1; ", "pxb-pcie: a guest has one root bus" },
	{ CARD ",bus=pxb1,addr=3 -device pxb-pcie,id=pxb1", "01:00.0; | ", "pxb-pcie" },
	{ PORT "-device x3130-upstream,id=up1,bus=rp1 -device "
	       "xio3130-downstream,id=d1,bus=up1,chassis=3,slot=1,addr=2.0 " CARD ",bus=d1",
	  "01:00.0 port d1 0.0; | rp1; d1; ", "x3130-upstream: a guest has no switches" },
	{ PORT "-device pcie-pci-bridge,id=b1,bus=rp1 " CARD ",bus=b1,addr=4", "01:00.0; | rp1; ",
	  "pcie-pci-bridge" },
	/* half of a line, and Proxmox' ports, which a file of its own has */
	{ CARD ",bus=root.1,addr=00.0", "01:00.0; | ",
	  "bus=root.1: no -device pcie-root-port has this id; it is on the root bus" },
	{ "-readconfig /usr/share/qemu-server/pve-q35-4.0.cfg -device "
	  "vfio-pci,host=0000:01:00.0,id=hostpci0,bus=ich9-pcie-port-1,addr=0x0.0 -device "
	  "vfio-pci,host=0000:01:00.1,id=hostpci0.1,bus=ich9-pcie-port-1,addr=0x0.1",
	  "01:00.0 port ich9-pcie-port-1 0.0; 01:00.1 port ich9-pcie-port-1 0.1; "
	  "| ich9-pcie-port-1; ",
	  "Proxmox' own list of bridges" },
};

START_TEST(is_followed)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_msg(command_line_catch(&config, followed[_i].line, &caught) == 0, "%s",
		      caught.text);
	ck_assert_str_eq(describe(&config), followed[_i].places);
	if (followed[_i].note)
		stderr_holds(&caught, followed[_i].note);
	else
		ck_assert_str_eq(caught.text, "");
}
END_TEST

static const struct {
	const char *line, *object, *words;
} refused[] = {
	{ PORT CARD ",bus=rp2", "0000:01:00.0", "bus=rp2: no -device pcie-root-port has this id" },
	{ PORT PORT, "-device", "id=rp1 is given twice" },
	{ PORT CARD ",id=rp1", "-device", "id=rp1 is given twice" },
	{ CARD ",id=a --vfio-user /tmp/s,id=a", "-device", "id=a is given twice" },
	{ PORT CARD ",bus=rp1,port=off", "0000:01:00.0", "bus=rp1 is a root port, but port=off" },
	{ PORT CARD ",bus=rp1 -device vfio-pci,host=02:00.0,bus=rp1", "0000:02:00.0",
	  "bus=rp1: 0000:01:00.0 is below this port already" },
	{ PORT CARD ",bus=rp1,addr=0 -device vfio-pci,host=01:00.1,bus=rp1,addr=0", "0000:01:00.1",
	  "addr=0.0 is taken by 0000:01:00.0" },
	{ PORT CARD ",bus=rp1,addr=1.0", "0000:01:00.0",
	  "bus=rp1,addr=1.0: below a root port there is only device 0" },
	{ PORT CARD ",bus=rp1,addr=0.1", "0000:01:00.0", "because no device is addr=0.0" },
	{ PORT CARD ",bus=rp1 --vfio demo,bus=rp1", "demo", "is alone below a port" },
	{ CARD ",addr=5 -device vfio-pci,host=02:00.0,addr=5", "0000:02:00.0",
	  "addr=5.0 is taken by 0000:01:00.0" },
	{ "-device pcie-root-port,id=rp1,addr=5 " CARD ",addr=5.0", "0000:01:00.0",
	  "addr=5.0 is taken by rp1" },
	{ "-device pcie-root-port,id=rp1,addr=5.1", "rp1", "because no device is addr=5.0" },
	{ "-device pcie-root-port,id=rp1,addr=0", "rp1", "addr=0.0 is taken by the host bridge" },
	{ CARD ",port=on,addr=5", "0000:01:00.0", "cannot be combined with port=on" },
	{ CARD ",bus=pcie.0,port=on,addr=5", "0000:01:00.0", "cannot be combined with port=on" },
	{ PORT "-device pcie-root-port,id=rp2,bus=rp1", "rp2",
	  "bus=rp1: a root port is on the root bus, not below another port" },
	{ PORT "-device pcie-root-port,id=rp2,bus=nothing", "rp2",
	  "bus=nothing: no -device pcie-root-port has this id" },
	{ "-device pcie-root-port,addr=20", "-device", "pcie-root-port: addr=20: expected addr=" },
	{ "-device pcie-root-port,addr=1.8", "-device", "addr=1.8: expected" },
	{ "-device pcie-root-port,id=", "-device", "id=: expected id=a name" },
	{ "-device pcie-root-port,hotplug=maybe", "-device", "expected hotplug=on or off" },
	{ "-device pcie-root-port,mem-reserve=2G", "-device", "expected mem-reserve=0 to 1G" },
	{ "-device pcie-root-port,pref64-reserve=x", "-device", "expected pref64-reserve=0 to 4T" },
	{ "-device pcie-root-port,io-reserve=128K", "-device", "expected io-reserve=0 to 64K" },
	{ "-device pcie-root-port,addr", "-device", "addr: expected addr=a device number" },
	{ "-device ioh3420,nonsense=1", "-device", "ioh3420: unknown property 'nonsense'" },
};

START_TEST(is_refused)
{
	command_line_refused(refused[_i].line, refused[_i].object, refused[_i].words);
}
END_TEST

/* There are 31 numbers for buses. */
START_TEST(too_many)
{
	char line[2048] = "";

	for (unsigned int i = 0; i < 32; i++)
		strcat(line, "-device pcie-root-port ");
	command_line_refused(line, "-device", "more than 31 root ports");
}
END_TEST

UNIT_MAIN("options_places", { is_followed, UNIT_COUNT(followed) },
	  { is_refused, UNIT_COUNT(refused) }, { too_many, 0 })
