/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layers of confinement do to a process, each in a process of its own: limits, capabilities,
 * Landlock, and the gate before the guest. Those that take root are skipped without. (System calls:
 * test_seccomp; who is stopped by what: tests/breakout.)
 */
#include "tests/unit/tree.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/confine_layers.h"
#include "core/util.h"
#include "virtio/p9/fs.h"
#include "vmm/confine/caps.h"
#include "vmm/confine/confine.h"
#include "vmm/confine/landlock.h"
#include "vmm/confine/limits.h"

#define BIT(cap) (1U << (cap))
#define USER     12345

static struct tree tree;

/* Runs it in a child; it returns the number of the line that failed, 0 if none did. */
static void in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int line = body();

		if (line)
			(void)fprintf(stderr, "# line %d: %s\n", line, strerror(errno));
		_exit(line ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define NEED(expr)                       \
	do {                             \
		if (!(expr))             \
			return __LINE__; \
	} while (0)

static void skip_unless_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: takes root\n");
	skip();
}

/* --- names ------------------------------------------------------------------------------------------ */

static void layers_by_name(void **state)
{
	static const char *const wrong[] = {"",     ",",   "caps,", ",caps",
					    "Caps", "cap", "capss", "all"};
	unsigned int layers = 0;

	(void)state;
	assert_int_equal(confine_layers_parse("caps", &layers), 0);
	assert_int_equal(layers, 1U << CONFINE_CAPS);
	assert_int_equal(confine_layers_parse("landlock,seccomp,limits", &layers), 0);
	assert_int_equal(layers, 15);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		layers = 5;
		assert_int_equal(confine_layers_parse(wrong[i], &layers), -EINVAL);
		assert_int_equal(layers, 5);
	}
	for (unsigned int i = 0; i < CONFINE_LAYERS; i++)
		assert_contains(CONFINE_LAYER_LIST, confine_layer_name((enum confine_layer)i));
}

/* --- limits ----------------------------------------------------------------------------------------- */

static rlim_t hard_limit(int resource)
{
	struct rlimit limit = {0, 12345678};

	(void)getrlimit((__rlimit_resource_t)resource, &limit);
	return limit.rlim_max;
}

static bool can_map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	(void)munmap(memory, size);
	return true;
}

static int limited(void)
{
	static struct config config = {.memory = MIB(64), .hide_count = 3};

	NEED(limits_set(&config) == 0);
	NEED(hard_limit(RLIMIT_CORE) == 0);
	NEED(hard_limit(RLIMIT_NOFILE) <= 4096 + 3);
#ifndef SNUG_SANITIZED
	NEED(hard_limit(RLIMIT_DATA) >= MIB(96) && hard_limit(RLIMIT_DATA) < GIB(1));
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	/* Not for more than it is for. */
	NEED(!can_map(GIB(1)));
#endif
	NEED(can_map(MIB(66)));
	return 0;
}

static int limits_stay_low(void)
{
	static struct config config = {.memory = MIB(64)};
	const struct rlimit low = {100, 100};

	NEED(setrlimit(RLIMIT_NOFILE, &low) == 0);
	NEED(limits_set(&config) == 0);
	NEED(hard_limit(RLIMIT_NOFILE) == 100);
	return 0;
}

static void limits(void **state)
{
	(void)state;
	in_child(limited);
	in_child(limits_stay_low);
}

static int another_parent(void)
{
	int signal = 0;

	NEED(limits_follow_parent(getppid()) == 0);
	NEED(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGKILL);
	NEED(limits_follow_parent(getpid()) == -ESRCH);
	return 0;
}

static void a_parent_that_is_gone(void **state)
{
	(void)state;
	in_child(another_parent);
}

/* --- capabilities ----------------------------------------------------------------------------------- */

struct caps {
	uint32_t permitted, effective, inheritable;
};

static struct caps caps_now(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	(void)syscall(SYS_capget, &head, data);
	return (struct caps){data[0].permitted | data[1].permitted, data[0].effective,
			     data[0].inheritable};
}

static uint32_t bounding(void)
{
	uint32_t set = 0;

	for (unsigned int cap = 0; cap < 41; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			set |= cap < 32 ? BIT(cap) : BIT(31);
	}
	return set;
}

static int keep(bool read, bool write, uint32_t want)
{
	const struct caps_files files = {read, write};
	struct caps caps;

	NEED(caps_keep(&files) == 0);
	caps = caps_now();
	NEED(caps.permitted == want && caps.effective == want && caps.inheritable == 0);
	NEED(bounding() == want);
	NEED(caps_drop_all() == 0);
	NEED(caps_now().permitted == 0);
	return 0;
}

static int keep_none(void)
{
	return keep(false, false, 0);
}

static int keep_to_read(void)
{
	return keep(true, false, BIT(CAP_DAC_READ_SEARCH));
}

static int keep_to_write(void)
{
	return keep(true, true,
		    BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) |
			    BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_SETUID) | BIT(CAP_SETGID));
}

static void roots_capabilities(void **state)
{
	(void)state;
	skip_unless_root();
	in_child(keep_none);
	in_child(keep_to_read);
	in_child(keep_to_write);
}

static int user_has_none(void)
{
	const struct caps_files files = {true, true};

	if (geteuid() == 0)
		NEED(setgid(USER) == 0 && setuid(USER) == 0);
	NEED(caps_keep(&files) == 0);
	NEED(caps_now().permitted == 0);
	return 0;
}

static void a_users_capabilities(void **state)
{
	(void)state;
	in_child(user_has_none);
}

/* --- Landlock, and opening again through /proc/self/fd ---------------------------------------------- */

static struct config shares; /* ro, rw and one file */
static int proc_fd;

static int open_path(const char *below)
{
	return open(tree_path(&tree, below), O_PATH | O_CLOEXEC);
}

/* As a run is confined, by whoever is asked for; needs a kernel with Landlock. */
static int confine(void)
{
	const char *why;

	NEED(limits_set(&shares) == 0);
	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	NEED(landlock_restrict(&shares, &why) > 0);
	return 0;
}

static int reopen(int fd, int flags)
{
	int new = p9_fs_reopen(proc_fd, fd, flags);

	if (new < 0)
		errno = -new;
	return new;
}

static int use_shares(void)
{
	int file = open_path("/ro/file"), writable = open_path("/rw/file");
	int alone = open_path("/alone"), gone = open_path("/rw/gone"), outside = open_path("/out");
	int rw = open_path("/rw"), made;

	NEED(file >= 0 && writable >= 0 && alone >= 0 && gone >= 0 && outside >= 0 && rw >= 0);
	NEED(unlink(tree_path(&tree, "/rw/gone")) == 0);
	NEED(confine() == 0);
	/* Its own /proc/self/fd stays of use to a process that is not dumpable. */
	NEED(reopen(file, O_RDONLY) >= 0);
	NEED(reopen(file, O_WRONLY) < 0 && errno == EACCES);
	NEED(reopen(writable, O_RDWR | O_TRUNC) >= 0);
	NEED(reopen(alone, O_RDWR) >= 0);
	NEED(reopen(gone, O_RDWR) >= 0); /* has no name any more */
	NEED(reopen(outside, O_RDONLY) < 0 && errno == EACCES);
	NEED(p9_fs_open_dir(rw) >= 0);
	NEED(p9_fs_chmod(proc_fd, writable, 0640) == 0);
	made = p9_fs_create(rw, "new", O_RDWR, 0600);
	NEED(made >= 0 && ftruncate(made, 1) == 0);
	NEED(p9_fs_link(proc_fd, writable, rw, "sub/link") == 0);
	NEED(renameat(rw, "new", rw, "sub/new") == 0); /* takes LANDLOCK_ACCESS_FS_REFER */
	NEED(renameat(rw, "sub", rw, "sub2") == 0);
	NEED(mkfifoat(rw, "fifo", 0600) == 0 && symlinkat("x", rw, "symlink") == 0);
	NEED(unlinkat(rw, "sub2/new", 0) == 0);
	NEED(mknodat(rw, "node", S_IFCHR | 0600, 0x103) < 0);
	return 0;
}

/* proc_fd is this process's own. */
static int use_shares_here(void)
{
	proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return use_shares();
}

static int use_shares_as_user(void)
{
	if (geteuid() == 0)
		NEED(setgid(USER) == 0 && setuid(USER) == 0);
	return use_shares_here();
}

static void make_shares(void)
{
	static const char *const files[] = {"/ro/file",  "/rw/file", "/rw/gone",
					    "/rw/sub/x", "/alone",   "/out"};
	char command[256];

	tree_make(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		tree_write(&tree, files[i], "content", 7);
	if (geteuid() == 0) {
		FORMAT(command, "chown -R %d:%d %s", USER, USER, tree.root);
		assert_int_equal(system(command), 0);
	}
	shares = (struct config){.memory = MIB(64), .export_count = 3};
	shares.exports[0] = (struct p9_export){.name = "", .fd = open_path("/ro")};
	shares.exports[1] =
		(struct p9_export){.name = "rw", .fd = open_path("/rw"), .writable = true};
	shares.exports[2] =
		(struct p9_export){.name = "alone", .fd = open_path("/alone"), .writable = true};
}

static void remove_shares(void)
{
	for (unsigned int i = 0; i < shares.export_count; i++)
		(void)close(shares.exports[i].fd);
	tree_remove(&tree);
}

static void shares_stay_of_use(void **state)
{
	(void)state;
#ifdef SNUG_SANITIZED
	print_message("skipped: a sanitized monitor has no Landlock\n");
	skip();
#endif
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 2) {
		print_message("skipped: this kernel has no Landlock of ABI 2\n");
		skip();
	}
	make_shares();
	in_child(use_shares_as_user);
	remove_shares();
	if (geteuid() == 0) {
		make_shares();
		in_child(use_shares_here);
		remove_shares();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_by_name),        cmocka_unit_test(limits),
		cmocka_unit_test(a_parent_that_is_gone), cmocka_unit_test(roots_capabilities),
		cmocka_unit_test(a_users_capabilities),  cmocka_unit_test(shares_stay_of_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
