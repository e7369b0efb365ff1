/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of SELinux, by libselinux: the functions of real_selinux, or those of a test. Contexts are
 * raw, as the kernel has them, and the caller's, to be freed with free(). All return 0 (or what they say) or
 * -errno and log nothing.
 */
#ifndef LABEL_SELINUX_H
#define LABEL_SELINUX_H

enum selinux_mode {
	SELINUX_DISABLED, /* or not there, or not ours to use: a container's selinuxfs is read-only */
	SELINUX_PERMISSIVE,
	SELINUX_ENFORCING,
};

struct selinux {
	enum selinux_mode (*mode)(void);
	int (*own)(char **context);
	/* -EINVAL: the policy knows no such context, or forbids the combination. */
	int (*check)(const char *context);
	int (*of_fd)(int fd, char **context); /* also O_PATH */
	/*
	 * May source do it to target? 1 or 0; -errno where this process may not ask, or the policy knows no
	 * such class or permission. A permissive domain may do everything.
	 */
	int (*allowed)(const char *source, const char *target, const char *class_name,
		       const char *permission);
	int (*label_fd)(int fd, const char *context); /* not O_PATH */
	/* For the next exec, for sockets made from now on; NULL: as by the policy. */
	int (*set_exec)(const char *context);
	int (*set_socket)(const char *context);
};

extern const struct selinux real_selinux;

#endif
