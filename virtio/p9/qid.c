/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/qid.h"

#include <stdatomic.h>

#define PATH_INO_BITS 48
#define PATH_HASHED   (1ULL << 63)

/* The finalizer of splitmix64: every input bit reaches every output bit. */
static uint64_t mix(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
	v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
	return v ^ v >> 31;
}

/* The number of a device among the first `count`; count itself if it is not there. */
static size_t find_device(const struct p9_devices *devices, uint64_t dev, size_t count)
{
	size_t i = 0;

	while (i < count && devices->dev[i] != dev)
		i++;
	return i;
}

/* The number of a device, P9_DEVICES_MAX if there is none left for it. */
static size_t device_number(struct p9_devices *devices, uint64_t dev)
{
	size_t count = atomic_load(&devices->count);
	size_t i = find_device(devices, dev, count);

	if (i < count || count == P9_DEVICES_MAX)
		return i;
	(void)pthread_mutex_lock(&devices->lock);
	count = atomic_load(&devices->count);
	i = find_device(devices, dev, count);
	if (i == count && count < P9_DEVICES_MAX) {
		devices->dev[count] = dev;
		atomic_store(&devices->count, count + 1);
	}
	(void)pthread_mutex_unlock(&devices->lock);
	return i;
}

uint64_t p9_qid_path(struct p9_devices *devices, uint64_t dev, uint64_t ino)
{
	size_t number;

	if (dev == P9_DEV_EXPORTS)
		return P9_PATH_EXPORTS;
	number = device_number(devices, dev);

	if (ino >> PATH_INO_BITS || number == P9_DEVICES_MAX)
		return mix(ino ^ mix(dev)) | PATH_HASHED;
	return (uint64_t)number << PATH_INO_BITS | ino;
}

uint8_t p9_qid_type(unsigned int mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return P9_QTDIR;
	case S_IFLNK:
		return P9_QTSYMLINK;
	default:
		return P9_QTFILE;
	}
}

static uint64_t stamp(const struct statx_timestamp *time)
{
	return (uint64_t)time->tv_sec * 1000000000ULL + time->tv_nsec;
}

struct p9_qid p9_qid_of(struct p9_devices *devices, const struct statx *stx, bool direct)
{
	struct p9_file_id id = p9_fs_id(stx);
	uint64_t change = mix(stamp(&stx->stx_mtime) ^ mix(stamp(&stx->stx_ctime)));
	uint32_t version = (uint32_t)(change ^ change >> 32);

	if (version == 0)
		version = 1;
	return (struct p9_qid){
		.type = p9_qid_type(id.type),
		.version = direct && id.type == S_IFREG ? 0 : version,
		.path = p9_qid_path(devices, id.dev, id.ino),
	};
}
