/* SPDX-License-Identifier: MIT */
#include "sandbox_calls.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <linux/sched.h>
#include <linux/vfio.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "vfio/backend/iommufd_abi.h"

/* A letter for each kind of thread. Each column of this table is a filter. */
#define M SANDBOX_MAIN
#define V SANDBOX_VCPU
#define S SANDBOX_SERVER
#define C SANDBOX_COMMAND
#define D SANDBOX_DEMO
#define O SANDBOX_OPENER
#define F SANDBOX_FINDER
#define N SANDBOX_NAMES
#define U SANDBOX_UNLINKER
#define P SANDBOX_SUPERVISOR
#define W SANDBOX_WRITER

#define THREADS   (M | V | S | C)
#define PROCESSES (D | O | F | N | U | P | W)
#define OPENERS   (O | F | N)

/* clang-format off */
#define CALL(name, threads)                { SCMP_SYS(name), threads, SANDBOX_ANY, 0, 0, 0 }
#define CALL_IF(name, threads, check, arg, value)                                                  \
	{ SCMP_SYS(name), threads, SANDBOX_##check, arg, value, 0 }
#define CALL_FOR(name, threads, need)                                                              \
	{ SCMP_SYS(name), threads, SANDBOX_ANY, 0, 0, SANDBOX_NEEDS_##need }
#define IOCTL(request, threads, need)                                                              \
	{ SCMP_SYS(ioctl), threads, SANDBOX_IS, 1, request, SANDBOX_NEEDS_##need }

const struct sandbox_row sandbox_calls[] = {
	/*
	 * Memory for malloc(), and in the main thread and vCPUs the mappings of BARs. No memory may
	 * become code.
	 */
	CALL_IF(mmap,         THREADS | D | F, HAS_NOT, 2, PROT_EXEC),
	CALL_IF(mprotect,     THREADS | D, HAS_NOT, 2, PROT_EXEC),
	CALL(munmap,          THREADS | D | F),
	CALL(mremap,          THREADS | F), /* realloc() of more than 128 KiB */
	CALL(brk,             THREADS | D | F),
	CALL(madvise,         THREADS), /* the stack of a thread that ends, an arena that shrinks */

	/*
	 * Locks, signals, time. The kernel makes restart_syscall after SIGSTOP and SIGCONT in any
	 * thread that waited.
	 */
	CALL(futex,           THREADS),
	CALL(rt_sigprocmask,  THREADS | D),
	CALL(rt_sigreturn,    THREADS),
	CALL(restart_syscall, THREADS | PROCESSES),
	CALL(clock_gettime,   THREADS | D | N | P), /* where the vDSO cannot; a process's clock */
	CALL(clock_nanosleep, M | V | P), /* --inject irq#N=late; the wait for a server's end */

	/* abort(), and the end of a thread or of the process. */
	CALL(getpid,          THREADS | F),
	CALL(gettid,          THREADS),
	CALL_IF(tgkill,       THREADS, IS_PID, 0, 0), /* the main thread also kicks vCPUs */
	CALL(rt_sigpending,   THREADS | N), /* a long wait: is the end asked for? */
	CALL(rt_sigtimedwait, M | V), /* a vCPU's SIGBUS goes on to the main thread */
	CALL_IF(rt_tgsigqueueinfo, M | V, IS_PID, 0, 0),
	CALL(exit,            THREADS),
	CALL(exit_group,      THREADS | PROCESSES),

	/* Messages, the serial port's console, eventfds. */
	CALL(write,           THREADS | PROCESSES),
	CALL(close,           THREADS | D | OPENERS),
	/* the trace asks for the thread's name */
	CALL_IF(prctl,        THREADS, IS, 0, PR_GET_NAME),

	/* Files that become ready. */
	CALL(read,            M | C | D | F | U | P | W), /* signals, timers, eventfds, input */
	CALL(preadv2,         M | V), /* an eventfd that may block: loop_take_event() */
	CALL(poll,            THREADS | D | OPENERS | P), /* messages that nobody reads, too */
	CALL(ppoll,           THREADS | D | OPENERS | P), /* poll() of arm64 */
	CALL(epoll_wait,      M | C),
	CALL(epoll_pwait,     M | C), /* epoll_wait() of arm64 */
	CALL(epoll_ctl,       M | V),
	CALL(eventfd2,        M | V), /* a vector gets its eventfd when the guest first uses it */

	/* A device's registers, the variables of UEFI firmware, the kernel at a reboot. */
	CALL(pread64,         M | V | D | N),
	CALL(pwrite64,        M | V | D | W),

	/* Servers of devices, vfio-user and vhost-user. */
	CALL(sendmsg,         M | V | S | D | OPENERS),
	CALL(recvmsg,         M | V | S | D),
	CALL(recvfrom,        M | D | OPENERS),
	CALL(sendto,          M), /* --qmp: its client, which recvfrom hears */
	CALL(accept4,         M), /* and the next one */
	CALL(shutdown,        M | V | S),

	/*
	 * The main thread makes the vCPUs' threads at each reboot. A filter cannot see the flags of
	 * clone3, so that is refused.
	 */
	CALL_IF(clone,        M, HAS, 0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND),
	CALL_IF(clone3,       M, NO_CALL, 0, 0),
	CALL_IF(rt_sigaction, M, IS, 0, __SIGRTMIN + 1), /* glibc's own, at the first thread */
	CALL(set_robust_list, M),
	CALL(rseq,            M),
	CALL_IF(prctl,        M, IS, 0, PR_SET_NAME),
	CALL_IF(seccomp,      M, IS, 0, SECCOMP_SET_MODE_FILTER), /* the vCPU's own filter */
	CALL_FOR(sched_setaffinity, M, PIN), /* --cpus N,pin=LIST */
	CALL(getrandom,       M), /* arm64: the seed in a new device tree */

	/* The curves of a timeline. */
	CALL(timerfd_create,  M),
	CALL(timerfd_settime, M),
	CALL_IF(fcntl,        M, IS, 1, F_DUPFD_CLOEXEC),

	/* The end: stop servers, restore the terminal, print the rest. */
	/* Children by files that name them alone; an old kernel has none. */
	CALL_FOR(pidfd_send_signal, M, CHILDREN),
	CALL_FOR(kill,        M, KILL),
	CALL(wait4,           M | P),
	CALL(getpgrp,         THREADS), /* is minivmm in the terminal's foreground? */
	CALL(getpgid,         M | C), /* getpgrp() of arm64 */
	/* used by stdio, and to see whether a BAR's file has shrunk; from glibc 2.39 on */
	CALL(fstat,           M | N),
	CALL_IF(newfstatat,   THREADS | N, HAS, 3, AT_EMPTY_PATH), /* fstat() of glibc before it */
	CALL(lseek,           M | F), /* stdio moves a file's offset back to what was read */
	CALL(sysinfo,         M | F), /* qsort() of glibc 2.36 */

	/* The demo device asks to die with minivmm, and creates its memory. */
	CALL_IF(prctl,        D, IS, 0, PR_SET_PDEATHSIG),
	CALL(getppid,         D),
	CALL(memfd_create,    D),
	CALL(ftruncate,       D),

	/* A vfio-user server that comes: are its BARs' files memory? Then they shall not shrink. */
	CALL_FOR(fstatfs,     M, HOTPLUG),
	CALL_IF(fcntl,        M, IS, 1, F_ADD_SEALS),

	CALL(openat,          O), /* the files that Landlock leaves it */

	/* Devices that come: what sysfs says of them, and their files. Nothing is created. */
	CALL_IF(openat,       F, HAS_NOT, 2, O_CREAT | O_TRUNC),
	CALL(getdents64,      F),
	CALL(fstat,           F),
	CALL(newfstatat,      F),
	CALL(readlink,        F),
	CALL(readlinkat,      F), /* readlink() of arm64 */
	CALL(access,          F),
	CALL(faccessat,       F),
	CALL(faccessat2,      F),
	CALL(uname,           F),
	CALL(capget,          F), /* the limit of locked memory: does it count here? */
	CALL_IF(prlimit64,    F, IS, 0, 0), /* its own */
	CALL(geteuid,         F), /* may this user open the file? Words of an error */
	CALL(getegid,         F),
	CALL(getgroups,       F),

	/* ROMs and sockets whose names come from the control socket; what they are is looked at. */
	CALL_IF(openat,       N, HAS_NOT, 2, O_ACCMODE | O_CREAT | O_TRUNC),
	CALL_IF(socket,       N, IS, 0, AF_UNIX),
	CALL(setsockopt,      N),
	CALL(connect,         N),

	/* The control socket's end, and a server's. */
	CALL_IF(newfstatat,   U, HAS, 3, AT_SYMLINK_NOFOLLOW),
	CALL(unlinkat,        U),
	CALL_IF(kill,         P, IS_CHILD, 0, 0),
	{ .threads = 0 },
};

const struct sandbox_row sandbox_ioctls[] = {
	/* The guest runs; its memory and interrupts change. */
	IOCTL(KVM_RUN,                    M | V, NOTHING),
	IOCTL(KVM_SET_SIGNAL_MASK,        M | V, NOTHING), /* once, first of all */
	IOCTL(KVM_SET_USER_MEMORY_REGION, M | V, NOTHING),
	IOCTL(KVM_IRQ_LINE,               M | V | C, NOTHING),
	IOCTL(KVM_SIGNAL_MSI,             M | V, NOTHING),
	IOCTL(KVM_SET_GSI_ROUTING,        M | V, NOTHING),
	IOCTL(KVM_IRQFD,                  M | V, NOTHING),
	IOCTL(KVM_IOEVENTFD,              M | V, NOTHING),

	IOCTL(KVM_KVMCLOCK_CTRL,          V, ARCH), /* the vCPU continues after a pause */

	/* Registers are printed after a crash. Each architecture has its own calls for that. */
	IOCTL(KVM_GET_REGS,               M | V, ARCH),
	IOCTL(KVM_GET_SREGS,              M | V, ARCH),
	IOCTL(KVM_GET_ONE_REG,            M | V, ARCH),

	/* A reboot makes a new VM, by these calls and all that the architecture's folder lists. */
	IOCTL(KVM_CHECK_EXTENSION,        M, NOTHING),
	IOCTL(KVM_CREATE_VM,              M, NOTHING),
	IOCTL(KVM_CREATE_VCPU,            M, NOTHING),
	IOCTL(KVM_CREATE_DEVICE,          M, NOTHING),
	IOCTL(KVM_SET_DEVICE_ATTR,        M, NOTHING),
	IOCTL(KVM_GET_STATS_FD,           M, NOTHING),

	/* Devices: interrupts, and a reset that a vCPU asks for by a root port's register. */
	IOCTL(VFIO_DEVICE_SET_IRQS,               M | V, DEVICES),
	IOCTL(VFIO_DEVICE_GET_INFO,               M, DEVICES),
	IOCTL(VFIO_DEVICE_GET_REGION_INFO,        M, DEVICES),
	IOCTL(VFIO_DEVICE_GET_IRQ_INFO,           M, DEVICES),
	IOCTL(VFIO_DEVICE_RESET,                  M | V, DEVICES),
	IOCTL(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, M | V, DEVICES),
	IOCTL(VFIO_DEVICE_PCI_HOT_RESET,          M | V, DEVICES),
	IOCTL(VFIO_GROUP_GET_DEVICE_FD,           M, GROUPS),
	IOCTL(VFIO_GROUP_UNSET_CONTAINER,         M, GROUPS),
	IOCTL(VFIO_IOMMU_MAP_DMA,                 M | V, GROUPS), /* another device's BAR */
	IOCTL(VFIO_IOMMU_UNMAP_DMA,               M | V, GROUPS),
	IOCTL(VFIO_DEVICE_BIND_IOMMUFD,           M, IOMMUFD),
	IOCTL(VFIO_DEVICE_ATTACH_IOMMUFD_PT,      M, IOMMUFD),
	IOCTL(VFIO_DEVICE_DETACH_IOMMUFD_PT,      M, IOMMUFD),
	IOCTL(IOMMU_IOAS_MAP,                     M | V, IOMMUFD),
	IOCTL(IOMMU_IOAS_UNMAP,                   M | V, IOMMUFD),
	IOCTL(IOMMU_DESTROY,                      M, IOMMUFD),

	/* A device that comes: its space is made, or it joins that of the others. */
	IOCTL(VFIO_GET_API_VERSION,               M, HOTPLUG),
	IOCTL(VFIO_CHECK_EXTENSION,               M, HOTPLUG),
	IOCTL(VFIO_GROUP_GET_STATUS,              M, HOTPLUG),
	IOCTL(VFIO_GROUP_SET_CONTAINER,           M, HOTPLUG),
	IOCTL(VFIO_SET_IOMMU,                     M, HOTPLUG),
	IOCTL(VFIO_IOMMU_GET_INFO,                M, HOTPLUG),
	IOCTL(IOMMU_IOAS_ALLOC,                   M, HOTPLUG),
	IOCTL(IOMMU_IOAS_IOVA_RANGES,             M, HOTPLUG),
	IOCTL(IOMMU_IOAS_MAP_FILE,                M, HOTPLUG),

	/* The terminal. Whoever makes a call that is not here, or dies, puts it back. */
	IOCTL(TCSETS,     THREADS, NOTHING),
	IOCTL(TCSETSW,    M | C, NOTHING),
	IOCTL(TCGETS,     THREADS, NOTHING), /* glibc looks what it has set */
	IOCTL(TIOCGPGRP,  THREADS, NOTHING),
	IOCTL(TIOCGWINSZ, C, NOTHING),
	/* The same call as glibc makes it from 2.42 on. */
	IOCTL(TCSETS2,    THREADS, NOTHING),
	IOCTL(TCSETSW2,   M | C, NOTHING),
	IOCTL(TCGETS2,    THREADS, NOTHING),
	{ .threads = 0 },
};
/* clang-format on */

#define DENY(name) SCMP_SYS(name)

const int sandbox_denied[] = {
	/* Other processes, and what they see. */
	DENY(ptrace),
	DENY(process_vm_readv),
	DENY(process_vm_writev),
	DENY(kcmp),
	DENY(pidfd_getfd),
	DENY(perf_event_open),
	DENY(process_madvise),
	DENY(kill),
	DENY(tkill),
	DENY(rt_sigqueueinfo),
	DENY(rt_tgsigqueueinfo),
	DENY(pidfd_send_signal),
	/* Other file systems, other roots, other namespaces. */
	DENY(mount),
	DENY(umount2),
	DENY(pivot_root),
	DENY(move_mount),
	DENY(open_tree),
	DENY(fsopen),
	DENY(fsmount),
	DENY(fsconfig),
	DENY(fspick),
	DENY(mount_setattr),
	DENY(chroot),
	DENY(unshare),
	DENY(setns),
	DENY(open_by_handle_at),
	/* Networks. */
	DENY(socket),
	/* The kernel: other programs in it, another one, its clock, its keys, its swap. */
	DENY(bpf),
	DENY(kexec_load),
	DENY(kexec_file_load),
	DENY(reboot),
	DENY(delete_module),
	DENY(settimeofday),
	DENY(clock_settime),
	DENY(adjtimex),
	DENY(clock_adjtime),
	DENY(add_key),
	DENY(request_key),
	DENY(keyctl),
	DENY(swapon),
	DENY(swapoff),
	DENY(acct),
	DENY(quotactl),
	DENY(syslog),
	DENY(sethostname),
	DENY(setdomainname),
	/* Ports of the processor, and calls that were often the way to a fault in the kernel. */
	DENY(iopl),
	DENY(ioperm),
	DENY(userfaultfd),
	DENY(io_uring_setup),
	DENY(personality),
	/* Another user. */
	DENY(setuid),
	DENY(setresuid),
	DENY(setreuid),
	DENY(setgid),
	DENY(setresgid),
	DENY(setregid),
	DENY(setgroups),
	-1,
};

/* clang-format off */
#define DENY_IF(name, check, arg, value) { SCMP_SYS(name), 1, SANDBOX_##check, arg, value, 0 }

const struct sandbox_row sandbox_denied_if[] = {
	/* Signals and limits of other processes. abort() signals its own. */
	DENY_IF(tgkill,    IS_NOT_PID, 0, 0),
	DENY_IF(prlimit64, IS_NOT,     0, 0),
	/* A new user namespace, which would have every capability in it. clone3 hides its flags. */
	DENY_IF(clone,     HAS,        0, CLONE_NEWUSER),
	DENY_IF(clone3,    NO_CALL,    0, 0),
	{ .threads = 0 },
};
/* clang-format on */
