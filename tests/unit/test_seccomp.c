/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of system calls, as the kernel gets them: each number there is, by an interpreter and for
 * real; and the arguments that are checked. What is expected stands here once more, by hand.
 */
#include "tests/unit/bpf.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/util.h"
#include "vmm/confine/filters/agreed.h"
#include "vmm/confine/seccomp.h"

/* More than there are: 6.18 ends at 470. */
#define NUMBERS 1024
#define X32     0x40000000

#define COMMON                                                                                 \
	SYS_write, SYS_writev, SYS_close, SYS_brk, SYS_mmap, SYS_mremap, SYS_mprotect,         \
		SYS_madvise, SYS_munmap, SYS_sched_getaffinity, SYS_futex, SYS_rt_sigprocmask, \
		SYS_rt_sigreturn, SYS_ioctl, SYS_getpid, SYS_gettid, SYS_tgkill
#define TIMED SYS_clock_gettime, SYS_getrusage
#define READER                                                                                 \
	SYS_read, SYS_clone, SYS_clone3, SYS_set_robust_list, SYS_rseq, SYS_exit, SYS_openat2, \
		SYS_openat, SYS_statx, SYS_fstatfs, SYS_readlinkat, SYS_getdents64, SYS_lseek, \
		SYS_preadv, SYS_fgetxattr, SYS_flistxattr, SYS_capget, SYS_capset
#define WRITER                                                                                    \
	SYS_pwritev2, SYS_ftruncate, SYS_fsync, SYS_fdatasync, SYS_fchmodat, SYS_fchmod,          \
		SYS_fchownat, SYS_utimensat, SYS_mkdirat, SYS_symlinkat, SYS_mknodat, SYS_linkat, \
		SYS_renameat, SYS_unlinkat, SYS_fsetxattr, SYS_fremovexattr, SYS_fcntl,           \
		SYS_setfsuid, SYS_setfsgid

static const int lists[CONFINE_THREADS][64] = {
	[CONFINE_MAIN] = {COMMON, TIMED, SYS_poll, SYS_restart_syscall, SYS_read, SYS_readv,
			  SYS_wait4, SYS_exit_group, -1},
	[CONFINE_VCPU] = {COMMON, TIMED, SYS_exit, -1},
	[CONFINE_READER] = {COMMON, READER, -1},
	[CONFINE_WRITER] = {COMMON, READER, WRITER, -1},
	/* read is number 0. */
	[CONFINE_WATCHER] = {SYS_read, SYS_ioctl, SYS_exit_group, -1},
};

static bool is_listed(unsigned int thread, int nr)
{
	for (const int *at = lists[thread]; *at >= 0; at++) {
		if (*at == nr)
			return true;
	}
	return false;
}

/* What a list says to a call. */
static uint32_t ask(unsigned int thread, uint32_t arch, int nr, const uint64_t args[6])
{
	struct sock_filter code[SECCOMP_CODE_MAX];
	struct seccomp_data data = {.nr = nr, .arch = arch};

	memcpy(data.args, args, sizeof(data.args));
	return bpf_run(code, seccomp_code((enum confine_thread)thread, code), &data);
}

#define ASK(thread, nr, ...)        ask(thread, AUDIT_ARCH_X86_64, nr, (const uint64_t[6]){__VA_ARGS__})
#define assert_allowed(thread, ...) assert_int_equal(ASK(thread, __VA_ARGS__), SECCOMP_RET_ALLOW)
#define assert_killed(thread, ...) \
	assert_int_equal(ASK(thread, __VA_ARGS__), SECCOMP_RET_KILL_PROCESS)

/* --- numbers ---------------------------------------------------------------------------------------- */

static void what_is_not_listed_kills(void **state)
{
	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_THREADS; thread++) {
		for (int nr = -1; nr < NUMBERS; nr++) {
			if (!is_listed(thread, nr))
				assert_killed(thread, nr, 0);
		}
	}
}

static void there_is_no_other_way_in(void **state)
{
	static const uint64_t args[6];

	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_THREADS; thread++) {
		for (int nr = 0; nr < NUMBERS; nr++) {
			assert_killed(thread, X32 | nr, 0);
			assert_int_equal(ask(thread, AUDIT_ARCH_I386, nr, args),
					 SECCOMP_RET_KILL_PROCESS);
		}
	}
}

static void a_vcpu_needs_few(void **state)
{
	size_t count = 0;

	(void)state;
	for (int nr = 0; nr < NUMBERS; nr++)
		count += is_listed(CONFINE_VCPU, nr);
	print_message("a vCPU's thread: %zu calls\n", count);
	assert_true(count <= 20);
}

/* Some of those that end a confinement, or reach other processes: nobody may have listed them above. */
static void some_are_nobodys(void **state)
{
	static const int never[] = {
		SYS_execve,
		SYS_execveat,
		SYS_fork,
		SYS_vfork,
		SYS_ptrace,
		SYS_kill,
		SYS_tkill,
		SYS_socket,
		SYS_connect,
		SYS_sendmsg,
		SYS_recvmsg,
		SYS_bpf,
		SYS_io_uring_setup,
		SYS_userfaultfd,
		SYS_unshare,
		SYS_setns,
		SYS_mount,
		SYS_open,
		SYS_creat,
		SYS_chroot,
		SYS_setuid,
		SYS_setresuid,
		SYS_prctl,
		SYS_seccomp,
		SYS_keyctl,
		SYS_init_module,
		SYS_finit_module,
		SYS_kexec_load,
		SYS_open_by_handle_at,
		SYS_process_vm_writev,
		SYS_pidfd_getfd,
		SYS_perf_event_open,
		SYS_memfd_create,
		SYS_name_to_handle_at,
		SYS_shmat,
		SYS_rt_sigaction,
		SYS_setrlimit,
		SYS_prlimit64,
	};

	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_THREADS; thread++) {
		for (size_t i = 0; i < ARRAY_SIZE(never); i++)
			assert_killed(thread, never[i], 0);
	}
}

/* --- arguments -------------------------------------------------------------------------------------- */

static void ioctls(void **state)
{
	static const struct {
		unsigned long request;
		unsigned int threads;
	} known[] = {
		{KVM_RUN, 1U << CONFINE_VCPU},
		{KVM_GET_MP_STATE, 1U << CONFINE_VCPU},
		{KVM_GET_REGS, 1U << CONFINE_VCPU},
		{KVM_REGISTER_COALESCED_MMIO, 1U << CONFINE_VCPU},
		{KVM_UNREGISTER_COALESCED_MMIO, 1U << CONFINE_MAIN | 1U << CONFINE_VCPU |
							1U << CONFINE_READER |
							1U << CONFINE_WRITER},
		{KVM_SIGNAL_MSI, 1U << CONFINE_MAIN | 1U << CONFINE_VCPU | 1U << CONFINE_READER |
					 1U << CONFINE_WRITER},
		{TIOCGWINSZ, 1U << CONFINE_MAIN},
		{0x5404 /* TCSETSF */, 1U << CONFINE_MAIN},
		{0x5401 /* TCGETS */, 1U << CONFINE_MAIN | 1U << CONFINE_WATCHER},
		{0x5402 /* TCSETS */, 1U << CONFINE_WATCHER},
	};
	static const unsigned long never[] = {
		KVM_CREATE_VM,     KVM_CREATE_VCPU, KVM_SET_USER_MEMORY_REGION,
		KVM_CREATE_DEVICE, KVM_SET_REGS,    KVM_SET_MP_STATE,
		KVM_IOEVENTFD,     KVM_IRQFD,       KVM_ENABLE_CAP,
		TIOCSTI,           TIOCLINUX,       TIOCSCTTY,
		FIONREAD,          FIONBIO,         0,
	};

	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_THREADS; thread++) {
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			const bool may = known[i].threads & (1U << thread);

			assert_int_equal(ASK(thread, SYS_ioctl, 3, known[i].request),
					 may ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
		}
		for (size_t i = 0; i < ARRAY_SIZE(never); i++)
			assert_killed(thread, SYS_ioctl, 3, never[i]);
	}
}

static void memory_is_anonymous_and_never_code(void **state)
{
	const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_WATCHER; thread++) {
		assert_allowed(thread, SYS_mmap, 0, 4096, rw, anonymous);
		assert_allowed(thread, SYS_mmap, 0, 4096, PROT_NONE, anonymous | MAP_NORESERVE);
		assert_killed(thread, SYS_mmap, 0, 4096, rw, MAP_SHARED, 3);
		assert_killed(thread, SYS_mmap, 0, 4096, rw | PROT_EXEC, anonymous);
		assert_allowed(thread, SYS_mprotect, 0, 4096, rw);
		assert_killed(thread, SYS_mprotect, 0, 4096, PROT_READ | PROT_EXEC);
		assert_killed(thread, SYS_mprotect, 0, 4096, PROT_READ | PROT_GROWSDOWN);
	}
}

static void signals_go_nowhere_else(void **state)
{
	const uint64_t self = (uint64_t)getpid(), other = self + 1, kick = KICK_SIGNAL;

	(void)state;
	assert_true(KICK_SIGNAL > SIGRTMIN && KICK_SIGNAL < SIGRTMAX);
	assert_allowed(CONFINE_MAIN, SYS_tgkill, self, other, kick);
	assert_allowed(CONFINE_MAIN, SYS_tgkill, self, self, SIGTSTP);
	assert_killed(CONFINE_MAIN, SYS_tgkill, other, other, SIGTSTP);
	for (unsigned int thread = 0; thread < CONFINE_WATCHER; thread++) {
		assert_allowed(thread, SYS_tgkill, self, self, SIGABRT);
		assert_killed(thread, SYS_tgkill, other, other, SIGABRT);
		assert_killed(thread, SYS_tgkill, other, other, kick);
		assert_killed(thread, SYS_tgkill, self, self, SIGTERM);
		if (thread != CONFINE_MAIN) {
			assert_killed(thread, SYS_tgkill, self, self, kick);
			assert_killed(thread, SYS_tgkill, self, self, SIGTSTP);
		}
	}
}

static void threads_but_no_processes(void **state)
{
	const uint64_t thread_flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
				      CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |
				      CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	(void)state;
	for (unsigned int thread = CONFINE_READER; thread <= CONFINE_WRITER; thread++) {
		assert_allowed(thread, SYS_clone, thread_flags);
		assert_killed(thread, SYS_clone, SIGCHLD);
		assert_killed(thread, SYS_clone, thread_flags | CLONE_NEWUSER);
		assert_killed(thread, SYS_clone, thread_flags & ~(uint64_t)CLONE_THREAD);
		/* Its flags are in memory; libc then takes the other. */
		assert_int_equal(ASK(thread, SYS_clone3, 0), SECCOMP_RET_ERRNO | ENOSYS);
	}
}

static void opening(void **state)
{
	const int base = O_CLOEXEC | O_NOCTTY;

	(void)state;
	assert_allowed(CONFINE_READER, SYS_openat, 6, 0, base | O_RDONLY);
	assert_killed(CONFINE_READER, SYS_openat, 6, 0, base | O_WRONLY);
	assert_killed(CONFINE_READER, SYS_openat, 6, 0, base | O_RDWR);
	assert_killed(CONFINE_READER, SYS_openat, 6, 0, base | O_TRUNC);
	assert_killed(CONFINE_READER, SYS_openat, 6, 0, base | O_CREAT);
	assert_allowed(CONFINE_WRITER, SYS_openat, 6, 0, base | O_RDWR | O_TRUNC | O_SYNC);
	assert_killed(CONFINE_WRITER, SYS_openat, 6, 0, base | O_RDWR | O_CREAT);
	assert_killed(CONFINE_WRITER, SYS_openat, 6, 0, base | O_RDWR | O_TMPFILE);
	assert_killed(CONFINE_WRITER, SYS_openat, 6, 0, base | O_RDONLY | O_DIRECTORY);
}

static void nodes_and_locks(void **state)
{
	(void)state;
	assert_allowed(CONFINE_WRITER, SYS_mknodat, 5, 0, S_IFREG | 0644);
	assert_allowed(CONFINE_WRITER, SYS_mknodat, 5, 0, S_IFIFO | 0644);
	assert_allowed(CONFINE_WRITER, SYS_mknodat, 5, 0, S_IFSOCK | 0644);
	assert_killed(CONFINE_WRITER, SYS_mknodat, 5, 0, S_IFCHR | 0644);
	assert_killed(CONFINE_WRITER, SYS_mknodat, 5, 0, S_IFBLK | 0644);
	assert_allowed(CONFINE_WRITER, SYS_fcntl, 5, F_OFD_SETLK);
	assert_allowed(CONFINE_WRITER, SYS_fcntl, 5, F_OFD_GETLK);
	assert_killed(CONFINE_WRITER, SYS_fcntl, 5, F_OFD_SETLKW); /* would wait, maybe for ever */
	assert_killed(CONFINE_WRITER, SYS_fcntl, 5, F_SETFL);
	assert_killed(CONFINE_WRITER, SYS_fcntl, 5, F_SETOWN);
	assert_killed(CONFINE_WRITER, SYS_fcntl, 5, F_DUPFD);
	assert_allowed(CONFINE_VCPU, SYS_getrusage, (uint64_t)RUSAGE_SELF);
	assert_killed(CONFINE_VCPU, SYS_getrusage, (uint64_t)RUSAGE_CHILDREN);
}

/* The kernel looks at the lower half of these: so does the list. */
static void the_upper_half_hides_nothing(void **state)
{
	const uint64_t high = 1ULL << 32;

	(void)state;
	assert_killed(CONFINE_VCPU, SYS_ioctl, 3, high | TIOCSTI);
	assert_killed(CONFINE_VCPU, SYS_mmap, 0, 4096, high | PROT_EXEC, MAP_ANONYMOUS);
	assert_killed(CONFINE_WRITER, SYS_openat, 6, 0, high | O_RDWR | O_CREAT);
	assert_killed(CONFINE_WRITER, SYS_mknodat, 5, 0, high | S_IFCHR);
	assert_allowed(CONFINE_VCPU, SYS_ioctl, 3, high | KVM_RUN);
}

/* --- for real --------------------------------------------------------------------------------------- */

/* How a process ends that is so confined and makes the call. */
static int status_of(unsigned int thread, long nr)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    seccomp_enter((enum confine_thread)thread) < 0)
			_exit(90);
		(void)syscall(nr, -1, -1, -1, -1, -1, -1);
		(void)syscall(SYS_exit, 0);
		(void)syscall(SYS_exit_group, 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/*
 * uretprobe() and uprobe() are the way back from a probe that root has set: Linux lets them pass whatever a
 * filter says, and refuses them itself where there is no probe.
 */
static bool is_probe(int nr)
{
	return nr == 335 || nr == 336;
}

static void the_kernel_kills(void **state)
{
	(void)state;
	for (unsigned int thread = 0; thread < CONFINE_THREADS; thread++) {
		for (int nr = 0; nr < 500; nr++) {
			int status;

			if (is_listed(thread, nr) || is_probe(nr))
				continue;
			status = status_of(thread, nr);
			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("call %d by thread %u: status %#x", nr, thread, status);
		}
	}
}

static void the_kernel_lets_pass(void **state)
{
	(void)state;
	/* Both end by an exit that is listed. */
	assert_int_equal(status_of(CONFINE_VCPU, SYS_getpid), 0);
	assert_int_equal(status_of(CONFINE_MAIN, SYS_exit_group), 0xff00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_listed_kills),
		cmocka_unit_test(there_is_no_other_way_in),
		cmocka_unit_test(a_vcpu_needs_few),
		cmocka_unit_test(some_are_nobodys),
		cmocka_unit_test(ioctls),
		cmocka_unit_test(memory_is_anonymous_and_never_code),
		cmocka_unit_test(signals_go_nowhere_else),
		cmocka_unit_test(threads_but_no_processes),
		cmocka_unit_test(opening),
		cmocka_unit_test(nodes_and_locks),
		cmocka_unit_test(the_upper_half_hides_nothing),
		cmocka_unit_test(the_kernel_kills),
		cmocka_unit_test(the_kernel_lets_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
