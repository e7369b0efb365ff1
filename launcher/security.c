/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/security.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"

int security_option_parse(const char *value, struct security_option *option)
{
	static const char with_label[] = "static,label=";

	*option = (struct security_option){0};
	if (strcmp(value, "dynamic") == 0) {
		option->source = SECURITY_DYNAMIC;
	} else if (strcmp(value, "inherit") == 0) {
		option->source = SECURITY_INHERIT;
	} else if (strcmp(value, "none") == 0) {
		option->source = SECURITY_NONE;
	} else if (strncmp(value, with_label, strlen(with_label)) == 0 &&
		   value[strlen(with_label)]) {
		option->source = SECURITY_STATIC;
		option->label = value + strlen(with_label);
	} else {
		log_error("--security: '%s' is none of dynamic, static,label=CONTEXT, inherit and "
			  "none",
			  value);
		return -EINVAL;
	}
	return 0;
}

/* A container has it read-only, if at all, where labels are the host's business. */
bool security_selinux_is_on(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC &&
	       !((unsigned long)fs.f_flags & ST_RDONLY);
}

int security_plan(const struct security_option *option, bool relabels, struct security *security)
{
	*security = (struct security){
		.option = *option,
		.selinux = option->source != SECURITY_NONE && security_selinux_is_on(),
	};
	if (relabels && (option->source == SECURITY_NONE || option->source == SECURITY_INHERIT)) {
		log_error("--security: without a label of the VM's own, no volume can be labelled "
			  "for it: leave out the options z and Z");
		return -EINVAL;
	}
	if (security->selinux || option->source == SECURITY_NONE)
		return 0;
	if (option->source == SECURITY_STATIC) {
		log_error("--security: SELinux is not enabled on this host: nothing can have the "
			  "label %s",
			  option->label);
		return -EOPNOTSUPP;
	}
	log_verbose("SELinux is not enabled on this host: the VM gets no label");
	return 0;
}

bool security_wants_label(const struct security *security)
{
	return security->selinux && security->option.source != SECURITY_NONE;
}

/* The first character of it: '1' is enforcing. */
static char read_enforce(void)
{
	char value = '0';
	_cleanup_close_ int fd = open("/sys/fs/selinux/enforce", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &value, 1) == 1 ? value : '0';
}

const char *security_selinux_mode(void)
{
	if (!security_selinux_is_on())
		return "disabled";
	return read_enforce() == '1' ? "enforcing" : "permissive";
}
