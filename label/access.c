/* SPDX-License-Identifier: Apache-2.0 */
#include "label/access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"
#include "label/context.h"

static const char *socket_class(int fd)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return NULL;
	if (domain == AF_UNIX)
		return type == SOCK_DGRAM ? "unix_dgram_socket" : "unix_stream_socket";
	return (domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM ? "tcp_socket"
										: NULL;
}

/* As policies call what the descriptor is; NULL: what need not be looked at. */
static const char *class_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFIFO:
		return "fifo_file";
	case S_IFCHR:
		return "chr_file";
	case S_IFSOCK:
		return socket_class(fd);
	default:
		return NULL;
	}
}

/* What the kernel will check: by the mode it is open in. */
static bool may_keep(const struct selinux *selinux, const char *context, int fd, const char *label)
{
	const char *class_name = class_of(fd);
	const int mode = fcntl(fd, F_GETFL) & O_ACCMODE;

	if (!class_name)
		return true;
	return (mode == O_WRONLY || selinux->allowed(context, label, class_name, "read")) &&
	       (mode == O_RDONLY || selinux->allowed(context, label, class_name, "write"));
}

/* No file has its label on a disk there. */
static bool is_anonymous(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == PIPEFS_MAGIC || fs.f_type == SOCKFS_MAGIC);
}

static int lower(const struct selinux *selinux, int fd, const char *label)
{
	_cleanup_free_ char *lowest = NULL;
	int err = context_lowest(label, &lowest);

	return err ? err : selinux->label_fd(fd, lowest);
}

static int check_stream(const struct selinux *selinux, const char *context, int fd)
{
	static const char *const names[] = {"standard input", "standard output", "standard error"};
	_cleanup_free_ char *label = NULL, *lowered = NULL;

	/* Closed, or on a file system without labels: nothing to be said of. */
	if (selinux->of_fd(fd, &label) || may_keep(selinux, context, fd, label))
		return 0;
	if (is_anonymous(fd) && lower(selinux, fd, label) == 0 &&
	    selinux->of_fd(fd, &lowered) == 0 && may_keep(selinux, context, fd, lowered))
		return 0;
	log_error("SELinux: %s is labelled %s, which %s may not use; use another, as by '| cat'",
		  names[fd], label, context);
	return -EACCES;
}

int access_streams(const struct selinux *selinux, const char *context)
{
	int err = 0;

	for (int fd = 0; !err && fd <= 2; fd++)
		err = check_stream(selinux, context, fd);
	return err;
}

static bool may_all(const struct selinux *selinux, const char *context, const char *label,
		    const char *class_name, const char *const permissions[])
{
	for (; *permissions; permissions++) {
		if (selinux->allowed(context, label, class_name, *permissions) == 0)
			return false;
	}
	return true;
}

void access_volumes(const struct selinux *selinux, const char *context,
		    const struct label_request *request)
{
	static const char *const read_dir[] = {"open", "read", "search", NULL};
	static const char *const write_dir[] = {"write", "add_name", "remove_name", NULL};
	static const char *const read_file[] = {"open", "read", NULL};
	static const char *const write_file[] = {"write", NULL};

	for (size_t i = 0; i < request->volume_count; i++) {
		const struct label_volume *volume = &request->volumes[i];
		_cleanup_free_ char *label = NULL;
		struct stat st;

		if (volume->relabel != RELABEL_NO || fstat(volume->fd, &st) < 0 ||
		    selinux->of_fd(volume->fd, &label))
			continue;
		const bool dir = S_ISDIR(st.st_mode);
		const char *class_name = dir ? "dir" : "file";
		const bool reads =
			may_all(selinux, context, label, class_name, dir ? read_dir : read_file);
		const bool writes = !volume->rw || may_all(selinux, context, label, class_name,
							   dir ? write_dir : write_file);
		if (!reads || !writes)
			log_warning(
				"volume %s: SELinux will not let CMD %s it, as it is labelled %s; "
				"to label it for this run, give it the option Z, or for all "
				"VMs, z",
				volume->path, reads ? "write to" : "read", label);
	}
}
