/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/kernel_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "core/libc.h"
#include "core/util.h"

/* Numbers that Linux keeps to itself (fs/, drivers/, security/, net/sunrpc), or has in newer headers only. */
#define CONFIGFS_MAGIC    0x62656570u
#define FUSE_CTL_MAGIC    0x65735543u
#define GUEST_MEMFD_MAGIC 0x474d454du
#define MQUEUE_MAGIC      0x19800202u
#define NFSD_MAGIC        0x6e667364u
#define PID_FS_MAGIC      0x50494446u
#define RPC_PIPEFS_MAGIC  0x67596969u
#define FUNCTIONFS_MAGIC  0x0a647361u
#define GADGETFS_MAGIC    0xaee71ee7u
#define DLMFS_MAGIC       0x76a9f425u
#define HYPFS_MAGIC       0x00687970u
#define QIBFS_MAGIC       0x00726a77u

static const uint32_t kernel_magics[] = {
	/* processes, and what they hold */
	PROC_SUPER_MAGIC,
	NSFS_MAGIC,
	PID_FS_MAGIC,
	PIPEFS_MAGIC,
	SOCKFS_MAGIC,
	ANON_INODE_FS_MAGIC,
	FUTEXFS_SUPER_MAGIC,
	DMA_BUF_MAGIC,
	SECRETMEM_MAGIC,
	GUEST_MEMFD_MAGIC,
	MQUEUE_MAGIC,
	HUGETLBFS_MAGIC,
	CGROUP_SUPER_MAGIC,
	CGROUP2_SUPER_MAGIC,
	RDTGROUP_SUPER_MAGIC,
	BPF_FS_MAGIC,
	/* the kernel's own state and switches */
	SYSFS_MAGIC,
	DEBUGFS_MAGIC,
	TRACEFS_MAGIC,
	CONFIGFS_MAGIC,
	BINFMTFS_MAGIC,
	FUSE_CTL_MAGIC,
	AUTOFS_SUPER_MAGIC,
	RPC_PIPEFS_MAGIC,
	NFSD_MAGIC,
	DLMFS_MAGIC,
	/* security modules */
	SECURITYFS_MAGIC,
	SELINUX_MAGIC,
	SMACK_MAGIC,
	AAFS_MAGIC,
	/* devices and firmware */
	DEVPTS_SUPER_MAGIC,
	BDEVFS_MAGIC,
	DAXFS_MAGIC,
	DEVMEM_MAGIC,
	MTD_INODE_FS_MAGIC,
	USBDEVICE_SUPER_MAGIC,
	BINDERFS_SUPER_MAGIC,
	FUNCTIONFS_MAGIC,
	GADGETFS_MAGIC,
	QIBFS_MAGIC,
	OPENPROM_SUPER_MAGIC,
	EFIVARFS_MAGIC,
	PSTOREFS_MAGIC,
	XENFS_SUPER_MAGIC,
	HYPFS_MAGIC,
};

bool kernel_fs_magic(uint64_t f_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_magics); i++) {
		/* f_type is a signed word: numbers with bit 31 set come sign-extended from some kernels. */
		if ((uint32_t)f_type == kernel_magics[i])
			return true;
	}
	return false;
}

static uint64_t device_of(const struct statx *stx)
{
	return makedev(stx->stx_dev_major, stx->stx_dev_minor);
}

/* Is this the null device? If so, where it is: its st_dev. */
static bool null_device_at(int dir_fd, const char *path, uint64_t *dev)
{
	struct statx stx;

	if (statx(dir_fd, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &stx))
		return false;
	*dev = device_of(&stx);
	return S_ISCHR(stx.stx_mode) && stx.stx_rdev_major == 1 && stx.stx_rdev_minor == 3;
}

/* Is the share's dev/null on device dev, and the share itself is not? */
static bool is_dev_of_share(int root_fd, uint64_t dev)
{
	uint64_t null_dev;
	struct statx stx;

	if (!null_device_at(root_fd, "dev/null", &null_dev) || null_dev != dev)
		return false;
	return statx(root_fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) == 0 &&
	       device_of(&stx) != dev;
}

int kernel_fs_is(int fd, uint64_t dev, int root_fd)
{
	struct statfs fs;
	uint64_t null_dev;

	if (fstatfs(fd, &fs))
		return -errno;
	if (kernel_fs_magic((uint64_t)fs.f_type))
		return 1;
	if ((uint32_t)fs.f_type != TMPFS_MAGIC && (uint32_t)fs.f_type != RAMFS_MAGIC)
		return 0;
	return null_device_at(fd, "null", &null_dev) || is_dev_of_share(root_fd, dev);
}
