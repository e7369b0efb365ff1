/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of the monitor: for each, which kinds of thread make it, what its arguments have to be
 * where that matters, and why. What is not here ends the process (SECCOMP_RET_KILL_PROCESS), as does any
 * call by the 32-bit or the x32 interface. Several rows of one call are alternatives.
 *
 * Read by generate.c alone.
 */
#ifndef VMM_CONFINE_FILTERS_TABLE_H
#define VMM_CONFINE_FILTERS_TABLE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "vmm/confine/filters/agreed.h"

/* Kinds of thread, as enum confine_thread has them: the main one, a vCPU's, a file server's, the watcher. */
#define M       (1U << 0)
#define V       (1U << 1)
#define R       (1U << 2) /* a server that has nothing writable */
#define W       (1U << 3) /* any other */
#define T       (1U << 4)
#define SERVERS (R | W)
#define MONITOR (M | V | SERVERS)

/* (the argument's lower half & mask) == value. The kernel takes all that are checked here for an int. */
struct check {
	unsigned int arg;
	uint32_t mask;
	uint32_t value;
};
#define CHECKS_MAX 2

struct row {
	const char *call;
	unsigned int threads;
	const char *why;
	struct check checks[CHECKS_MAX]; /* a mask of 0: none */
	int refused; /* 0: allowed; else it fails with this errno, and nothing is ended */
};

/* clang-format off */
#define IS(arg, value)         {arg, 0xffffffffU, value}
#define IS_SELF(arg)           IS(arg, FILTER_SELF)
#define HAS(arg, bits)         {arg, bits, bits}
#define HAS_NOT(arg, bits)     {arg, bits, 0}
#define ONLY(arg, bits)        {arg, ~(uint32_t)(bits), 0}
#define PART(arg, mask, value) {arg, mask, value}

#define ALLOW(call_, threads_, why_) \
	{.call = (call_), .threads = (threads_), .why = (why_)}
#define ALLOW_IF(call_, threads_, why_, ...) \
	{.call = (call_), .threads = (threads_), .why = (why_), .checks = {__VA_ARGS__}}
#define REFUSE(call_, threads_, error, why_) \
	{.call = (call_), .threads = (threads_), .why = (why_), .refused = (error)}
/* clang-format on */

/* What pthread_create() asks clone() for. */
#define PTHREAD_FLAGS                                                                       \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* glibc's abort(). musl's calls are others, and all of its own checks end without one (hlt). */
#define ABORT 6

#define CLONE_NOTHING 0x400000 /* CLONE_DETACHED: musl sets it, Linux ignores it */
#define LARGEFILE     0100000  /* O_LARGEFILE: the same; glibc's is 0 */

/* clang-format off */
static const struct row rows[] = {
	/* the machine */
	ALLOW_IF("ioctl", V, "runs the guest", IS(1, KVM_RUN)),
	ALLOW_IF("ioctl", V, "has it halted with interrupts off?", IS(1, KVM_GET_MP_STATE)),
	ALLOW_IF("ioctl", V, "the same", IS(1, KVM_GET_REGS)),
	ALLOW_IF("ioctl", V, "writes of registers that may wait", IS(1, KVM_REGISTER_COALESCED_MMIO)),
	ALLOW_IF("ioctl", MONITOR, "and that may not, after all", IS(1, KVM_UNREGISTER_COALESCED_MMIO)),
	ALLOW_IF("ioctl", MONITOR, "a device's interrupt", IS(1, KVM_SIGNAL_MSI)),
	ALLOW_IF("tgkill", M, "takes the vCPU out of the guest, to end the run", IS_SELF(0), IS(2, KICK_SIGNAL)),
	ALLOW_IF("tgkill", M, "stops itself, as it was told, with the terminal restored", IS_SELF(0), IS(2, SIGTSTP)),
	ALLOW("rt_sigreturn", MONITOR, "from that signal, whoever it reaches"),

	/* events */
	ALLOW("poll", M, "the event loop; a message that has to wait for its reader"),
	ALLOW("restart_syscall", M, "that poll, after the process was stopped and continued"),
	ALLOW("read", M | SERVERS | T, "eventfd, signalfd; the watcher's pipe"),
	ALLOW("write", MONITOR, "eventfd, messages; what stands for a device node"),

	/* the caller's streams and terminal */
	ALLOW("readv", M, "standard input"),
	ALLOW("writev", MONITOR, "standard output; libc's last words before abort()"),
	ALLOW_IF("ioctl", M, "the terminal's new size", IS(1, TIOCGWINSZ)),
	ALLOW_IF("ioctl", M, "the terminal as it was", IS(1, TCSETSF)),
	ALLOW_IF("ioctl", M | T, "is it raw still? libc, too, asks before it sets anything, and after", IS(1, TCGETS)),
	ALLOW_IF("ioctl", T, "the terminal as it was", IS(1, TCSETS)),
	ALLOW("wait4", M, "the watcher's end"),

	/* memory: malloc(), stacks */
	ALLOW("brk", MONITOR, "malloc"),
	ALLOW_IF("mmap", MONITOR, "malloc, a stack; no file's, never executable", HAS(3, MAP_ANONYMOUS), HAS_NOT(2, PROT_EXEC)),
	ALLOW("mremap", MONITOR, "realloc"),
	ALLOW_IF("mprotect", MONITOR, "malloc's heap of a thread grows; a stack but its guard", ONLY(2, PROT_READ | PROT_WRITE)),
	ALLOW("madvise", MONITOR, "a thread's end gives its stack back"),
	ALLOW("munmap", MONITOR, "free"),
	ALLOW("sched_getaffinity", MONITOR, "malloc asks how many processors there are"),

	/* threads, and the end */
	ALLOW("futex", MONITOR, "locks, joins"),
	ALLOW("rt_sigprocmask", MONITOR, "a thread's begin and end; the end of the event loop"),
	ALLOW_IF("clone", SERVERS, "another thread, when all are busy", PART(0, ~(uint32_t)CLONE_NOTHING, PTHREAD_FLAGS)),
	REFUSE("clone3", SERVERS, ENOSYS, "what it asks for cannot be seen here; libc then takes clone"),
	ALLOW("set_robust_list", SERVERS, "that thread's begin"),
	ALLOW("rseq", SERVERS, "the same"),
	ALLOW("exit", V | SERVERS, "a thread's end"),
	ALLOW("exit_group", M | T, "the end"),
	ALLOW("getpid", MONITOR, "pthread_kill, abort"),
	ALLOW("gettid", MONITOR, "abort"),
	ALLOW_IF("tgkill", MONITOR, "abort", IS_SELF(0), IS(2, ABORT)),

	/* --timeline */
	ALLOW("clock_gettime", M | V, "where the vDSO cannot tell the time"),
	ALLOW_IF("getrusage", M | V, "page faults so far", IS(0, RUSAGE_SELF)),

	/* files: looking */
	ALLOW("close", MONITOR, "a file; the guest may reset a device, and its files with it"),
	ALLOW("openat2", SERVERS, "a name in a directory, by one step"),
	ALLOW_IF("openat", R, "a file that is known by its descriptor, for reading", ONLY(2, O_CLOEXEC | O_NOCTTY | O_PATH | LARGEFILE)),
	ALLOW_IF("openat", W, "the same, for writing; neither a new one nor (O_TMPFILE says so too) a directory", HAS_NOT(2, O_CREAT | O_TMPFILE)),
	ALLOW("statx", SERVERS, "Tgetattr, and what a name stands for"),
	ALLOW("fstatfs", SERVERS, "Tstatfs, and whether it is the kernel's own file system"),
	ALLOW("readlinkat", SERVERS, "Treadlink"),
	ALLOW("getdents64", SERVERS, "Treaddir"),
	ALLOW("lseek", SERVERS, "Treaddir, from the middle"),
	ALLOW("preadv", SERVERS, "Tread"),
	ALLOW("fgetxattr", SERVERS, "Txattrwalk"),
	ALLOW("flistxattr", SERVERS, "Txattrwalk"),
	ALLOW("capget", SERVERS, "which rights this server has"),
	ALLOW("capset", SERVERS, "gives CAP_FSETID up"),

	/* files: changing */
	ALLOW("pwritev2", W, "Twrite"),
	ALLOW("ftruncate", W, "Tsetattr"),
	ALLOW("fsync", W, "Tfsync"),
	ALLOW("fdatasync", W, "Tfsync"),
	ALLOW("fchmodat", W, "Tsetattr"),
	ALLOW("fchmod", W, "the mode of what stands for a device node"),
	ALLOW("fchownat", W, "Tsetattr, and the group of what is made"),
	ALLOW("utimensat", W, "Tsetattr"),
	ALLOW("mkdirat", W, "Tmkdir"),
	ALLOW("symlinkat", W, "Tsymlink"),
	ALLOW_IF("mknodat", W, "Tmknod: a file", PART(2, S_IFMT, S_IFREG)),
	ALLOW_IF("mknodat", W, "Tmknod: a FIFO", PART(2, S_IFMT, S_IFIFO)),
	ALLOW_IF("mknodat", W, "Tmknod: a socket", PART(2, S_IFMT, S_IFSOCK)),
	ALLOW("linkat", W, "Tlink"),
	ALLOW("renameat", W, "Trenameat"),
	ALLOW("unlinkat", W, "Tunlinkat"),
	ALLOW("fsetxattr", W, "Txattrcreate"),
	ALLOW("fremovexattr", W, "Txattrcreate, of nothing"),
	ALLOW_IF("fcntl", W, "Tlock", IS(1, F_OFD_SETLK)),
	ALLOW_IF("fcntl", W, "Tgetlock", IS(1, F_OFD_GETLK)),
	ALLOW("setfsuid", W, "root's server: what is made is the guest's user's"),
	ALLOW("setfsgid", W, "and its group's"),
};
/* clang-format on */

#endif
