#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes each call of a guest with a real device fail once, with each errno that it can have.

Runs on the lab host. A bare guest starts, resets and ends; or a device comes to it and goes. In
each run --inject makes one ioctl fail, or strace another call. It ends as errnos.py says, with one
message that names the object, the operation and this errno; or the guest goes on to its end, where
minivmm can do without the call. Nothing is left: no process, no open device, no pinned page, no VM;
and the device is still bound. Usage: vfio_errnos.py BUILD BDF WAY[:CALL]...; PASS or FAIL for each
call of each way, and a count.
"""
import collections
import errno
import glob
import json
import os
import re
import sys
import tempfile
import time

import errnos

MOST = 5  # of KVM_RUN, which is made at each exit

# The errors that Linux 6.1 to 7.2 gives for these calls, or a security module that forbids them.
KERNEL = {
    "KVM_GET_API_VERSION": "ENOTTY EPERM",
    "KVM_CHECK_EXTENSION": "ENOTTY EPERM",
    "KVM_GET_VCPU_MMAP_SIZE": "EINVAL",
    "KVM_CREATE_VM": "ENOMEM EBUSY EMFILE EINTR",
    "KVM_CREATE_VCPU": "ENOMEM EINVAL EMFILE EIO",
    "KVM_SET_USER_MEMORY_REGION": "ENOMEM EINVAL EEXIST",
    "KVM_CREATE_IRQCHIP": "ENOMEM EEXIST",
    "KVM_CREATE_PIT2": "ENOMEM EFAULT",
    "KVM_SET_TSS_ADDR": "EINVAL ENOMEM",
    "KVM_SET_IDENTITY_MAP_ADDR": "EINVAL",
    "KVM_SET_GSI_ROUTING": "ENOMEM EINVAL",
    "KVM_IRQFD": "ENOMEM EBUSY EINVAL",
    "KVM_IRQ_LINE": "EINVAL",
    "KVM_SIGNAL_MSI": "EINVAL",
    "KVM_CREATE_DEVICE": "ENODEV ENOMEM EMFILE",
    "KVM_SET_DEVICE_ATTR": "ENOMEM EEXIST EBADF ENXIO",
    "KVM_GET_SUPPORTED_CPUID": "ENOMEM EFAULT",
    "KVM_SET_CPUID2": "ENOMEM EINVAL E2BIG",
    "KVM_GET_SREGS": "ENOMEM",
    "KVM_SET_SREGS": "EINVAL ENOMEM",
    "KVM_SET_REGS": "ENOMEM",
    "KVM_SET_MSRS": "ENOMEM E2BIG",
    "KVM_SET_SIGNAL_MASK": "EINVAL",
    "KVM_RUN": "EINTR EFAULT ENOMEM EIO",
    "VFIO_GET_API_VERSION": "ENOTTY EPERM",
    "VFIO_CHECK_EXTENSION": "ENOTTY EPERM",
    "VFIO_GROUP_GET_STATUS": "ENODEV EPERM",
    "VFIO_GROUP_SET_CONTAINER": "EINVAL EPERM EBUSY ENODEV",
    "VFIO_GROUP_UNSET_CONTAINER": "EBUSY EINVAL",
    "VFIO_SET_IOMMU": "ENOMEM EPERM ENODEV EBUSY",
    "VFIO_GROUP_GET_DEVICE_FD": "ENODEV EBUSY ENOMEM EMFILE EIO EPERM",
    "VFIO_IOMMU_GET_INFO": "ENOMEM EINVAL",
    "VFIO_IOMMU_MAP_DMA": "ENOMEM EINVAL EEXIST ENOSPC EFAULT EINTR",
    "VFIO_IOMMU_UNMAP_DMA": "EINVAL ENOMEM",
    "VFIO_DEVICE_GET_INFO": "ENODEV EIO EINVAL",
    "VFIO_DEVICE_GET_REGION_INFO": "ENOMEM EIO ENODEV EINVAL",
    "VFIO_DEVICE_GET_IRQ_INFO": "EIO ENODEV EINVAL",
    "VFIO_DEVICE_SET_IRQS": "ENOMEM EINVAL ENOSPC EBUSY EIO ENODEV",
    "VFIO_DEVICE_RESET": "ENOTTY EIO EAGAIN ENODEV EPERM",
    "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO": "ENODEV ENOMEM",
    "VFIO_DEVICE_PCI_HOT_RESET": "ENODEV EPERM EINVAL EIO",
    "IOMMU_IOAS_ALLOC": "ENOMEM EPERM",
    "IOMMU_IOAS_IOVA_RANGES": "ENOENT ENOMEM",
    "IOMMU_IOAS_MAP": "ENOMEM EINVAL EEXIST ENOSPC EFAULT EADDRINUSE EPERM",
    "IOMMU_IOAS_MAP_FILE": "ENOMEM EBADF EEXIST EPERM EINVAL ENOTTY",
    "IOMMU_IOAS_UNMAP": "ENOENT EINVAL ENOMEM",
    "IOMMU_DESTROY": "EBUSY ENOENT",
    "VFIO_DEVICE_BIND_IOMMUFD": "EBUSY EINVAL ENODEV ENOMEM EPERM EIO",
    "VFIO_DEVICE_ATTACH_IOMMUFD_PT": "EINVAL ENOMEM EBUSY EPERM ENODEV",
    "VFIO_DEVICE_DETACH_IOMMUFD_PT": "ENODEV EIO",
}

# Calls without which the guest still works: the call, errors ("": any), one of its arguments ("":
# any), and why.
DISPENSABLE = (
    ("KVM_RUN", "EINTR", "", "a signal"),
    ("KVM_CHECK_EXTENSION", "", "KVM_CAP_TSC_DEADLINE_TIMER", "there are other timers"),
    ("KVM_SET_SIGNAL_MASK", "", "", "then SIGBUS ends minivmm, see vcpu.c"),
    ("VFIO_DEVICE_GET_REGION_INFO", "EINVAL", "expansion ROM", "it has none"),
    ("VFIO_DEVICE_GET_IRQ_INFO", "EINVAL", "", "it has none of this kind"),
    ("VFIO_DEVICE_GET_IRQ_INFO", "", "MSI-X", "the first of two questions"),
    ("VFIO_DEVICE_RESET", "", "", "its bus is reset instead, or a warning says that nothing is"),
    ("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", "", "", "the same warning"),
    ("VFIO_DEVICE_PCI_HOT_RESET", "", "", "the same warning"),
    ("IOMMU_IOAS_MAP_FILE", "EINVAL ENOTTY", "", "RAM is mapped by its address instead"),
)
# Calls that take something back, always or with such an argument. The process' end does it, too.
UNDOING = {
    "VFIO_GROUP_UNSET_CONTAINER": None, "VFIO_IOMMU_UNMAP_DMA": None, "IOMMU_IOAS_UNMAP": None,
    "IOMMU_DESTROY": None, "VFIO_DEVICE_DETACH_IOMMUFD_PT": None,
    "VFIO_DEVICE_SET_IRQS": ("count", "0"), "KVM_SET_DEVICE_ATTR": ("do", "forget file"),
    "KVM_SET_USER_MEMORY_REGION": ("size", "0"), "KVM_IRQFD": ("flags", "DEASSIGN"),
}


class Group(errnos.Way):
    """Starts, resets and ends, by the group."""
    append, done, bdf, access = "reset", "boot 3", "", "off"

    def words(self):
        return ["--vfio", f"{self.bdf},iommufd={self.access}"]

    def boot(self):
        return [*super().boot()[:-1], "32M"]


class Iommufd(Group):
    """The same by the device's own file."""
    access = "on"


class GroupFiles(Group):
    """Files of the host, the device's registers, its mappings, eventfds."""
    calls = frozenset(("openat", "read", "pread64", "pwrite64", "mmap", "eventfd2", "epoll_ctl",
                       "readlink", "getdents64", "newfstatat"))


class IommufdFiles(GroupFiles):
    """The same by the device's own file."""
    access = "on"


class GroupPlug(errnos.Plug):
    """A device comes and goes."""
    threads, bdf, access = False, "", "off"

    def words(self):
        return ["--ports", "1", "--qmp", f"unix:{self.work}/qmp"]

    def prepare(self):
        pass

    def device(self):
        return {"driver": "vfio-pci", "host": self.bdf, "iommufd": self.access}


class IommufdPlug(GroupPlug):
    """The same by the device's own file."""
    access = "on"


WAYS = (Group, Iommufd, GroupPlug, IommufdPlug, GroupFiles, IommufdFiles)


class Host:
    """What the kernel has of VMs, pinned pages, programs and open devices."""

    def __init__(self, bdf):
        self.bdf, self.first = bdf, self.holds()

    def holds(self):
        with open("/proc/vmstat", encoding="utf-8") as file:
            counts = dict(line.split() for line in file)
        pins = int(counts["nr_foll_pin_acquired"]) - int(counts["nr_foll_pin_released"])
        return {"pinned pages": pins, "VMs": vms(), "processes": sum(1 for _ in programs())}

    def left(self):
        """What was not there at first. What ends by itself has five seconds for it."""
        until = time.monotonic() + 5
        while (now := self.holds()) != self.first and time.monotonic() < until:
            time.sleep(0.05)
        yield from (f"{count - self.first[name]} {name}" for name, count in now.items()
                    if count != self.first[name])
        yield from self.device()

    def device(self):
        """A group can be opened if nobody else has it open, or a device of it by iommufd."""
        folder = f"/sys/bus/pci/devices/{self.bdf}"
        driver = os.path.basename(os.path.realpath(f"{folder}/driver"))
        group = os.path.basename(os.path.realpath(f"{folder}/iommu_group"))
        if driver != "vfio-pci":
            yield f"the driver {driver}"
        try:
            os.close(os.open(f"/dev/vfio/{group}", os.O_RDWR))
        except OSError as error:
            yield f"the group: {error.strerror}"


def vms():
    """How many users KVM's module has. A kernel whose modules stay for ever does not count them."""
    try:
        with open("/sys/module/kvm_amd/refcnt", encoding="utf-8") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def programs():
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="utf-8") as file:
                if file.read().strip() == "minivmm":
                    yield path
        except OSError:
            pass  # it has ended


class Run(errnos.Run):
    """Looks at the host after each run."""

    def __init__(self, build, work, bdf):
        super().__init__(build, work)
        self.host = Host(bdf)

    def start(self, *words):
        result = super().start(*words)
        result[3].extend(self.host.left())
        return result

    def inject(self, way, *options):
        """The same without strace, so that minivmm is the child."""
        return self.start(way, lambda process: process, [], *options)


def calls_of(run, way):
    """The ioctls of a run in which none fails: for each name, the arguments of each call."""
    trace = f"{run.work}.trace.json"
    status, out, err, left = run.inject(way, "--trace", trace)
    if status or left or way.done not in out:
        sys.exit(f"FAIL {way.__name__}: status {status}, left {left}: {out} {err}")
    with open(trace, encoding="utf-8") as file:
        events = [event for event in json.load(file) if event["ph"] == "X"]
    calls = collections.defaultdict(list)
    for event in sorted(events, key=lambda event: event["ts"]):
        if re.match("(KVM|VFIO|IOMMU)_", event["name"]):
            calls[event["name"]].append(event["args"])
    calls.pop("KVM_GET_STATS_FD", None)  # of the trace itself
    return calls


def may_go_on(call, name, args):
    """Whether the guest works without this call."""
    if call in UNDOING:
        undone = UNDOING[call]
        if not undone or re.search(rf"\b{undone[1]}\b", str(args.get(undone[0]))):
            return True
    return any(call == row[0] and (not row[1] or name in row[1].split()) and
               row[2] in ("", *args.values()) for row in DISPENSABLE)


def judge(way, call, name, args, result):
    """What is wrong with the end of a run, or ""."""
    status, out, err, _ = result
    if wrong := errnos.judge(way, call, name, *result):
        return wrong
    if status == 0 and way.done not in out:
        return "success without what the guest had to say"
    errors = [line for line in err.splitlines() if line.startswith("minivmm: error: ")]
    if not errors:
        return "" if may_go_on(call, name, args) else "went on without it"
    if os.strerror(getattr(errno, name)) not in errors[0]:
        return f"another cause: {errors[0]}"
    return "" if re.match(r"minivmm: error: \S.*: .*\S: ", errors[0]) else f"short: {errors[0]}"


def try_call(run, way, call, calls, nth):
    """Wrong ends of this call, for each errno that it can have."""
    for name in KERNEL[call].split():
        result = run.inject(way, "--inject", f"{call}#{nth}={name}")
        print(f"{call}#{nth}={name}: {result[0]}: {result[2].strip()}", file=sys.stderr)
        if wrong := judge(way, call, name, calls[nth - 1], result):
            yield f"{name} at {nth} {calls[nth - 1]}: {wrong}"


def try_way(run, way, wanted):
    """Numbers of calls that failed, and of those that ended badly."""
    if issubclass(way, GroupFiles):
        return errnos.try_way(run, way, wanted)
    title, tried, bad = way.__name__.lower(), 0, 0
    for call, calls in calls_of(run, way).items():
        if not {title, f"{title}:{call}"} & set(wanted):
            continue
        count = min(len(calls), MOST) if call == "KVM_RUN" else len(calls)
        found = [wrong for nth in range(1, count + 1)
                 for wrong in try_call(run, way, call, calls, nth)]
        tried += count * len(KERNEL[call].split())
        bad += len(found)
        print(f"FAIL errno:{title}:{call}: " + "\n\t".join(found) if found else
              f"PASS errno:{title}:{call} ({count} calls)", flush=True)
    return tried, bad


def main():
    build, bdf, *wanted = sys.argv[1:]
    tried = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        work = f"{folder}/work"
        os.mkdir(work)
        run = Run(build, work, bdf)
        for way in WAYS:
            way.bdf = bdf
            if way.__name__.lower() in [word.split(":")[0] for word in wanted]:
                more = try_way(run, way, wanted)
                tried, bad = tried + more[0], bad + more[1]
    print(f"{tried} calls that fail, {bad} of them wrong")
    return bad > 0 or not tried


if __name__ == "__main__":
    sys.exit(main())
