/* SPDX-License-Identifier: Apache-2.0 */
#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "probe.h"

#define PAGE 4096

static void *pages(size_t count)
{
	return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int userfaultfd(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_register range = {
		.range = {(unsigned long)pages(1), PAGE},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return -errno;
	return result(ioctl(fd, UFFDIO_REGISTER, &range));
}

static int memfd(void)
{
	int fd = memfd_create("probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, PAGE) || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
		return -errno;
	return expect(write(fd, "x", 1) < 0 && errno == EPERM);
}

static int posix_shm(void)
{
	int fd = shm_open("/snug-probe", O_RDWR | O_CREAT | O_EXCL, 0600);

	(void)shm_unlink("/snug-probe");
	return result(fd < 0 ? fd : ftruncate(fd, PAGE));
}

static int sysv_ipc(void)
{
	struct {
		long type;
		char text[4];
	} message = {1, "text"};
	int shm = shmget(IPC_PRIVATE, PAGE, 0600), sem = semget(IPC_PRIVATE, 1, 0600);
	int queue = msgget(IPC_PRIVATE, 0600);
	struct sembuf up = {0, 1, 0};

	if (shm < 0 || sem < 0 || queue < 0)
		return -errno;
	int r = result(shmat(shm, NULL, 0) == MAP_FAILED ? -1 : 0);

	if (r == 0)
		r = result(semop(sem, &up, 1));
	if (r == 0)
		r = result(msgsnd(queue, &message, 4, 0));
	(void)shmctl(shm, IPC_RMID, NULL);
	(void)semctl(sem, 0, IPC_RMID);
	(void)msgctl(queue, IPC_RMID, NULL);
	return r;
}

static int posix_mq(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
	mqd_t queue = mq_open("/snug-probe", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);

	(void)mq_unlink("/snug-probe");
	return result(queue < 0 ? queue : mq_send(queue, "text", 4, 0));
}

static int huge_pages(void)
{
	return result(madvise(pages(2048), 2048 * PAGE, MADV_HUGEPAGE));
}

static int advice(void)
{
	void *area = pages(16);

	if (madvise(area, 16 * PAGE, MADV_FREE) || madvise(area, PAGE, MADV_DONTFORK) ||
	    madvise(area, PAGE, MADV_DONTDUMP) || madvise(area, PAGE, MADV_WIPEONFORK) ||
	    madvise(area, 16 * PAGE, MADV_POPULATE_WRITE) || madvise(area, PAGE, MADV_COLD))
		return -errno;
	return result(mlock2(area, PAGE, MLOCK_ONFAULT));
}

/* What just-in-time compilers do, in both of their ways. */
static int new_code(void)
{
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
	int fd = memfd_create("code", MFD_CLOEXEC);
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	int (*function)(void);

	if (at == MAP_FAILED)
		return -errno;
	memcpy(at, code, sizeof(code));
	memcpy(&function, &at, sizeof(at));
	if (function() != 42)
		return -EPROTO;
	if (write(fd, code, sizeof(code)) != sizeof(code))
		return -errno;
	at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	memcpy(&function, &at, sizeof(at));
	return expect(function() == 42);
}

static int other_process(void)
{
	char from[4] = "text", to[4] = "";
	struct iovec local = {to, 4}, remote = {from, 4};

	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != 4)
		return -errno;
	return expect(memcmp(from, to, 4) == 0);
}

static int barriers(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		return -errno;
	return result(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

/* As programs before the vDSO call it: what is at that address can be called, not read. */
static int vsyscall(void)
{
	const unsigned long address = 0xffffffffff600000;
	int (*gettimeofday_there)(struct timeval *, void *);
	struct timeval now = {0};

	memcpy(&gettimeofday_there, &address, sizeof(address));
	(void)gettimeofday_there(&now, NULL);
	return expect(now.tv_sec > 1000000000);
}

static int segments(void)
{
	struct user_desc descriptor = {
		.base_addr = 0, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1};

	return result(syscall(SYS_modify_ldt, 1, &descriptor, sizeof(descriptor)));
}

const struct probe memory_probes[] = {
	{"userfaultfd", userfaultfd, false},
	{"memfd, seals", memfd, false},
	{"POSIX shared memory", posix_shm, false},
	{"System V IPC", sysv_ipc, false},
	{"POSIX message queues", posix_mq, false},
	{"transparent huge pages", huge_pages, false},
	{"madvise, mlock2", advice, false},
	{"code made at run time", new_code, false},
	{"process_vm_readv", other_process, false},
	{"membarrier", barriers, false},
	{"vsyscall", vsyscall, false},
	{"modify_ldt", segments, false},
	{NULL, NULL, false},
};
