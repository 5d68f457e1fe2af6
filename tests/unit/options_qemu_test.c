/* SPDX-License-Identifier: MIT */
/*
 * vmm/cli/options_qemu.c: lines that people paste. They follow public guides, wikis and reports
 * of passthrough with QEMU, with names and addresses replaced.
 */
#include <errno.h>
#include <string.h>

#include "command_line.h"
#include "unit.h"

/* These lines run as they are, without a word. */
static const char *const silent[] = {
	"-enable-kvm -m 4G -cpu host -nodefaults -nographic -kernel K -device "
	"vfio-pci,host=01:00.0",
	"-accel kvm -m size=2G -smp 2 -display none -serial mon:stdio -vga none -device "
	"vfio-pci,host=0000:01:00.0,id=hostdev0",
	"-enable-kvm -m 8192 -cpu host,migratable=on -no-user-config -nodefaults -monitor none "
	"-net none "
	"-device vfio-pci,host=01:00.0,bus=pcie.0,addr=2.0,multifunction=on -device "
	"vfio-pci,host=01:00.1,bus=pcie.0,addr=2.1",
	"-name guest=win10,debug-threads=on -enable-kvm -m 16G -mem-prealloc -overcommit "
	"mem-lock=on "
	"-device vfio-pci,host=02:00.0,x-no-mmap=on",
	"-nographic -no-reboot -nodefaults -device "
	"vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:06:10.0",
	"-machine accel=kvm,kernel_irqchip=on,usb=off,vmport=off,dump-guest-core=off -cpu host "
	"-device "
	"vfio-pci,host=01:00.0,romfile=/root/gpu.rom",
	"-device pcie-root-port,id=pcie.1,bus=pcie.0,slot=1 -device "
	"vfio-pci,host=01:00.0,bus=pcie.1,addr=00.0",
	"-device ioh3420,bus=pcie.0,addr=1c.0,multifunction=on,port=1,chassis=1,id=root.1 -device "
	"vfio-pci,host=01:00.0,bus=root.1,addr=00.0",
	"-device vfio-pci,host=01:00.0,display=off,rombar=0 -serial none -parallel none -nic none",
	"-serial file:/tmp/log -device vfio-pci,host=01:00.0,x-vga=off",
	"-serial pty -msg timestamp=on -device vfio-pci,host=01:00.0,bootindex=1",
	"-object iommufd,id=iommufd0 -device vfio-pci,host=01:00.0,iommufd=iommufd0",
	"-mem-path /dev/hugepages -m 4G -device vfio-pci,host=01:00.0",
	"-accel kvm -cpu host,migratable=on -m size=8388608k -object "
	"{\"qom-type\":\"memory-backend-ram\",\"id\":\"pc.ram\",\"size\":8589934592} -overcommit "
	"mem-lock=off -smp 4,sockets=1,dies=1,clusters=1,cores=4,threads=1 -no-user-config -device "
	"{\"driver\":\"pcie-root-port\",\"port\":19,\"chassis\":4,\"id\":\"pci.4\",\"bus\":"
	"\"pcie.0\",\"addr\":\"0x2.0x0\"} -device "
	"{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\",\"id\":\"hostdev0\",\"bus\":\"pci.4\","
	"\"multifunction\":true,\"addr\":\"0x0\"}",
	"-machine accel=kvm,hpet=off,acpi=on,memory-backend=mem -object "
	"memory-backend-memfd,id=mem,size=4G,share=on -device vfio-pci,host=01:00.0",
	"-id 100 -name win,debug-threads=on -object iothread,id=io1 -device "
	"vfio-pci,id=hostpci0,host=0000:01:00.0,bus=ich9-pcie-port-1,addr=0x0.0,x-vga=off",
	"-machine accel=kvm:tcg -no-hpet -balloon none -realtime mlock=on -no-kvm-pit-reinjection "
	"-device vfio-pci-nohotplug,host=01:00.0",
	"-device vfio-pci,host=01:00.0,x-no-kvm-intx=on,x-no-vfio-ioeventfd=on,x-req=on",
	"-device vfio-pci,host=01:00.0,x-igd-gms=2,x-msix-relocation=auto,failover_pair_id=net1",
	/* libvirt: the kind need not come first, and a list is no obstacle */
	"-device {\"host\":\"0000:01:00.0\",\"id\":\"hostdev0\",\"driver\":\"vfio-pci\"}",
	"-object {\"qom-type\":\"memory-backend-file\",\"id\":\"ram-node0\",\"mem-path\":"
	"\"/dev/hugepages/libvirt/qemu/1-gpu\",\"prealloc\":true,\"size\":8589934592,"
	"\"host-nodes\":[0,1],\"policy\":\"bind\"} -device "
	"{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\",\"rombar\":1,\"romfile\":\"/srv/"
	"gpu.rom\"}",
	"-audiodev {\"id\":\"audio1\",\"driver\":\"none\"} -device vfio-pci,host=01:00.0",
	"-audiodev id=audio1,driver=none -audio none -device vfio-pci,host=01:00.0",
	"-display {\"type\":\"none\"} -device vfio-pci,host=01:00.0",
	"-chardev socket,id=agent,path=/run/agent,server=on -device vfio-pci,host=01:00.0",
	"-chardev pty,id=charserial0 -device isa-serial,chardev=charserial0,id=serial0 -device "
	"vfio-pci,host=01:00.0",
	"-device {\"driver\":\"isa-serial\",\"chardev\":\"c\",\"id\":\"serial0\",\"index\":0} "
	"-chardev "
	"{\"id\":\"c\",\"type\":\"stdio\"} -device vfio-pci,host=01:00.0",
	"-chardev stdio,mux=on,id=char0,signal=off -serial chardev:char0 -device "
	"vfio-pci,host=01:00.0",
	"-device vfio-pci,host=01:00.0,migration-events=on,x-device-dirty-page-tracking=off,"
	"skip-vsc-check=on,ats=auto,x-enable-migration=off",
	"-async-teardown -device vfio-pci,host=01:00.0,x-pcie-lnksta-dllla=off,x-ramfb-migrate=off",
	"-compat deprecated-input=reject -object rng-random,filename=/dev/urandom,id=rng0 -device "
	"vfio-pci,host=01:00.0,acpi-index=1,x-nv-gpudirect-clique=0",
	/* a GPU and its audio function, as libvirt places them */
	"-device {\"driver\":\"pcie-root-port\",\"id\":\"pci.5\",\"chassis\":5} -device "
	"{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\",\"id\":\"hostdev0\",\"bus\":\"pci.5\","
	"\"multifunction\":true,\"addr\":\"0x0\"} -device "
	"{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.1\",\"id\":\"hostdev1\",\"bus\":\"pci.5\","
	"\"addr\":\"0x0.0x1\"}",
	"-smp 8,sockets=1,dies=1,clusters=1,modules=1,cores=8,threads=1 -device "
	"vfio-pci,host=01:00.0",
	"-smp cpus=4,drawers=1,books=1 -m 1.5G -device vfio-pci,host=01:00.0",
	"-m size=8589934592B -device vfio-pci,host=01:00.0",
	/* a switch by any of QEMU's words, or by its name alone */
	"-device vfio-pci,host=01:00.0,multifunction,x-no-mmap=yes,rombar=on",
	"-device vfio-pci,host=01:00.0,x-vga=no,display=auto,ramfb=false,x-igd-legacy-mode=auto,"
	"enable-migration=auto,x-igd-opregion=false",
	"-device vfio-pci,host=01:00.0,busnr=0,sriov-pf=pf0,x-vpasid-cap-offset=0,"
	"command_serr_enable=on",
	"-device "
	"{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\",\"bootindex\":1,\"romfile\":\"\"}",
	"-accel kvm -accel tcg -device vfio-pci,host=01:00.0",
	"-accel accel=kvm -device vfio-pci,host=01:00.0",
	"-device vfio-pci,host=01:00.0,id=hostdev0 -set device.hostdev0.x-pci-sub-vendor-id=0x10de "
	"-global vfio-pci.x-no-mmap=on -global "
	"driver=vfio-pci,property=x-no-kvm-intx,value=on",
	"-drive if=pflash,format=raw,readonly=true,file=CODE.fd -drive "
	"if=pflash,format=raw,index=1,cache=writethrough,aio=threads,file=VARS.fd -device "
	"vfio-pci,host=01:00.0",
	"-object memory-backend-shm,id=mem,size=4G -machine memory-backend=mem -device "
	"vfio-pci,host=01:00.0",
	"-no-kvm-pit -tdf -rtc-td-hack -no-hpet -device vfio-pci,host=01:00.0",
};

START_TEST(runs)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_msg(command_line_catch(&config, silent[_i], &caught) == 0, "%s", caught.text);
	ck_assert_str_eq(caught.text, "");
	ck_assert_uint_ge(config.device_count, 1);
}
END_TEST

/* These lines run, with a word about what is ignored. */
static const struct {
	const char *line, *words;
} noted[] = {
	{ "qemu-system-x86_64 -enable-kvm -machine q35,accel=kvm -cpu host -smp 4,cores=4 -m "
	  "size=4G "
	  "-nographic -nodefaults -vga none -serial mon:stdio -no-reboot -kernel K -initrd I "
	  "-append A "
	  "-device vfio-pci,host=01:00.0,id=gpu0,bus=pcie.0,addr=2.0,multifunction=on",
	  "info: -machine: q35: minivmm has one kind of machine" },
	{ "-M q35 -enable-kvm -device vfio-pci,host=01:00.0", "-machine: q35: " },
	{ "-machine type=q35,accel=kvm,smm=on -device vfio-pci,host=01:00.0", "type=q35" },
	{ "-machine pc-q35-6.2,accel=kvm,mem-merge=off -device vfio-pci,host=01:00.0",
	  "pc-q35-6.2" },
	{ "-cpu EPYC,+topoext -device vfio-pci,host=01:00.0",
	  "-cpu: EPYC: a guest has the CPUs of" },
	{ "-cpu host,hv_relaxed,hv_spinlocks=0x1fff,hv_vapic,hv_time -device vfio-pci,host=01:00.0",
	  "-cpu: hv_relaxed" },
	{ "-smp sockets=1,cores=4,threads=2 -device vfio-pci,host=01:00.0", "cores of one socket" },
	{ "-smp cpus=8,maxcpus=16,sockets=1,cores=4,threads=2 -device vfio-pci,host=01:00.0",
	  "-smp" },
	{ "-rtc base=localtime,clock=host,driftfix=slew -device vfio-pci,host=01:00.0",
	  "-rtc: base" },
	{ "-boot order=c,menu=on -device vfio-pci,host=01:00.0", "-boot: order=c" },
	{ "-uuid 3ecd-f1 -device vfio-pci,host=01:00.0", "-uuid" },
	{ "-device virtio-balloon-pci,id=balloon0 -device vfio-pci,host=01:00.0",
	  "all of its RAM" },
	{ "-device virtio-rng-pci -device vfio-pci,host=01:00.0", "random numbers" },
	{ "-no-shutdown -device vfio-pci,host=01:00.0", "-no-shutdown" },
	{ "-sandbox on,obsolete=deny -pidfile /run/q.pid -device vfio-pci,host=01:00.0",
	  "-sandbox" },
	{ "-global ICH9-LPC.disable_s3=1 -device vfio-pci,host=01:00.0", "-global" },
	{ "-monitor unix:/tmp/mon,server,nowait -device vfio-pci,host=01:00.0", "-monitor" },
	{ "-usb -device vfio-pci,host=01:00.0", "-usb: minivmm emulates no USB" },
	{ "-k de -device vfio-pci,host=01:00.0", "-k: de" },
	{ "-d guest_errors -D /tmp/log -device vfio-pci,host=01:00.0", "--trace FILE" },
	{ "-numa node,memdev=ram -device vfio-pci,host=01:00.0", "-numa" },
	{ "-m 4G,slots=2,maxmem=16G -device vfio-pci,host=01:00.0", "all of its RAM from the" },
	{ "-trace enable=vfio_* -device vfio-pci,host=01:00.0",
	  "-trace: enable=vfio_*: these are events of" },
	{ "-trace vfio_region* -device vfio-pci,host=01:00.0", "events of QEMU's; ignored" },
	{ "-device pcie-pci-bridge,id=b -device vfio-pci,host=01:00.0,bus=b", "pcie-pci-bridge" },
	{ "-device x3130-upstream,id=up1 -device xio3130-downstream,id=d1,bus=up1 -device "
	  "vfio-pci,host=01:00.0,bus=d1,addr=0",
	  "x3130-upstream" },
	{ "-device virtio-serial-pci -device virtserialport,chardev=spice -device "
	  "vfio-pci,host=01:00.0",
	  "no agent to talk to" },
	{ "-device vmcoreinfo -device vfio-pci,host=01:00.0", "vmcoreinfo" },
	{ "-action panic=none -action reboot=shutdown -device vfio-pci,host=01:00.0", "-action" },
	{ "-watchdog i6300esb -device vfio-pci,host=01:00.0", "no watchdog" },
	{ "-run-with user=nobody -device vfio-pci,host=01:00.0", "--user NAME does that" },
	{ "-set device.hostdev0.x-pci-sub-vendor-id=1 -device vfio-pci,host=01:00.0",
	  "-set: device.hostdev0.x-pci-sub-vendor-id=1: no device has that id; ignored" },
	{ "-set drive.d0.cache=none -device vfio-pci,host=01:00.0", "-set: drive.d0.cache=none" },
	{ "-localtime -no-kvm-irqchip -device vfio-pci,host=01:00.0", "-localtime: the guest's" },
	{ "-startdate now -clock unix -device vfio-pci,host=01:00.0", "-startdate: now" },
	{ "-g 1024x768x32 -prom-env a=b -device vfio-pci,host=01:00.0", "-g: 1024x768x32" },
	{ "-device ipmi-bmc-sim,id=bmc0 -device isa-ipmi-kcs,bmc=bmc0 -device "
	  "vfio-pci,host=01:00.0",
	  "-device: ipmi-bmc-sim: a guest has no board controller; ignored" },
	{ "-device vmbus-bridge,irq=15 -device sga -device vfio-pci,host=01:00.0",
	  "-device: vmbus-bridge: a guest sees KVM" },
	{ "-object monitor-qmp,id=m,chardev=c -device vfio-pci,host=01:00.0",
	  "-object: monitor-qmp: minivmm has no monitor" },
	{ "-global pcie-root-port.x-speed=16 -device vfio-pci,host=01:00.0", "QEMU's own devices" },
	{ "-object {\"qom-type\":\"acpi-generic-initiator\",\"id\":\"gi0\",\"pci-dev\":\"dev0\","
	  "\"node\":2} -device vfio-pci-nohotplug,host=0009:01:00.0,rombar=0,id=dev0",
	  "-object: acpi-generic-initiator: a guest has one NUMA node" },
	{ "-tb-size 100 -device vfio-pci,host=01:00.0", "-tb-size: 100: guests run on KVM" },
	{ "-object thread-context,id=t,cpu-affinity=0-3 -device vfio-pci,host=01:00.0",
	  "pin=LIST" },
	{ "-machine virt,gic-version=3,iommu=smmuv3 -cpu host -device vfio-pci,host=01:00.0",
	  "-machine: virt" },
	{ "-S -device vfio-pci,host=01:00.0", "-S: a guest runs from its start; ignored" },
	{ "-chardev socket,id=charmonitor,fd=32,server=on,wait=off -mon "
	  "chardev=charmonitor,id=monitor,mode=control -device vfio-pci,host=01:00.0",
	  "-mon: chardev=charmonitor: --qmp unix:PATH makes minivmm listen; ignored" },
	{ "-chardev socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off -mon "
	  "chardev=qmp,mode=control -chardev "
	  "socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5 -mon "
	  "chardev=qmp-event,mode=control -device vfio-pci,host=01:00.0",
	  "-mon: chardev=qmp-event: there is one control socket; ignored" },
	{ "-chardev stdio,id=m -mon chardev=m,mode=readline -device vfio-pci,host=01:00.0",
	  "-mon: m: minivmm has no monitor" },
	{ "-machine {\"type\":\"q35\",\"accel\":\"kvm\"} -device vfio-pci,host=01:00.0",
	  "-machine: q35: minivmm has one kind" },
	{ "-device {\"driver\":\"pcie-root-port\",\"id\":\"pci.5\",\"chassis\":5} -device "
	  "{\"driver\":\"virtio-balloon-pci\",\"id\":\"balloon0\",\"bus\":\"pci.4\"} "
	  "-device "
	  "vfio-pci,host=01:00.0",
	  "virtio-balloon-pci: a guest has all" },
	{ "-readconfig /usr/share/qemu-server/pve-q35-4.0.cfg -device vfio-pci,host=01:00.0",
	  "Proxmox' own list of bridges" },
	{ "-iscsi initiator-name=iqn.1993-08.org.debian:01:1 -device vfio-pci,host=01:00.0",
	  "-iscsi" },
	{ "-device vmgenid,guid=1 -smbios type=1,uuid=1 -device vfio-pci,host=01:00.0",
	  "-device: vmgenid" },
	{ "-fw_cfg opt/ovmf/X-PciMmio64Mb,string=65536 -device vfio-pci,host=01:00.0",
	  "window for BARs fits the devices" },
	{ "-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536 -device vfio-pci,host=01:00.0",
	  "window for BARs fits the devices" },
	{ "-global q35-pcihost.pci-hole64-size=2048G -device vfio-pci,host=01:00.0",
	  "window for BARs fits the devices" },
	{ "-runas nobody -device vfio-pci,host=01:00.0", "-runas: nobody: --user NAME does that" },
	{ "-chroot /var/empty -device vfio-pci,host=01:00.0", "-chroot" },
	{ "-echr 0x02 -seed 1 -dfilter 0x1000+0x100 -device vfio-pci,host=01:00.0", "-dfilter" },
	{ "-device pxb-pcie,id=pxb1,bus_nr=128,bus=pcie.0,numa_node=1 -device "
	  "vfio-pci,host=01:00.0,bus=pxb1",
	  "pxb-pcie: a guest has one root bus" },
	{ "-device ib700 -device hv-balloon -device vfio-pci,host=01:00.0", "not Hyper-V" },
	{ "-drive if=pflash,unit=0,format=raw,readonly=on,file=CODE.fd -drive "
	  "if=pflash,unit=1,id=drive-efidisk0,format=raw,file=/dev/pve/vm-100-disk-0,size=540672 "
	  "-no-shutdown -device vfio-pci,host=01:00.0",
	  "-no-shutdown" },
	{ "-M microvm,x-option-roms=off,pit=off,pic=off,rtc=on,pcie=on -device "
	  "vfio-pci,host=01:00.0",
	  "-machine: microvm" },
	{ "-cpu Penryn,kvm=on,vendor=GenuineIntel,+invtsc -device vfio-pci,host=01:00.0",
	  "Penryn" },
};

START_TEST(runs_with_a_note)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_msg(command_line_catch(&config, noted[_i].line, &caught) == 0, "%s", caught.text);
	stderr_holds(&caught, noted[_i].words);
	ck_assert_ptr_null(strstr(caught.text, "minivmm: error"));
	ck_assert_uint_eq(config.device_count, 1);
}
END_TEST

/* These lines cannot run. The message has what to use instead. */
static const struct {
	const char *line, *words;
} refused[] = {
	{ "-hda disk.img -device vfio-pci,host=01:00.0", "-hda: disk.img: use --disk FILE" },
	{ "-cdrom win10.iso", "-cdrom: win10.iso: use --disk" },
	{ "-device virtio-scsi-pci,id=scsi", "-device: virtio-scsi-pci: use --disk" },
	{ "-device ide-hd,drive=d0", "-device: ide-hd: use --disk" },
	{ "-blockdev driver=file,node-name=f,filename=x", "-blockdev: driver=file: use --disk" },
	{ "-netdev user,id=net0 -device e1000e,netdev=net0", "-netdev: user: pass a network card" },
	{ "-net nic,model=virtio -net user", "-net: nic: pass a network card" },
	{ "-nic user", "-nic: user: " },
	{ "-device e1000,netdev=n", "-device: e1000: pass a network card" },
	{ "-device vfio-pci,host=01:00.0,x-vga=on",
	  "x-vga=on: expected x-vga=off: a GPU needs no" },
	{ "-display gtk", "-display: gtk: minivmm emulates no display" },
	{ "-display sdl,gl=on", "-display: sdl" },
	{ "-vga std", "-vga: std: minivmm emulates no display" },
	{ "-vga qxl -spice port=5900", "-vga: qxl" },
	{ "-vnc :1", "-vnc: :1: minivmm emulates no display" },
	{ "-soundhw hda", "-soundhw: hda: minivmm emulates no sound" },
	{ "-device intel-hda -device hda-duplex", "-device: intel-hda: minivmm emulates no sound" },
	{ "-device usb-host,vendorid=0x1,productid=0x2",
	  "-device: usb-host: minivmm emulates no USB" },
	{ "-device qemu-xhci", "minivmm emulates no USB" },
	{ "-usbdevice tablet", "-usbdevice: tablet" },
	{ "-accel tcg", "-accel: tcg: a passed-through device needs KVM" },
	{ "-machine q35,accel=tcg", "-machine: accel=tcg: a passed-through device needs KVM" },
	{ "-daemonize", "-daemonize: minivmm stays in the foreground" },
	{ "-gdb tcp::1234", "-gdb: tcp::1234: minivmm serves no debugger" },
	{ "-incoming tcp:0:4444", "does not migrate" },
	{ "-device intel-iommu,intremap=on", "a guest has no IOMMU of its own" },
	{ "-device ivshmem-plain,memdev=m", "shares no memory" },
	{ "-virtfs local,path=/srv,mount_tag=t,security_model=none",
	  "-virtfs: local: use --share DIR" },
	{ "-chardev socket,id=c,path=/tmp/s -serial chardev:c",
	  "-serial: chardev:c: socket; use --console" },
	{ "-device isa-serial,chardev=nobody", "chardev:nobody: no -chardev has that id" },
	{ "-chardev stdio", "-chardev: stdio: needs id=ID" },
	{ "-device nothing-known", "only vfio-pci,host=BDF is known" },
	{ "-serial tcp::4444,server", "expected stdio, none, pty or file:PATH" },
	{ "-device vfio-pci,sysfsdev=/sys/nothing", "expected a PCI address" },
	{ "-device vfio-pci,host=01:00.0,addr=20.0", "addr=20.0: expected addr=a device number" },
	{ "-device vfio-pci,host=01:00.0,addr=2.8", "addr=2.8: expected addr=a device number" },
	{ "-smp 4,cores=x", "cores=x: expected a number" },
	{ "-smp sockets=100,cores=100", "cores=100: expected a number" },
	{ "-enable-kvm=on", "unknown option" },
	{ "-hda", "needs a value" },
	{ "-mem-path /srv/ram", "hugepages=on" },
	{ "-drive file=/dev/sda,format=raw,if=virtio,cache=none,aio=native",
	  "-drive: only if=pflash is known; --disk adds a disk" },
	{ "-drive id=d0,file=win.qcow2,if=none -device nvme,drive=d0", "--disk adds a disk" },
	{ "-drive if=pflash,file=x,nonsense=1", "nonsense=1: unknown property" },
	{ "-pflash OVMF.fd", "use --firmware FILE" },
	{ "-object input-linux,id=kbd1,evdev=/dev/input/x,grab_all=on", "pass a USB controller" },
	{ "-object sev-guest,id=sev0", "no confidential guests" },
	{ "-object nothing-known,id=a", "only iommufd,id=ID is known" },
	{ "-device isa-applesmc,osk=x", "no Apple machine" },
	{ "-device virtio-keyboard-pci", "pass a USB controller" },
	{ "-device virtio-iommu-pci", "no IOMMU of its own" },
	{ "-device tpm-tis,tpmdev=t", "no TPM" },
	{ "-device vfio-ap,sysfsdev=/x", "only PCI devices" },
	{ "-device pci-assign,host=01:00.0", "use --vfio BDF" },
	{ "-pcidevice host=01:00.0", "use --vfio BDF" },
	{ "-device vfio-pci,host=01:00.0,x-igd-opregion=on", "expected x-igd-opregion=off" },
	{ "-icount shift=7", "guests run on KVM" },
	{ "-netdev "
	  "{\"type\":\"tap\",\"fd\":\"33\",\"vhost\":true,\"vhostfd\":\"35\",\"id\":\"n0\"}",
	  "-netdev: tap: pass a network card" },
	{ "-netdev {\"id\":\"n0\",\"type\":\"user\"}", "-netdev: user: pass a network card" },
	{ "-blockdev {\"driver\":\"file\",\"filename\":\"/srv/CODE.fd\",\"node-name\":\"p\","
	  "\"cache\":{\"direct\":true,\"no-flush\":false}}",
	  "-blockdev: file: use --disk FILE for a disk image, --firmware" },
	{ "-blockdev {\"node-name\":\"f\",\"read-only\":true,\"driver\":\"qcow2\",\"file\":\"s\"}",
	  "-blockdev: qcow2: use --disk" },
	{ "-machine {\"type\":\"q35\",\"accel\":\"tcg\"}",
	  "-machine: accel=tcg: a passed-through" },
	{ "-machine pc-q35-7.2,pflash0=libvirt-pflash0-format,pflash1=libvirt-pflash1-format",
	  "use --firmware FILE,vars=FILE" },
	{ "-audiodev {\"id\":\"a\",\"driver\":\"spice\"}", "-audiodev: spice: minivmm emulates" },
	{ "-display {\"type\":\"gtk\"}", "-display: gtk: minivmm emulates no display" },
	{ "-object {\"qom-type\":\"input-linux\",\"id\":\"i\",\"evdev\":\"/dev/input/x\"}",
	  "-object: input-linux: minivmm emulates no USB" },
	{ "-device {\"driver\":\"qemu-xhci\",\"p2\":15,\"p3\":15,\"id\":\"usb\"}",
	  "emulates no USB" },
	{ "-device {\"driver\":\"ivshmem-plain\",\"id\":\"shmem0\",\"memdev\":\"s\"}",
	  "a GPU's picture is at its own output" },
	{ "-device {\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\",\"x-vga\":true}",
	  "x-vga=on: expected x-vga=off" },
	{ "-device {'driver':'vfio-pci'}", "-device: {'driver':'vfio-pci'}: not JSON" },
	{ "-device {\"driver\":\"vfio-pci\",\"driver\":\"e1000\"}",
	  "not JSON: duplicate object key" },
	{ "-device {\"driver\":\"vfio-pci\",\"host\":[\"01:00.0\"]}",
	  "{...}: expected a PCI address" },
	{ "-device {\"driver\":\"vfio-pci\",\"host\":null}", "null: expected a PCI address" },
	{ "-device {\"driver\":[],\"host\":\"01:00.0\"}", "without driver, qom-type or type" },
	{ "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/00000000-0000-0000-0000-000000000100",
	  "a mediated device is not on the PCI bus" },
	{ "-device vfio-pci,host=01:00.0,enable-migration=on", "such a guest does not migrate" },
	{ "-device vfio-pci,host=01:00.0 win10.qcow2",
	  "win10.qcow2: unexpected word; a disk image" },
	{ "-device virtconsole,chardev=c", "console=ttyS0" },
	{ "-device pci-serial,chardev=c", "one serial port" },
	{ "-device vhost-vsock-pci,guest-cid=3", "no sockets between host and guest" },
	{ "-device megasas,id=s", "use --disk" },
	{ "-device lsi53c895a", "use --disk" },
	{ "-device pc-dimm,memdev=m", "--memory SIZE" },
	{ "-device ES1370", "minivmm emulates no sound" },
	{ "-device vfio-pci,help", "-device: vfio-pci,help: minivmm has no such list" },
	{ "-device help", "-device: help: minivmm has no such list" },
	{ "-cpu help", "-cpu: help: minivmm has no such list" },
	{ "-machine help", "-machine: help: minivmm has no such list" },
	{ "-accel help", "-accel: help: minivmm has no such list" },
	{ "-accel tcg -accel kvm", "-accel: tcg: a passed-through device needs KVM" },
	{ "-accel hvf -device vfio-pci,host=01:00.0", "-accel: hvf" },
	{ "-machine q35,kernel=K -device vfio-pci,host=01:00.0", "use --kernel FILE" },
	{ "-machine q35,confidential-guest-support=sev0", "no confidential guests" },
	{ "-machine virt,dumpdtb=x.dtb", "--dump-dtb FILE shows it" },
	{ "-device arm-smmuv3,primary-bus=pcie.0,id=smmuv3.0", "no IOMMU of its own" },
	{ "-device AMDVI-PCI,id=a", "no IOMMU of its own" },
	{ "-device vfio-amd-xgbe,host=e0b00000.xgmac", "only PCI devices are passed" },
	{ "-device cxl-type3,id=c", "minivmm has no CXL" },
	{ "-device pvrdma", "pass a network card" },
	{ "-device u2f-passthru", "emulates no USB" },
	{ "-device lsi,id=scsi0", "use --disk" },
	{ "-device pci-testdev", "use --testdev" },
	{ "-semihosting-config enable=on,target=native", "guests run on KVM" },
	{ "-audio-help", "minivmm emulates no sound" },
	{ "-redir tcp:2222::22", "pass a network card" },
	{ "-sdl", "minivmm emulates no display" },
	{ "-enable-hax", "needs KVM" },
	{ "-smb /srv", "use --share DIR" },
	{ "-object colo-compare,id=c", "pass a network card" },
	{ "-object x-remote-object,id=r", "--vfio-user SOCKET" },
	{ "-set device.g.x-vga=on -device vfio-pci,host=01:00.0,id=g",
	  "x-vga=on: expected x-vga=off" },
	{ "-global vfio-pci.nonsense=1 -device vfio-pci,host=01:00.0",
	  "unknown property 'nonsense'" },
	{ "-device vfio-pci,host=01:00.0,bus=pcie.0,addr=0x2.0x8",
	  "expected addr=a device number" },
	{ "-device vfio-pci,host=01:00.0,addr=2.", "expected addr=a device number" },
	{ "-device vfio-pci,host=01:00.0,romfile", "expected romfile=a file" },
	{ "-device cirrus-vga", "minivmm emulates no display" },
	{ "-device ne2k_pci", "pass a network card" },
	{ "-device host-x86_64-cpu,id=c1", "use --cpus N" },
	{ "-option-rom vbios.rom", "romfile=FILE" },
	{ "-xen-domid 1", "not on Xen" },
	{ "-preconfig", "a guest runs from its start" },
	{ "-readconfig /srv/my.cfg", "write its words as options" },
	{ "-debugcon file:/tmp/d", "use --console" },
	{ "-only-migratable", "does not migrate" },
	{ "-device {\"driver\":\"vfio-pci\",\"host\":{\"a\":1}}", "{...}: expected a PCI address" },
	{ "-device {\"driver\":\"vfio-pci\",\"host\":\"01:00.0\"", "not JSON" },
	{ "-device {\"driver\":\",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\"}", "too many commas" },
	{ "-device {}", "without driver, qom-type or type" },
	{ "-device {\"driver\":\"ide-hd\",\"drive\":\"d\"}", "-device: ide-hd: use --disk" },
};

START_TEST(is_refused_with_a_reason)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_int_eq(command_line_catch(&config, refused[_i].line, &caught), -EINVAL);
	stderr_holds(&caught, "minivmm: error: ");
	stderr_holds(&caught, refused[_i].words);
}
END_TEST

START_TEST(words_that_are_followed)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_int_eq(command_line_catch(&config, silent[2], &caught), 0);
	ck_assert(config.vfio[0].has_devfn);
	ck_assert_uint_eq(config.vfio[0].devfn, 2 << 3);
	ck_assert_uint_eq(config.vfio[1].devfn, 2 << 3 | 1);
	ck_assert_int_eq(command_line_catch(&config, silent[4], &caught), 0);
	ck_assert_str_eq(config.devices[0], "0000:06:10.0");
	/* a place on a bus that a guest has not */
	ck_assert_int_eq(command_line_catch(&config,
					    "-device vfio-pci,host=01:00.0,bus=root.1,addr=00.0",
					    &caught),
			 0);
	ck_assert(!config.vfio[0].has_devfn);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-object memory-backend-file,id=m,mem-path=/dev/hugepages",
				   &caught),
		0);
	ck_assert_uint_ne(config.huge_page, 0);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-device vfio-pci,host=01:00.0,bus=pcie.0,addr=0x2 -device "
				   "vfio-pci,host=01:00.1,bus=pcie.0,addr=0x2.0x1 -m 1.5G",
				   &caught),
		0);
	ck_assert_uint_eq(config.vfio[1].devfn, 2 << 3 | 1);
	ck_assert_uint_eq(config.memory, 1536u << 20);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-object memory-backend-file,id=m,mem-path=/dev/shm/a,size=1G",
				   &caught),
		0);
	ck_assert_uint_eq(config.huge_page, 0);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-object memory-backend-memfd,id=m,hugetlb=true,hugetlbsize=1G",
				   &caught),
		0);
	ck_assert_uint_eq(config.huge_page, 1u << 30);
	ck_assert_int_eq(command_line_catch(&config,
					    "-object memory-backend-memfd,id=m,hugetlb=off,size=1G",
					    &caught),
			 0);
	ck_assert_uint_eq(config.huge_page, 0);
	ck_assert_int_eq(command_line_catch(&config, "-mem-path /mnt/huge", &caught), 0);
	ck_assert_uint_ne(config.huge_page, 0);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-set device.a.x-no-mmap=on -device vfio-pci,host=01:00.0,id=a "
				   "-device vfio-pci,host=02:00.0,id=a.b -set device.a.b.rombar=0",
				   &caught),
		0);
	ck_assert(config.vfio[0].no_mmap && !config.vfio[0].no_rom);
	ck_assert(!config.vfio[1].no_mmap && config.vfio[1].no_rom);
	ck_assert_int_eq(
		command_line_catch(&config,
				   "-global vfio-pci.x-no-mmap=true -device vfio-pci,host=01:00.0",
				   &caught),
		0);
	ck_assert(config.vfio[0].no_mmap);
	ck_assert_int_eq(command_line_catch(&config,
					    "-device vfio-pci,host=01:00.0,romfile=,x-acpi-rom=off",
					    &caught),
			 0);
	ck_assert(config.vfio[0].no_rom && !config.vfio[0].romfile);
	ck_assert_int_eq(command_line_catch(&config, "-serial file:/tmp/log", &caught), 0);
	ck_assert_str_eq(config.console, "file:/tmp/log");
	ck_assert_int_eq(command_line_catch(&config, "-smp sockets=1,cores=4,threads=2", &caught),
			 0);
	ck_assert_uint_eq(config.cpus, 8);
	ck_assert_int_eq(command_line_catch(&config, "-smp 2,cores=4", &caught), 0);
	ck_assert_uint_eq(config.cpus, 2);
	ck_assert_int_eq(command_line_catch(&config, "-mem-path /dev/hugepages/guest", &caught), 0);
	ck_assert_uint_ne(config.huge_page, 0);
}
END_TEST

/* Where the control socket is, in all the ways that QEMU has, in any order. */
static const char *const control_sockets[] = {
	"-qmp unix:/run/q,server=on,wait=off",
	"-qmp unix:/run/q,server,nowait",
	"--qmp unix:/run/q",
	"-qmp-pretty unix:/run/q,server=on,wait=off",
	"-chardev socket,id=m,path=/run/q,server=on,wait=off -mon chardev=m,mode=control",
	"-mon chardev=m,mode=control,pretty=on -chardev "
	"socket,path=/run/q,id=m,server,nowait",
	"-mon m,mode=control -chardev socket,id=m,path=/run/q,server",
	"-qmp chardev:m -chardev socket,id=m,path=/run/q,server=on,wait=off",
	"-chardev {\"type\":\"socket\",\"id\":\"m\",\"path\":\"/run/q\",\"server\":true} "
	"-mon "
	"chardev=m,mode=control",
};

START_TEST(control_socket)
{
	struct stderr_text caught;
	struct config config;

	ck_assert_int_eq(command_line_catch(&config, control_sockets[_i], &caught), 0);
	ck_assert_str_eq(caught.text, "");
	ck_assert_str_eq(config.qmp, "/run/q");
}
END_TEST

/* All that a line cannot have is said at once. What it has a dozen of is said once. */
START_TEST(says_all_of_it)
{
	static const char line[] =
		"-netdev user,id=n -device e1000e,netdev=n -drive file=d.qcow2,if=virtio -vga std "
		"-device pci-bridge,id=a -device pci-bridge,id=b -device pcie-pci-bridge,id=c";
	static const char *const words[] = { "-netdev: user", "-device: e1000e",
					     "-drive: ", "-vga: std" };
	struct stderr_text caught;
	struct config config;
	char *first;

	ck_assert_int_eq(command_line_catch(&config, line, &caught), -EINVAL);
	for (size_t i = 0; i < UNIT_COUNT(words); i++)
		stderr_holds(&caught, words[i]);
	first = strstr(caught.text, " pci-bridge");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, " pci-bridge"));
	stderr_holds(&caught, "pcie-pci-bridge");
}
END_TEST

/* Where a serial port goes, in QEMU's two options, in any order. */
START_TEST(serial_port)
{
	static const struct {
		const char *line, *console;
	} cases[] = {
		{ "-chardev stdio,id=c -serial chardev:c", "stdio" },
		{ "-serial chardev:c -chardev pty,id=c", "pty" },
		{ "-chardev null,id=c -serial chardev:c", "none" },
		{ "-chardev file,path=/tmp/log,id=c -serial chardev:c", "file:/tmp/log" },
		{ "-chardev file,id=c,append=on,path=/tmp/a,,b -serial chardev:c",
		  "file:/tmp/a,b" },
		{ "-chardev stdio,id=a -chardev pty,id=b -device isa-serial,chardev=b", "pty" },
		{ "-serial chardev:c -serial none", "none" },
	};
	struct stderr_text caught;
	struct config config;

	for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
		ck_assert_msg(command_line_catch(&config, cases[i].line, &caught) == 0, "%s",
			      caught.text);
		ck_assert_str_eq(config.console, cases[i].console);
	}
}
END_TEST

UNIT_MAIN("options_qemu", { runs, UNIT_COUNT(silent) }, { runs_with_a_note, UNIT_COUNT(noted) },
	  { is_refused_with_a_reason, UNIT_COUNT(refused) }, { words_that_are_followed, 0 },
	  { control_socket, UNIT_COUNT(control_sockets) }, { says_all_of_it, 0 },
	  { serial_port, 0 })
