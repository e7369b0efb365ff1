/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --security: under which SELinux label the monitor runs. The words are libvirt-sandbox's. What SELinux says
 * to it is for snug-label to find out (launcher/label.h); here is only whether there is SELinux at all.
 */
#ifndef LAUNCHER_SECURITY_H
#define LAUNCHER_SECURITY_H

#include <stdbool.h>

enum security_source {
	SECURITY_DYNAMIC, /* a label that no other run has; without SELinux, none */
	SECURITY_STATIC,  /* the one that was given */
	SECURITY_INHERIT, /* the caller's, whatever the policy would do at exec */
	SECURITY_NONE,    /* what the policy does at exec */
};

struct security_option {
	enum security_source source;
	const char *label; /* of SECURITY_STATIC */
};

struct security {
	struct security_option option;
	bool selinux; /* this host has it, and it is not disabled */
};

/* WHAT of --security; label points into it. 0, or -EINVAL after having logged. */
int security_option_parse(const char *value, struct security_option *option);

/*
 * relabels: there are volumes to be labelled for the VM. 0, or after having logged -EOPNOTSUPP: a label was
 * asked for, and there is no SELinux; -EINVAL: the VM would have none that they could be labelled for.
 */
int security_plan(const struct security_option *option, bool relabels, struct security *security);

/* As libselinux finds out: one system call, and so nothing where there is no SELinux. */
bool security_selinux_is_on(void);

/* "enforcing", "permissive" or "disabled", as a host without it is. */
const char *security_selinux_mode(void);

/* Is the monitor to be given a label, and so snug-label to be run? */
bool security_wants_label(const struct security *security);

#endif
