/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
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

static bool in_host(const struct host *host, const char *file, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s%s", host->root, file) < PATH_MAX;
}

int host_check_kvm(const struct host *host)
{
	char path[PATH_MAX];

	if (!in_host(host, "/sys/module/kvm_pvm", path) || access(path, F_OK) < 0)
		return 0;
	log_error(
		"this host's KVM cannot run a stock kernel: it is a PVM variant (module kvm_pvm), "
		"which runs only kernels made for it; use a host with kvm_intel or kvm_amd");
	return -ENOTSUP;
}

static void log_no_device(const char *path)
{
	log_error("%s does not exist: the host's KVM is not loaded; try 'sudo modprobe kvm_intel' "
		  "or 'sudo modprobe kvm_amd' (a virtual machine needs nested virtualization)",
		  path);
}

/* Names the group only where joining it would help. */
static void log_no_permission(const char *path, const char *user)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		log_error("%s: permission denied", path);
		return;
	}
	const struct passwd *owner = getpwuid(st.st_uid);
	const struct group *group = getgrgid(st.st_gid);
	char owner_text[64], group_text[64];

	(void)snprintf(owner_text, sizeof(owner_text), "%.60s", owner ? owner->pw_name : "?");
	(void)snprintf(group_text, sizeof(group_text), "%.60s", group ? group->gr_name : "?");
	if ((st.st_mode & 0060) == 0060 && group && st.st_gid != 0)
		log_error(
			"%s: permission denied (owner %s, group %s, mode %04o); try 'sudo usermod "
			"-aG %s %s' and log in again",
			path, owner_text, group_text, st.st_mode & 07777, group_text, user);
	else
		log_error("%s: permission denied (owner %s, group %s, mode %04o); try 'sudo chgrp "
			  "kvm %s && sudo chmod 0660 %s', and be in group kvm",
			  path, owner_text, group_text, st.st_mode & 07777, path, path);
}

int host_open_kvm(const struct host *host)
{
	char path[PATH_MAX], user[64];

	if (!in_host(host, "/dev/kvm", path))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int err = -errno;
	if (err == -EACCES || err == -EPERM) {
		const struct passwd *pw = getpwuid(geteuid());
		(void)snprintf(user, sizeof(user), "%.60s", pw ? pw->pw_name : "USER");
		log_no_permission(path, user);
	} else if (err == -ENOENT || err == -ENODEV || err == -ENXIO) {
		log_no_device(path);
	} else {
		log_error("%s cannot be opened: %s", path, strerror(-err));
	}
	return err;
}
