/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "probe.h"

/* <sched.h> and <linux/sched/types.h> do not go together in glibc 2.36. */
int sched_yield(void);

static int epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct timespec wait = {5, 0};
	int set = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(1, EFD_CLOEXEC);

	if (set < 0 || fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	return expect(syscall(SYS_epoll_pwait2, set, &event, 1, &wait, NULL, 8) == 1);
}

static int timerfd(void)
{
	struct itimerspec soon = {.it_value = {0, 1000000}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t count;

	if (fd < 0 || timerfd_settime(fd, 0, &soon, NULL))
		return -errno;
	return result(read(fd, &count, sizeof(count)));
}

static int signals(void)
{
	struct itimerspec soon = {.it_value = {0, 1000000}};
	struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct signalfd_siginfo info;
	sigset_t set;
	timer_t timer;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGRTMIN);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);

	if (fd < 0 || timer_create(CLOCK_BOOTTIME, &how, &timer) ||
	    timer_settime(timer, 0, &soon, NULL))
		return -errno;
	return result(read(fd, &info, sizeof(info)));
}

/* Finer than a tick, by far: what a program that sleeps for 100 us expects. */
static int fine_clocks(void)
{
	struct timespec resolution;

	if (clock_getres(CLOCK_MONOTONIC, &resolution))
		return -errno;
	return expect(resolution.tv_sec == 0 && resolution.tv_nsec == 1);
}

static int processor_time(void)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	timer_t timer;

	return result(timer_create(CLOCK_PROCESS_CPUTIME_ID, &none, &timer));
}

/* A child by clone3(), waited for and reached by its descriptor. */
static int pidfd(void)
{
	int fd = -1;
	struct clone_args how = {
		.flags = CLONE_PIDFD, .pidfd = (unsigned long)&fd, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	if (pid < 0)
		return -errno;
	if (pid == 0)
		for (;;)
			(void)pause();
	siginfo_t info = {0};
	int r = result(syscall(SYS_pidfd_getfd, fd, 0, 0));

	if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) ||
	    waitid(P_PIDFD, (id_t)fd, &info, WEXITED))
		return -errno;
	return r ? r : expect(info.si_status == SIGKILL);
}

static long futex(uint32_t *word, int op, uint32_t value)
{
	struct timespec moment = {0, 1000};

	return syscall(SYS_futex, word, op, value, &moment, NULL, 0);
}

static int futexes(void)
{
	static uint32_t word;

	if (futex(&word, FUTEX_WAIT, 0) != -1 || errno != ETIMEDOUT)
		return -errno;
	if (futex(&word, FUTEX_LOCK_PI, 0) || futex(&word, FUTEX_UNLOCK_PI, 0))
		return -errno;
	struct futex_waitv many = {.uaddr = (unsigned long)&word, .val = 1, .flags = FUTEX_32};

	return expect(syscall(SYS_futex_waitv, &many, 1, 0, NULL, CLOCK_MONOTONIC) < 0 &&
		      errno == EAGAIN);
}

/* glibc has registered the area, where the kernel knows such. */
static int restartable_sequences(void)
{
	extern const unsigned int __rseq_size;

	return expect(__rseq_size > 0);
}

static int kcmp(void)
{
	return result(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 0, 0));
}

/* As a debugger: stopped at exec, its memory and registers read. */
static int ptrace_child(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		_exit(7);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return -EPROTO;
	return result(ptrace(PTRACE_CONT, pid, NULL, NULL));
}

/* A data breakpoint: gdb's watch. */
static int watchpoint(void)
{
	static int watched;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attributes),
		.bp_type = 2, /* HW_BREAKPOINT_W */
		.bp_addr = (unsigned long)&watched,
		.bp_len = 4,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return result(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static int abort_here(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	(void)setrlimit(RLIMIT_CORE, &limit);
	(void)kill(getpid(), SIGABRT);
	return 0;
}

/* Where core_pattern says "core", as it does unless the guest changed it. */
static int core_dump(void)
{
	struct stat stat;

	(void)result_of_child(abort_here);
	return result(lstat("core", &stat)) ? -ENOENT : expect(stat.st_size > 4096);
}

static int scheduling(void)
{
	struct sched_attr batch = {
		.size = sizeof(batch), .sched_policy = SCHED_BATCH, .sched_nice = 5};
	unsigned long cpus = 1;

	if (syscall(SYS_sched_setattr, 0, &batch, 0) ||
	    syscall(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus))
		return -errno;
	return result(setpriority(PRIO_PROCESS, 0, 10));
}

static int real_time(void)
{
	struct sched_attr fifo = {
		.size = sizeof(fifo), .sched_policy = SCHED_FIFO, .sched_priority = 1};

	return result(syscall(SYS_sched_setattr, 0, &fifo, 0));
}

static int keys(void)
{
	long key = syscall(SYS_add_key, "user", "snug-probe", "x", 1, KEY_SPEC_PROCESS_KEYRING);

	return result(key < 0 ? key : syscall(SYS_keyctl, KEYCTL_REVOKE, key));
}

static int attributes(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_SET_PDEATHSIG, SIGTERM) ||
	    prctl(PR_SET_NAME, "probe") || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return result(personality(ADDR_NO_RANDOMIZE));
}

const struct probe process_probes[] = {
	{"epoll, eventfd", epoll, false},
	{"timerfd", timerfd, false},
	{"POSIX timers, signalfd", signals, false},
	{"high-resolution timers", fine_clocks, false},
	{"processor-time timers", processor_time, false},
	{"clone3, pidfd", pidfd, false},
	{"futexes: plain, priority inheriting, many", futexes, false},
	{"restartable sequences", restartable_sequences, false},
	{"kcmp", kcmp, false},
	{"ptrace", ptrace_child, false},
	{"watchpoints", watchpoint, true},
	{"core dumps", core_dump, false},
	{"scheduling", scheduling, false},
	{"real-time scheduling", real_time, true},
	{"keyrings", keys, false},
	{"prctl, personality", attributes, false},
	{NULL, NULL, false},
};
