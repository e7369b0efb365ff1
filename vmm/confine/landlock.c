/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/confine/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"

/* What headers of Linux 6.1 do not have yet. */
#define ACCESS_FS_TRUNCATE         (1ULL << 14) /* ABI 3 */
#define ACCESS_NET_BIND_TCP        (1ULL << 0)  /* ABI 4 */
#define ACCESS_NET_CONNECT_TCP     (1ULL << 1)
#define ACCESS_FS_IOCTL_DEV        (1ULL << 15) /* ABI 5 */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)  /* ABI 6 */
#define SCOPE_SIGNAL               (1ULL << 1)
#define ABI_REFER                  2
#define ABI_TRUNCATE               3
#define ABI_NET                    4
#define ABI_IOCTL_DEV              5
#define ABI_SCOPE                  6

/* struct landlock_ruleset_attr as of ABI 6. Rights that are named here are denied unless a rule gives them. */
struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

/* ABI 1: everything from LANDLOCK_ACCESS_FS_EXECUTE on. */
#define ACCESS_FS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/*
 * What the file server does in a writable export (virtio/p9: io, create, rename). Device nodes are not
 * among what it makes, so one of the host's cannot be renamed either. Nothing is executed.
 */
#define WRITE_RIGHTS                                                                               \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE |                        \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM | \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK |                             \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                          \
	 LANDLOCK_ACCESS_FS_REFER)

/* Of these, what there is for an export that is one file. */
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE)

static struct ruleset everything(long abi, size_t *size)
{
	struct ruleset rules = {.handled_fs = ACCESS_FS_ABI_1};

	*size = sizeof(rules.handled_fs);
	if (abi >= ABI_REFER)
		rules.handled_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		rules.handled_fs |= ACCESS_FS_TRUNCATE;
	if (abi >= ABI_NET) {
		rules.handled_net = ACCESS_NET_BIND_TCP | ACCESS_NET_CONNECT_TCP;
		*size = offsetof(struct ruleset, scoped);
	}
	if (abi >= ABI_IOCTL_DEV)
		rules.handled_fs |= ACCESS_FS_IOCTL_DEV;
	if (abi >= ABI_SCOPE) {
		rules.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		*size = sizeof(rules);
	}
	return rules;
}

static int add_export(int ruleset, const struct p9_export *export, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = (export->writable ? WRITE_RIGHTS : READ_RIGHTS) & handled,
		.parent_fd = export->fd,
	};
	struct stat st;

	if (fstat(export->fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

static bool any_writable(const struct config *config)
{
	bool any = false;

	for (unsigned int i = 0; i < config->export_count; i++)
		any |= config->exports[i].writable;
	return any;
}

static int restrict_self(const struct config *config, long abi)
{
	size_t size;
	const struct ruleset rules = everything(abi, &size);
	_cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	int r = fd < 0 ? -errno : 0;

	for (unsigned int i = 0; i < config->export_count && r == 0; i++)
		r = add_export(fd, &config->exports[i], rules.handled_fs);
	if (r < 0)
		return r;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : (int)abi;
}

int landlock_restrict(const struct config *config, const char **why)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	*why = NULL;
#ifdef SNUG_SANITIZED
	abi = 0;
	*why = "sanitizers open files of their own";
#endif
	if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM)
		return -errno;
	if (abi < 0)
		*why = errno == EPERM ? "whoever confines snug itself does not allow it"
				      : "this kernel has none (CONFIG_SECURITY_LANDLOCK, lsm=)";
	else if (abi > 0 && abi < ABI_REFER && any_writable(config))
		*why = "this kernel's cannot allow a rename to another directory, which a writable "
		       "share needs (Linux 5.19 can)";
	return *why ? 0 : restrict_self(config, abi);
}
