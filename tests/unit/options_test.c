/* SPDX-License-Identifier: MIT */
/* vmm/cli/options.c and options_devices.c: good and bad command lines, one table each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command_line.h"
#include "stderr_text.h"
#include "unit.h"

#define MIB (1ull << 20)

static const char *or_none(const char *text)
{
	return text ? text : "-";
}

/* A device, and what was said of it. */
static int describe_device(const struct config *config, unsigned int i, char *text, size_t size)
{
	const struct vfio_device_options *vfio = &config->vfio[i];
	int length = snprintf(text, size, " %s%s%s%s%s%s%s%s", config->devices[i],
			      vfio->romfile ? ",rom=" : "", vfio->romfile ? vfio->romfile : "",
			      vfio->no_rom ? ",no-rom" : "", vfio->vf_token ? "," : "",
			      vfio->vf_token ? vfio->vf_token : "", vfio->no_mmap ? ",trapped" : "",
			      vfio->no_kvm_irqfd ? ",no-irqfd" : "");

	if (vfio->has_fd)
		length += snprintf(text + length, size - (size_t)length, ",fd=%d", vfio->fd);
	if (vfio->port != VFIO_PORT_DEFAULT)
		length += snprintf(text + length, size - (size_t)length, ",port %s",
				   vfio->port == VFIO_PORT_ON ? "on" : "off");
	if (vfio->id)
		length += snprintf(text + length, size - (size_t)length, ",id %s", vfio->id);
	if (vfio->errors_to_guest)
		length += snprintf(text + length, size - (size_t)length, ",errors to guest");
	for (unsigned int id = 0; id < VFIO_IDS; id++)
		if (vfio->ids[id].given)
			length += snprintf(text + length, size - (size_t)length, ",%u:%x", id,
					   vfio->ids[id].value);
	return length;
}

/* Write down all that was asked for, as text. */
static void describe(const struct config *config, char *text, size_t size)
{
	int length =
		snprintf(text, size, "%d k=%s i=%s a=%s c=%s m=%llu n=%u%s%s", config->command,
			 or_none(config->kernel), or_none(config->initrd), or_none(config->append),
			 config->console, (unsigned long long)(config->memory / MIB), config->cpus,
			 config->no_reboot ? " once" : "", config->stats ? " stats" : "");

	if (config->command == OPTIONS_RUN && config->grace != 30)
		length +=
			snprintf(text + length, size - (size_t)length, " grace=%u", config->grace);
	if (config->ports)
		length +=
			snprintf(text + length, size - (size_t)length, " ports=%u", config->ports);
	if (config->port_prefetchable)
		length += snprintf(text + length, size - (size_t)length, " room=%llu/%llu",
				   (unsigned long long)config->port_memory >> 20,
				   (unsigned long long)config->port_prefetchable >> 20);
	if (config->qmp)
		length += snprintf(text + length, size - (size_t)length, " qmp=%s", config->qmp);
	if (config->huge_page)
		length += snprintf(text + length, size - (size_t)length, " pages=%llu",
				   (unsigned long long)config->huge_page);
	if (config->pinned.count)
		length += snprintf(text + length, size - (size_t)length, " pin=%u..%u",
				   config->pinned.cpus[0],
				   config->pinned.cpus[config->pinned.count - 1]);
	if (config->json)
		length += snprintf(text + length, size - (size_t)length, " json");
	if (config->trace.file)
		length += snprintf(text + length, size - (size_t)length, " trace=%s/%u",
				   config->trace.file, config->trace.topics);
	if (config->trace.faults.count)
		length += snprintf(text + length, size - (size_t)length, " faults=%u",
				   config->trace.faults.count);
	if (config->access != HOST_ACCESS_ANY)
		length += snprintf(text + length, size - (size_t)length, " by %s",
				   config->access == HOST_ACCESS_GROUP ? "groups" : "iommufd");
	if (config->has_iommufd_fd)
		length += snprintf(text + length, size - (size_t)length, " %d", config->iommufd_fd);
	for (unsigned int i = 0; i < config->device_count; i++)
		length += describe_device(config, i, text + length, size - (size_t)length);
	for (unsigned int i = 0; i < config->user_count; i++)
		length += snprintf(text + length, size - (size_t)length, " @%s%s",
				   or_none(config->users[i].path),
				   config->users[i].vfio.no_mmap ? ",trapped" : "");
}

static const struct {
	const char *line, *config;
} good[] = {
	{ "", "0 k=- i=- a=- c=stdio m=512 n=1" },
	{ "run", "0 k=- i=- a=- c=stdio m=512 n=1" },
	{ "--vfio 01:00.0", "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0" },
	{ "run --vfio 0000:01:00.0", "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0" },
	{ "--vfio=ABcd:eF:1f.7", "0 k=- i=- a=- c=stdio m=512 n=1 abcd:ef:1f.7" },
	{ "--vfio 01:00.0 --vfio 01:00.1",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0 0000:01:00.1" },
	{ "--kernel bzImage --initrd init.gz --append quiet",
	  "0 k=bzImage i=init.gz a=quiet c=stdio m=512 n=1" },
	{ "--initrd init.gz --kernel=bzImage", "0 k=bzImage i=init.gz a=- c=stdio m=512 n=1" },
	{ "--append a=b,c --append last", "0 k=- i=- a=last c=stdio m=512 n=1" },
	{ "--memory 4G --cpus 4", "0 k=- i=- a=- c=stdio m=4096 n=4" },
	{ "--memory 1024", "0 k=- i=- a=- c=stdio m=1024 n=1" },
	{ "--memory 2048K", "0 k=- i=- a=- c=stdio m=2 n=1" },
	{ "--memory 1t", "0 k=- i=- a=- c=stdio m=1048576 n=1" },
	{ "--cpus 1024", "0 k=- i=- a=- c=stdio m=512 n=1024" },
	{ "--console none", "0 k=- i=- a=- c=none m=512 n=1" },
	{ "--console pty", "0 k=- i=- a=- c=pty m=512 n=1" },
	{ "--console file:/tmp/log", "0 k=- i=- a=- c=file:/tmp/log m=512 n=1" },
	{ "--ports 31", "0 k=- i=- a=- c=stdio m=512 n=1 ports=31" },
	{ "--ports 2,pref64-reserve=33G,mem-reserve=1K",
	  "0 k=- i=- a=- c=stdio m=512 n=1 ports=2 room=1/65536" },
	{ "--vfio 01:00.0,port=on,id=disk --vfio 02:00.0,port=off",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,port on,id disk 0000:02:00.0,port off" },
	{ "--vfio 01:00.0,port=on,on-error=guest --vfio 02:00.0,on-error=stop",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,port on,errors to guest 0000:02:00.0" },
	{ "--grace 0", "0 k=- i=- a=- c=stdio m=512 n=1 grace=0" },
	{ "--qmp unix:/run/q", "0 k=- i=- a=- c=stdio m=512 n=1 qmp=/run/q" },
	{ "-qmp unix:/run/q,server=on,wait=off", "0 k=- i=- a=- c=stdio m=512 n=1 qmp=/run/q" },
	{ "-qmp unix:q,server,nowait", "0 k=- i=- a=- c=stdio m=512 n=1 qmp=q" },
	{ "--grace 86400", "0 k=- i=- a=- c=stdio m=512 n=1 grace=86400" },
	{ "--no-reboot --stats", "0 k=- i=- a=- c=stdio m=512 n=1 once stats" },
	{ "--trace - --trace-filter irq", "0 k=- i=- a=- c=stdio m=512 n=1 trace=-/16" },
	{ "--inject irq#1=lost --vfio 01:00.0",
	  "0 k=- i=- a=- c=stdio m=512 n=1 faults=1 0000:01:00.0,no-irqfd" },
	{ "--trace a.json --inject irq#1=lost --inject KVM_RUN#2=EIO",
	  "0 k=- i=- a=- c=stdio m=512 n=1 trace=a.json/1023 faults=2" },
	{ "config 01:00.0 --json 02:00.0",
	  "5 k=- i=- a=- c=stdio m=512 n=1 json 0000:01:00.0 0000:02:00.0" },
	{ "--help", "1 k=- i=- a=- c=stdio m=512 n=1" },
	{ "-h", "1 k=- i=- a=- c=stdio m=512 n=1" },
	{ "--version", "2 k=- i=- a=- c=stdio m=512 n=1" },
	/* QEMU's spellings. */
	{ "-kernel bzImage -initrd init.gz -append quiet -m 2G -smp 2 -no-reboot "
	  "-device vfio-pci,host=01:00.0",
	  "0 k=bzImage i=init.gz a=quiet c=stdio m=2048 n=2 once 0000:01:00.0" },
	{ "-device vfio-pci,host=0000:01:00.0 -m 256",
	  "0 k=- i=- a=- c=stdio m=256 n=1 0000:01:00.0" },
	{ "--memory 4G,hugepages=2M", "0 k=- i=- a=- c=stdio m=4096 n=1 pages=2097152" },
	{ "-m size=1G", "0 k=- i=- a=- c=stdio m=1024 n=1" },
	{ "--memory 1.5G", "0 k=- i=- a=- c=stdio m=1536 n=1" },
	{ "-m 1G,hugepages=on", "0 k=- i=- a=- c=stdio m=1024 n=1 pages=1" },
	{ "--memory 2G,hugepages=1G,hugepages=off", "0 k=- i=- a=- c=stdio m=2048 n=1" },
	{ "--cpus 2,pin=2-3 --cpus 4", "0 k=- i=- a=- c=stdio m=512 n=4" },
	{ "--cpus 5,pin=2-5,8", "0 k=- i=- a=- c=stdio m=512 n=5 pin=2..8" },
	{ "-smp cpus=3", "0 k=- i=- a=- c=stdio m=512 n=3" },
	/* Devices in software. */
	{ "--vfio demo", "0 k=- i=- a=- c=stdio m=512 n=1 @-" },
	{ "--vfio demo,x-no-mmap=on --vfio-user demo --vfio 01:00.0",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0 @-,trapped @demo" },
	{ "--vfio-user /run/a,,b,x-no-mmap=on --vfio-user c",
	  "0 k=- i=- a=- c=stdio m=512 n=1 @/run/a,b,trapped @c" },
	/* Properties. */
	{ "--vfio 01:00.0,x-no-mmap=on,x-no-kvm-irqfd=on --vfio 02:00.0",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,trapped,no-irqfd 0000:02:00.0" },
	{ "--vfio 01:00.0,x-no-mmap=on,x-no-mmap=off",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0" },
	{ "--vfio 01:00.0,x-pci-vendor-id=0x8086,x-pci-device-id=4660,x-pci-class-code=0xffffff",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,0:8086,1:1234,4:ffffff" },
	{ "--vfio 01:00.0,romfile=a,,b.rom,rombar=1 --vfio 02:00.0,rombar=0",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,rom=a,b.rom 0000:02:00.0,no-rom" },
	{ "--vfio 01:00.0,vf-token=2ab74924-C335-45f4-9b16-8569e5b08258",
	  "0 k=- i=- a=- c=stdio m=512 n=1 "
	  "0000:01:00.0,2ab74924-C335-45f4-9b16-8569e5b08258" },
	{ "-device vfio-pci,x-pci-sub-vendor-id=0,host=01:00.0,x-pci-sub-device-id=0xffff",
	  "0 k=- i=- a=- c=stdio m=512 n=1 0000:01:00.0,2:0,3:ffff" },
	/* By which files. */
	{ "--vfio 01:00.0,iommufd=off --vfio 02:00.0",
	  "0 k=- i=- a=- c=stdio m=512 n=1 by groups 0000:01:00.0 0000:02:00.0" },
	{ "--vfio 01:00.0 --vfio 02:00.0,iommufd=on",
	  "0 k=- i=- a=- c=stdio m=512 n=1 by iommufd 0000:01:00.0 0000:02:00.0" },
	{ "--vfio 01:00.0,fd=12", "0 k=- i=- a=- c=stdio m=512 n=1 by iommufd 0000:01:00.0,fd=12" },
	{ "-object iommufd,id=a,fd=11 -device vfio-pci,host=01:00.0,iommufd=a,fd=12",
	  "0 k=- i=- a=- c=stdio m=512 n=1 by iommufd 11 0000:01:00.0,fd=12" },
	{ "-device vfio-pci,host=01:00.0,iommufd=a -object iommufd,id=a",
	  "0 k=- i=- a=- c=stdio m=512 n=1 by iommufd 0000:01:00.0" },
};

START_TEST(good_line)
{
	struct config config;
	char text[512];

	ck_assert_int_eq(command_line_parse(&config, good[_i].line), 0);
	describe(&config, text, sizeof(text));
	ck_assert_str_eq(text, good[_i].config);
}
END_TEST

#define SIZE_WORDS "expected a size in whole MiB, such as 512M or 4G"
#define CPUS_WORDS "expected a number from 1 to 1024"
#define BDF_WORDS  "expected a PCI address such as 01:00.0 or 0000:01:00.0"

static const struct {
	const char *line, *object, *words;
} bad[] = {
	{ "--user nobody --no-sandbox", "--user", "combined with --no-sandbox" },
	{ "--vfio", "--vfio", "needs a value" },
	{ "--memory", "--memory", "needs a value" },
	{ "--nonsense", "--nonsense", "unknown option" },
	{ "-x", "-x", "unknown option" },
	{ "--mem 4G", "--mem", "unknown option" },
	{ "--help=yes", "--help=yes", "unknown option" },
	{ "--trace", "--trace", "needs a value" },
	{ "--trace-filter irq", "--trace-filter", "needs --trace" },
	{ "--trace - --trace-filter irq,dmas", "--trace-filter", "dmas: expected some of kvm," },
	{ "--inject KVM_RUN=EIO", "--inject", "expected IOCTL#N=ERRNO" },
	{ "config", "config", "expected the address of a device" },
	{ "config 01:00.0 --all", "--all", "unknown option here" },
	{ "--qmp /run/q", "--qmp", "/run/q: expected unix:PATH" },
	{ "--qmp unix:", "--qmp", "expected unix:PATH" },
	{ "-qmp tcp:localhost:4444,server=on", "--qmp", "expected unix:PATH" },
	{ "-qmp unix:q,server=off", "--qmp", "server=off: minivmm listens" },
	{ "-qmp unix:q,wait=on", "--qmp", "does not wait for a client" },
	{ "--grace -1", "--grace", "expected a number of seconds" },
	{ "--grace 5s", "--grace", "5s: expected a number of seconds from 0 to 86400" },
	{ "--grace 86401", "--grace", "expected a number of seconds" },
	{ "--grace 99999999999999999999", "--grace", "expected a number of seconds" },
	{ "stray", "stray", "unexpected word" },
	{ "run run", "run", "unexpected word" },
	{ "--cpus 2 stray", "stray", "unexpected word" },
	{ "--vfio 01:00.0 run", "run", "unexpected word" },
	{ "--initrd init.gz", "--initrd", "needs --kernel" },
	{ "--memory 0", "--memory", SIZE_WORDS },
	{ "--memory -1", "--memory", SIZE_WORDS },
	{ "--memory 1.0001G", "--memory", SIZE_WORDS },
	{ "--memory 512MB", "--memory", SIZE_WORDS },
	{ "--memory M", "--memory", SIZE_WORDS },
	{ "--memory 512X", "--memory", SIZE_WORDS },
	{ "--memory 1025K", "--memory", SIZE_WORDS },
	{ "--memory 0x200", "--memory", SIZE_WORDS },
	{ "--memory 65T", "--memory", "65T: more than 64T" },
	{ "--memory 16777216T", "--memory", SIZE_WORDS },
	{ "--memory 18446744073709551615", "--memory", SIZE_WORDS },
	{ "--memory 99999999999999999999", "--memory", SIZE_WORDS },
	{ "-m 512,slot=2", "--memory", SIZE_WORDS },
	{ "--memory hugepages=2M", "--memory", SIZE_WORDS },
	{ "--memory 1G,", "--memory", SIZE_WORDS },
	{ "--memory ,1G", "--memory", "no size: expected a size" },
	{ "--memory 1G,", "--memory", "a comma with nothing behind it" },
	{ "--memory 1G,hugepages=4K", "--memory", "hugepages=4K: expected a size" },
	{ "--cpus 2,pin=", "--cpus", "pin=: expected a list of host CPUs" },
	{ "--cpus 2,pin=1", "--cpus", "pin=: 1 host CPUs for 2 vCPUs" },
	{ "--cpus 2,pin=3-1", "--cpus", "pin=3-1: expected a list" },
	{ "--cpus 2,pin=1,x", "--cpus", "pin=1,x: expected a list" },
	{ "--cpus 1,pin=99999999999", "--cpus", "expected a list" },
	{ "--cpus 1,pin=1024", "--cpus", "expected a list" },
	{ "--cpus 2,pin=0-1,", "--cpus", "expected a list" },
	{ "--cpus 0", "--cpus", CPUS_WORDS },
	{ "--cpus 1025", "--cpus", CPUS_WORDS },
	{ "--cpus -1", "--cpus", CPUS_WORDS },
	{ "--cpus two", "--cpus", CPUS_WORDS },
	{ "--cpus 4x", "--cpus", CPUS_WORDS },
	{ "--cpus 4294967297", "--cpus", CPUS_WORDS },
	{ "-smp cpus=", "--cpus", CPUS_WORDS },
	{ "--console tty", "--console", "expected stdio, none, pty or file:PATH" },
	{ "--console file:", "--console", "expected stdio, none, pty or file:PATH" },
	{ "--console stdiox", "--console", "expected stdio, none, pty or file:PATH" },
	{ "--vfio 01:00", "--vfio", BDF_WORDS },
	{ "--vfio 01:00.8", "--vfio", BDF_WORDS },
	{ "--vfio 01:20.0", "--vfio", BDF_WORDS },
	{ "--vfio 01.00.0", "--vfio", BDF_WORDS },
	{ "--vfio 01:00.0x", "--vfio", BDF_WORDS },
	{ "--vfio /sys/bus/pci/devices/0000:01:00.0", "--vfio", BDF_WORDS },
	{ "--vfio ,", "--vfio", "unknown property ''" },
	{ "--vfio 01:00.0,nonsense=1", "--vfio",
	  "unknown property 'nonsense'; known are romfile, rombar, vf-token, iommufd, fd, "
	  "x-acpi-rom, "
	  "x-no-mmap, x-no-kvm-irqfd" },
	{ "--vfio 01:00.0,romfile", "--vfio", "expected romfile=a file" },
	{ "--vfio 01:00.0,vf-token=", "--vfio", "expected vf-token=a UUID" },
	{ "--vfio 01:00.0,vf-token=2ab74924-c335-45f4-9b16-8569e5b0825", "--vfio", "a UUID" },
	{ "--vfio 01:00.0,vf-token=2ab74924-c335-45f4-9b16-8569e5b08258a", "--vfio", "a UUID" },
	{ "--vfio 01:00.0,vf-token=2ab749240c335-45f4-9b16-8569e5b08258", "--vfio", "a UUID" },
	{ "--vfio 01:00.0,vf-token=2ab74924-c335-45f4-9b16-8569e5b0825g", "--vfio", "a UUID" },
	{ "--vfio 01:00.0,port=yes", "--vfio", "port=yes: expected port=on or off" },
	{ "--vfio 01:00.0,port", "--vfio", "expected port=on or off" },
	{ "--vfio 01:00.0,id=", "--vfio", "expected id=a name" },
	{ "--vfio 01:00.0,port=on,on-error=yes", "--vfio", "expected on-error=stop or guest" },
	{ "--vfio 01:00.0,on-error=guest", "--vfio", "only a root port can tell the guest" },
	{ "--vfio 01:00.0,on-error=guest,port=off", "--vfio", "only a root port" },
	{ "--vfio demo,port=on,on-error=guest", "--vfio", "demo: on-error=guest is for hardware" },
	{ "--vfio-user /s,on-error=guest", "--vfio-user", "on-error=guest is for hardware" },
	{ "--ports 32", "--ports", "32: expected a number from 0 to 31" },
	{ "--ports -1", "--ports", "expected a number" },
	{ "--ports 1x", "--ports", "expected a number" },
	{ "--ports 1,pref64-reserve=5T", "--ports", "pref64-reserve=5T: expected 1M to 4T" },
	{ "--ports 1,pref64-reserve=0", "--ports", "expected 1M to 4T" },
	{ "--ports 1,mem-reserve=2G", "--ports", "mem-reserve=2G: expected 1M to 1G" },
	{ "--ports 1,mem-reserve=-1", "--ports", "expected 1M to 1G" },
	{ "--ports 1,mem-reserve", "--ports", "mem-reserve: expected mem-reserve=SIZE" },
	{ "--ports 1,io-reserve=4K", "--ports", "expected mem-reserve=SIZE or pref64-reserve" },
	{ "--ports ,mem-reserve=1M", "--ports", "expected a number" },
	{ "--vfio 01:00.0,rombar=2", "--vfio", "rombar=2: expected rombar=0 or 1" },
	{ "--vfio 01:00.0,x-no-mma=on", "--vfio", "unknown property 'x-no-mma'" },
	{ "--vfio 01:00.0,=on", "--vfio", "unknown property ''" },
	{ "--vfio 01:00.0,,x-no-mmap=on", "--vfio", BDF_WORDS },
	{ "--vfio 01:00.0,x-no-mmap=maybe", "--vfio",
	  "x-no-mmap=maybe: expected x-no-mmap=on or off" },
	{ "--vfio 01:00.0,x-no-mmap=", "--vfio", "expected x-no-mmap=on or off" },
	{ "--vfio 01:00.0,x-no-mmap=1", "--vfio", "expected x-no-mmap=on or off" },
	{ "--vfio 01:00.0,x-pci-vendor-id=0xffff", "--vfio", "a number up to 0xfffe" },
	{ "--vfio 01:00.0,x-pci-vendor-id=", "--vfio", "a number up to 0xfffe" },
	{ "--vfio 01:00.0,x-pci-device-id=-1", "--vfio", "a number up to 0xffff" },
	{ "--vfio 01:00.0,x-pci-device-id=0x12x", "--vfio", "a number up to 0xffff" },
	{ "--vfio 01:00.0,x-pci-device-id=99999999999999999999", "--vfio", "a number up to" },
	{ "--vfio 01:00.0,x-pci-class-code=0x1000000", "--vfio", "a number up to 0xffffff" },
	{ "--vfio 01:00.0,host=02:00.0", "--vfio", "unknown property 'host'" },
	{ "--vfio 01:00.0,", "--vfio", "unknown property" },
	{ "--vfio 01:00.0 --vfio 0000:01:00.0", "--vfio", "0000:01:00.0 is given twice" },
	{ "--vfio 01:00.0 -device vfio-pci,host=01:00.0", "--vfio", "is given twice" },
	{ "--vfio demo --vfio demo", "--vfio", "demo is given twice" },
	{ "--vfio demo,nonsense=1", "--vfio", "unknown property" },
	{ "--vfio-user", "--vfio-user", "needs a value" },
	{ "--vfio-user ,x-no-mmap=on", "--vfio-user", "the path of a server's socket" },
	{ "--vfio-user a --vfio-user b --vfio-user a", "--vfio-user", "a is given twice" },
	{ "--vfio-user 0 --vfio-user 1 --vfio-user 2 --vfio-user 3 --vfio-user 4 "
	  "--vfio-user 5 --vfio-user 6 --vfio-user 7 --vfio-user 8 --vfio-user 9 "
	  "--vfio-user 10 --vfio-user 11 --vfio-user 12 --vfio-user 13 "
	  "--vfio-user 14 --vfio-user 15 --vfio-user 16 --vfio-user 17 "
	  "--vfio-user 18 --vfio-user 19 --vfio-user 20 --vfio-user 21 "
	  "--vfio-user 22 --vfio-user 23 --vfio-user 24 --vfio-user 25 "
	  "--vfio-user 26 --vfio-user 27 --vfio-user 28 --vfio-user 29 "
	  "--vfio-user 30 --vfio-user 31 --vfio-user 32",
	  "--vfio-user", "more than 32 devices" },
	{ "-device nothing", "-device", "only vfio-pci,host=BDF is known" },
	{ "-device nothing,id=net0", "-device", "only vfio-pci,host=BDF is known" },
	{ "-device vfio-pci", "--device", "needs host=BDF" },
	{ "-device vfio-pci,x-no-mmap=on", "--device", "needs host=BDF" },
	{ "-device vfio-pci,ident=a,host=01:00.0", "--vfio", "unknown property 'ident'" },
	{ "-device vfio-pci,host=", "--vfio", BDF_WORDS },
	{ "--vfio 01:00.0,iommufd=", "--vfio", "expected iommufd=on, off" },
	{ "--vfio 01:00.0,iommufd=a", "--vfio", "the id of an -object iommufd" },
	{ "--vfio 01:00.0,iommufd=a -object iommufd,id=b", "--vfio", "iommufd=a: expected on" },
	{ "--vfio 01:00.0,iommufd=on --vfio 02:00.0,iommufd=off", "--vfio",
	  "0000:02:00.0: iommufd=off, but another device is opened the other way" },
	{ "--vfio 01:00.0,fd=12,iommufd=off", "--vfio", "fd=12 is a file for iommufd" },
	{ "--vfio 01:00.0,fd=12 --vfio 02:00.0,iommufd=off", "--vfio", "the other way" },
	{ "--vfio 01:00.0,fd=", "--vfio", "expected fd=the number of an open file" },
	{ "--vfio 01:00.0,fd=-1", "--vfio", "the number of an open file" },
	{ "--vfio 01:00.0,fd=1x", "--vfio", "the number of an open file" },
	{ "--vfio 01:00.0,fd=4294967296", "--vfio", "the number of an open file" },
	{ "--vfio 01:00.0,fd=99999999999999999999", "--vfio", "the number of an open file" },
	{ "--vfio fd=999", "--vfio", "fd=999: Bad file descriptor" },
	{ "--vfio fd=2", "--vfio", "fd=2: not a file of /dev/vfio/devices" },
	{ "--vfio demo,iommufd=on", "--vfio",
	  "demo: iommufd= and fd= are for devices of this host" },
	{ "--vfio-user a,fd=3", "--vfio-user", "a: iommufd= and fd= are for devices of this host" },
	{ "-object memory-frontend,id=a", "-object", "only iommufd,id=ID is known" },
	{ "-object iommufd", "--object", "needs id=ID" },
	{ "-object iommufd,id=", "--object", "id=: expected id=ID or fd=N" },
	{ "-object iommufd,id=a,fd=x", "--object", "fd=x: expected id=ID or fd=N" },
	{ "-object iommufd,id=a,fd=3 --vfio 01:00.0", "--object", "no device has iommufd=a" },
};

/* The line must be -EINVAL, with one line of error that names the option. */
START_TEST(bad_line)
{
	command_line_refused(bad[_i].line, bad[_i].object, bad[_i].words);
}
END_TEST

/* There are as many devices as there is room for, and one more. */
START_TEST(number_of_devices)
{
	struct stderr_text caught;
	char line[2048] = "";
	struct config config;
	int ret;

	for (unsigned int i = 0; i < OPTIONS_DEVICES_MAX; i++)
		snprintf(line + strlen(line), 32, "--vfio %02x:00.0 ", i);
	ck_assert_int_eq(command_line_parse(&config, line), 0);
	ck_assert_uint_eq(config.device_count, OPTIONS_DEVICES_MAX);
	ck_assert_str_eq(config.devices[31], "0000:1f:00.0");
	strcat(line, "--vfio ff:00.0");
	stderr_begin(&caught);
	ret = command_line_parse(&config, line);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EINVAL);
	stderr_holds(&caught, "more than 32 devices");
}
END_TEST

/* Words are far longer than anything that is expected. */
START_TEST(long_words)
{
	static const char *const before[] = {
		"--vfio ",  "--vfio 01:00.0,",        "--memory ", "--cpus ", "--console ",
		"-device ", "-device vfio-pci,host=", "--",        ""
	};
	struct stderr_text caught;
	struct config config;
	char line[1600];
	size_t length;
	int ret;

	length = (size_t)snprintf(line, sizeof(line), "%s", before[_i]);
	memset(line + length, '0', 1500);
	line[length + 1500] = '\0';
	stderr_begin(&caught);
	ret = command_line_parse(&config, line);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EINVAL);
	stderr_holds(&caught, "minivmm: error: ");
}
END_TEST

/* The help has each option that may be given, and no line of it is wider than a terminal. */
START_TEST(help_names_the_options)
{
	static const char *const options[] = { "--vfio",    "--kernel",     "--initrd",
					       "--append",  "--memory",     "--cpus",
					       "--console", "--no-reboot",  "--stats",
					       "--user",    "--no-sandbox", "--help",
					       "--version", "-device",      "--dump-dtb" };
	int saved = dup(STDOUT_FILENO), fd = memfd_create("stdout", MFD_CLOEXEC);
	char text[8192] = "";
	size_t width = 0;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	options_print_help();
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	ck_assert_int_gt(pread(fd, text, sizeof(text) - 1, 0), 0);
	close(saved);
	close(fd);
	for (size_t i = 0; i < UNIT_COUNT(options); i++)
		ck_assert_msg(strstr(text, options[i]), "%s is not in the help", options[i]);
	for (const char *c = text; *c; c++) {
		width = *c == '\n' ? 0 : width + 1;
		ck_assert_uint_le(width, 80);
	}
}
END_TEST

UNIT_MAIN("options", { good_line, UNIT_COUNT(good) }, { bad_line, UNIT_COUNT(bad) },
	  { number_of_devices, 0 }, { long_words, 9 }, { help_names_the_options, 0 })
