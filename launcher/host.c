/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/install.h"

/* Beside snug, where make kernel builds it, or installed. */
#define OWN_KERNELS "kernel"

void host_read(struct host *host)
{
	*host = (struct host){
		.root = "",
		.ram = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
	};
}

void host_find_own_kernels(struct host *host)
{
	if (install_find(OWN_KERNELS, X_OK, host->own_kernels) < 0)
		host->own_kernels[0] = '\0';
}

bool host_path(const struct host *host, const char *file, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s%s", host->root, file) < PATH_MAX;
}

__attribute__((format(printf, 2, 3))) static void set_text(struct host_trouble *trouble,
							   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(trouble->text, sizeof(trouble->text), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void set_cure(struct host_trouble *trouble,
							   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(trouble->cure, sizeof(trouble->cure), fmt, ap);
	va_end(ap);
}

int host_check_kvm(const struct host *host, struct host_trouble *trouble)
{
	char path[PATH_MAX];

	if (!host_path(host, "/sys/module/kvm_pvm", path) || access(path, F_OK) < 0)
		return 0;
	set_text(trouble, "this host's KVM cannot run a stock kernel: it is a PVM variant (module "
			  "kvm_pvm), which runs only kernels made for it");
	set_cure(trouble, "use a host with kvm_intel or kvm_amd");
	return -ENOTSUP;
}

static void no_device(const char *path, struct host_trouble *trouble)
{
	set_text(trouble, "%s does not exist: the host's KVM is not loaded", path);
	set_cure(trouble, "try 'sudo modprobe kvm_intel' or 'sudo modprobe kvm_amd' (a virtual "
			  "machine needs nested virtualization)");
}

/* Names the group only where joining it would help. */
static void no_permission(const char *path, const char *user, struct host_trouble *trouble)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		set_text(trouble, "%s: permission denied", path);
		set_cure(trouble, "look at the permissions of its directories");
		return;
	}
	const struct passwd *owner = getpwuid(st.st_uid);
	const struct group *group = getgrgid(st.st_gid);
	const char *owner_name = owner ? owner->pw_name : "?";
	const char *group_name = group ? group->gr_name : "?";

	set_text(trouble, "%s: permission denied (owner %.60s, group %.60s, mode %04o)", path,
		 owner_name, group_name, st.st_mode & 07777);
	if ((st.st_mode & 0060) == 0060 && group && st.st_gid != 0)
		set_cure(trouble, "try 'sudo usermod -aG %.60s %s' and log in again", group_name,
			 user);
	else
		set_cure(trouble,
			 "try 'sudo chgrp kvm %s && sudo chmod 0660 %s', and be in group kvm", path,
			 path);
}

int host_open_kvm(const struct host *host, struct host_trouble *trouble)
{
	char path[PATH_MAX], user[64];

	int fd = host_path(host, "/dev/kvm", path) ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd >= 0)
		return fd;
	int err = -errno;
	if (err == -EACCES || err == -EPERM) {
		const struct passwd *pw = getpwuid(geteuid());
		(void)snprintf(user, sizeof(user), "%.60s", pw ? pw->pw_name : "USER");
		no_permission(path, user, trouble);
	} else if (err == -ENOENT || err == -ENODEV || err == -ENXIO) {
		no_device(path, trouble);
	} else {
		set_text(trouble, "%s cannot be opened: %s", path, strerror(-err));
		set_cure(trouble, "see what the kernel's log says of KVM (dmesg)");
	}
	return err;
}
