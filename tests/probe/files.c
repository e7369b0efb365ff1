/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>

#include "probe.h"

/* A file with four bytes in it. */
static int four_bytes(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd >= 0 && pwrite(fd, "four", 4, 0) == 4 ? fd : -1;
}

static int inotify(void)
{
	char event[256];
	int fd = inotify_init1(IN_CLOEXEC);

	if (inotify_add_watch(fd, ".", IN_CREATE) < 0 || four_bytes("file") < 0)
		return -errno;
	return result(read(fd, event, sizeof(event)));
}

static int dnotify(void)
{
	return result(fcntl(open(".", O_RDONLY | O_CLOEXEC), F_NOTIFY, DN_CREATE));
}

static int fanotify(void)
{
	char event[512];
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);

	if (fd < 0 ||
	    fanotify_mark(fd, FAN_MARK_ADD, FAN_CLOSE_WRITE | FAN_EVENT_ON_CHILD, AT_FDCWD, "."))
		return -errno;
	(void)close(four_bytes("file"));
	return result(read(fd, event, sizeof(event)));
}

static int fanotify_by_user(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME, O_RDONLY);

	return result(fd < 0 ? fd : fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE, AT_FDCWD, "."));
}

static int fanotify_permission(void)
{
	int fd = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);

	return result(fd < 0 ? fd : fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "."));
}

static int file_handles(void)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} file = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int mount;

	(void)close(four_bytes("file"));
	if (name_to_handle_at(AT_FDCWD, "file", &file.handle, &mount, 0))
		return -errno;
	return result(open_by_handle_at(AT_FDCWD, &file.handle, O_RDONLY));
}

static int locks(void)
{
	struct flock lock = {.l_type = F_WRLCK};

	if (flock(four_bytes("file"), LOCK_EX) || fcntl(four_bytes("other"), F_SETLK, &lock) ||
	    fcntl(four_bytes("file"), F_OFD_SETLK, &lock))
		return -errno;
	return result(fcntl(four_bytes("file"), F_OFD_SETLK, &lock)) == -EAGAIN ? 0 : -EPROTO;
}

static int leases(void)
{
	return result(fcntl(four_bytes("file"), F_SETLEASE, F_WRLCK));
}

static int posix_acl(void)
{
	/* version 2; owner, a user, group, mask, others */
	static const unsigned char acl[] = {
		2, 0,    0,    0,    1,    0,    6,    0, 0xff, 0xff, 0xff, 0xff, 2,    0,    4,
		0, 0x39, 0x30, 0,    0,    4,    0,    4, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
		4, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,    0xff, 0xff, 0xff, 0xff,
	};

	return result(
		fsetxattr(four_bytes("file"), "system.posix_acl_access", acl, sizeof(acl), 0));
}

static int xattr(void)
{
	return result(fsetxattr(four_bytes("file"), "trusted.snug", "x", 1, 0));
}

static int aio(void)
{
	aio_context_t context = 0;
	char data[4] = "";
	struct iocb read_all = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (unsigned int)four_bytes("file"),
		.aio_buf = (unsigned long)data,
		.aio_nbytes = sizeof(data),
	};
	struct iocb *list[] = {&read_all};
	struct io_event event;

	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -errno;
	return expect(event.res == 4 && memcmp(data, "four", 4) == 0);
}

/* One read through both rings, without liburing. */
static int io_uring(void)
{
	struct io_uring_params p = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	char data[4];

	if (ring < 0)
		return -errno;
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED,
			ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
					MAP_SHARED, ring, IORING_OFF_SQES);

	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return -errno;
	*sqe = (struct io_uring_sqe){.opcode = IORING_OP_READ,
				     .fd = four_bytes("file"),
				     .addr = (unsigned long)data,
				     .len = sizeof(data)};
	__atomic_store_n((unsigned int *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	const struct io_uring_cqe *cqe = (const void *)(cq + p.cq_off.cqes);

	return expect(cqe->res == 4 && memcmp(data, "four", 4) == 0);
}

static int pipes(void)
{
	int a[2], b[2], file = four_bytes("file"), copy = four_bytes("copy");
	char text[] = "text";
	struct iovec part = {text, 4};

	if (pipe(a) || pipe(b) || vmsplice(a[1], &part, 1, 0) != 4 || tee(a[0], b[1], 4, 0) != 4 ||
	    splice(b[0], NULL, copy, NULL, 4, 0) != 4)
		return -errno;
	if (sendfile(a[1], file, NULL, 4) < 0 || lseek(file, 0, SEEK_SET) ||
	    copy_file_range(file, NULL, copy, NULL, 4, 0) != 4)
		return -errno;
	return 0;
}

static int holes(void)
{
	int fd = four_bytes("file");

	if (fallocate(fd, 0, 0, 65536) ||
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 65536))
		return -errno;
	return result(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
}

static int names(void)
{
	struct statx stat;

	(void)close(four_bytes("a"));
	(void)close(four_bytes("b"));
	if (renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE) ||
	    open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) < 0 ||
	    statx(AT_FDCWD, "a", 0, STATX_BTIME, &stat))
		return -errno;
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};

	if (syscall(SYS_openat2, AT_FDCWD, "a", &how, sizeof(how)) < 0)
		return -errno;
	return expect(syscall(SYS_openat2, AT_FDCWD, "../..", &how, sizeof(how)) < 0 &&
		      errno == EXDEV);
}

static int ptys(void)
{
	char data[8];
	int controller, terminal;

	if (openpty(&controller, &terminal, NULL, NULL, NULL) || setsid() < 0 ||
	    ioctl(terminal, TIOCSCTTY, 0) || open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ||
	    write(controller, "line\n", 5) != 5)
		return -errno;
	return expect(read(terminal, data, sizeof(data)) == 5);
}

const struct probe file_probes[] = {
	{"inotify", inotify, false},
	{"dnotify", dnotify, false},
	{"fanotify", fanotify, true},
	{"fanotify by users", fanotify_by_user, false},
	{"fanotify permission events", fanotify_permission, true},
	{"file handles", file_handles, true},
	{"locks", locks, false},
	{"leases", leases, false},
	{"POSIX ACLs on tmpfs", posix_acl, false},
	{"extended attributes on tmpfs", xattr, true},
	{"aio", aio, false},
	{"io_uring", io_uring, false},
	{"splice, tee, vmsplice, sendfile, copy_file_range", pipes, false},
	{"fallocate, fadvise", holes, false},
	{"renameat2, O_TMPFILE, statx, openat2", names, false},
	{"pseudo-terminals", ptys, false},
	{NULL, NULL, false},
};
