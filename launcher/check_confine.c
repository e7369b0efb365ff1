/* SPDX-License-Identifier: Apache-2.0 */
/* snug doctor: what confines the monitor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "launcher/finding.h"
#include "launcher/install.h"
#include "launcher/label.h"
#include "launcher/security.h"

/* What a message of snug-label begins with, and a label does not. */
#define PREFIX "snug: "

/* --- selinux ---------------------------------------------------------------------------------------- */

/* Its exit status, or -errno; the first line of what it says is in text. */
static int run_captured(const char *program, const struct strlist *command, char *text, size_t size)
{
	static char *const no_environment[] = {NULL};
	_cleanup_close_ int out = memfd_create("said", MFD_CLOEXEC);
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid;

	text[0] = '\0';
	if (out < 0 || posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	int err = -posix_spawn(&pid, program, &actions, NULL, command->items, no_environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	const ssize_t n = pread(out, text, size - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

/* monitor: which label would it get? NULL: take back labels that killed runs left. As above. */
static int ask(const char *monitor, const struct caller *caller, char *text, size_t size)
{
	_cleanup_strlist_ struct strlist command = {0};
	char program[PATH_MAX];
	int err = label_question(monitor, caller, program, &command);

	return err ? err : run_captured(program, &command, text, size);
}

static void tell_label(int status, const char *text, struct finding *finding)
{
	const char *mode = security_selinux_mode();

	if (status != 0)
		finding_message(finding, VERDICT_FAIL, text, "see snug-security(7)");
	else if (strncmp(text, PREFIX, strlen(PREFIX)) == 0)
		finding_message(finding, VERDICT_WARN, text,
				"see snug-security(7), or try 'sudo setenforce 1'");
	else
		finding_ok(finding, "%s; a run would get a label as %s", mode, text);
}

int check_selinux(const struct caller *caller, struct finding *finding)
{
	char text[sizeof(finding->text)], mended[sizeof(finding->text)], monitor[PATH_MAX];

	if (!security_selinux_is_on()) {
		finding_ok(finding, "disabled, or not there: VMs get no label, the other layers "
				    "hold");
		return 0;
	}
	if (install_find("snug-label", X_OK, monitor) < 0 ||
	    install_find("snug-monitor", X_OK, monitor) < 0) {
		finding_warn(finding, "install snug again", "parts of snug are missing");
		return 0;
	}
	int status = ask(NULL, caller, mended, sizeof(mended));
	if (status == -ENOMEM)
		return status;
	if (status != 0)
		finding_message(finding, VERDICT_WARN, mended, "try 'snug security mend'");
	status = ask(monitor, caller, text, sizeof(text));
	if (status == -ENOMEM)
		return status;
	tell_label(status, text, finding);
	if (strncmp(mended, PREFIX, strlen(PREFIX)) == 0 && finding->verdict == VERDICT_OK)
		finding_add(finding, "%s", mended + strlen(PREFIX));
	return 0;
}

/* --- the kernel's own ------------------------------------------------------------------------------- */

/* By what each version of its ABI adds: what is missing below. */
void check_landlock(struct finding *finding)
{
	static const struct {
		long abi;
		const char *without;
	} steps[] = {
		{2, "with a volume to write to there is no Landlock, as it allows no rename"},
		{3, "files may be truncated"},
		{4, "TCP is left to seccomp alone"},
		{5, "ioctl() on devices is left to seccomp alone"},
		{6, "signals and abstract sockets are left to seccomp alone"},
	};
	static const char cure[] = "a newer kernel has more of it; seccomp holds what this one "
				   "does not";
	const long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 && errno == EOPNOTSUPP) {
		finding_warn(finding, "boot with lsm=landlock,... (see /sys/kernel/security/lsm)",
			     "the kernel has Landlock, but it is off");
		return;
	}
	if (abi < 0) {
		finding_warn(finding,
			     "use a kernel with CONFIG_SECURITY_LANDLOCK, Linux 5.13 or newer",
			     "there is none (%s): only seccomp and the missing rights hold the "
			     "monitor",
			     strerror(errno));
		return;
	}
	if (abi < steps[0].abi)
		finding_warn(finding, cure, "ABI %ld: %s", abi, steps[0].without);
	finding_ok(finding, "ABI %ld", abi);
	for (size_t i = 1; i < sizeof(steps) / sizeof(*steps); i++) {
		if (abi < steps[i].abi) {
			finding_add(finding, "%s", steps[i].without);
			break;
		}
	}
}

void check_seccomp(struct finding *finding)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) {
		finding_ok(finding, "filters that kill the process are available");
		return;
	}
	finding_fail(finding,
		     "use a kernel with CONFIG_SECCOMP_FILTER, Linux 4.14 or newer, or go without: "
		     "--no-confine=seccomp",
		     "the monitor's system calls cannot be filtered: %s", strerror(errno));
}

static bool is_zero(const struct host *host, const char *file)
{
	char path[PATH_MAX], value = 0;
	_cleanup_close_ int fd =
		host_path(host, file, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	return fd >= 0 && read(fd, &value, 1) == 1 && value == '0';
}

void check_userns(const struct host *host, struct finding *finding)
{
	char path[PATH_MAX];
	const char *why = NULL;

	if (!host_path(host, "/proc/self/ns/user", path) || access(path, F_OK) < 0)
		why = "the kernel has none";
	else if (is_zero(host, "/proc/sys/user/max_user_namespaces"))
		why = "user.max_user_namespaces is 0";
	else if (is_zero(host, "/proc/sys/kernel/unprivileged_userns_clone"))
		why = "kernel.unprivileged_userns_clone is 0";
	if (why)
		finding_ok(finding, "not for you (%s); snug needs none", why);
	else
		finding_ok(finding, "there are, and snug needs none");
}
