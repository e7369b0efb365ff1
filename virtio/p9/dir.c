/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/util.h"
#include "virtio/p9/request.h"

/* A listing under way: what is being listed, and how much may still be put. */
struct listing {
	struct p9_server *server;
	struct p9_request *request;
	const struct p9_node *dir, *parent;
	struct p9_writer *out;
	size_t left;
};

/*
 * One entry, if there is room for all of it. No stat for each: inode and type are those of the
 * directory's entry, so a mount point shows the inode it covers until it is walked to. "." and ".." are
 * what a walk makes of them: above the root there is nothing.
 */
static bool put_entry(struct listing *listing, const char *name, uint64_t ino, uint64_t offset,
		      uint8_t d_type)
{
	const struct p9_node *dir = listing->dir;
	struct p9_file_id id = {.dev = dir->id.dev, .ino = ino};
	size_t len = strlen(name), size = P9_DIRENT_FIXED + len;
	struct p9_qid qid;

	if (size > listing->left)
		return false;
	if (strcmp(name, ".") == 0)
		id = dir->id;
	else if (strcmp(name, "..") == 0)
		id = listing->parent->id;
	qid = (struct p9_qid){
		.type = p9_qid_type((unsigned int)DTTOIF(d_type)),
		.path = p9_qid_path(&listing->server->devices, id.dev, id.ino),
	};
	p9_put_qid(listing->out, &qid);
	p9_put_u64(listing->out, offset);
	p9_put_u8(listing->out, d_type);
	p9_put_str(listing->out, name, len);
	listing->left -= size;
	return true;
}

/* Names that are no directory's on the host: each at the offset of its number, "." and ".." first. */
static int list_names(struct listing *listing, uint64_t offset)
{
	const struct p9_nodes *nodes = &listing->server->nodes;
	size_t exports = listing->dir->kind == P9_NODE_EXPORTS ? nodes->share->export_count : 0;
	bool any = false;

	for (; offset < 2 + exports; offset++) {
		const char *name = offset == 0 ? "." : "..";
		uint64_t ino = 0;
		uint8_t d_type = DT_DIR;

		if (offset >= 2) {
			const struct p9_node *export = nodes->exports[offset - 2];

			name = nodes->share->exports[offset - 2].name;
			ino = export->id.ino;
			d_type = (uint8_t)IFTODT(export->id.type);
		}
		if (!put_entry(listing, name, ino, offset + 1, d_type))
			return any ? 0 : -EINVAL;
		any = true;
	}
	return 0;
}

/*
 * How much to ask getdents64 for. Its records are at least 20 bytes and the name, rounded up to 8; an
 * entry here is 24 bytes and the name: at most 4 more, on 24 at least. So 6/7 of the room always fits,
 * and one record of any name must.
 */
static size_t dirents_for(size_t room)
{
	size_t one = offsetof(struct dirent64, d_name) + NAME_MAX + 1;
	size_t size = min_u64(room / 7 * 6, P9_SCRATCH_MAX);

	return size > one ? size : align_up(one, 8);
}

/* No offset a stream can have. */
#define OFFSET_UNKNOWN UINT64_MAX

/* Puts the first `len` bytes of records in scratch; true if all of them had room. */
static bool put_records(struct listing *listing, size_t len, uint64_t *last)
{
	const uint8_t *scratch = listing->request->scratch;

	for (size_t at = 0; at < len;) {
		const struct dirent64 *record = (const void *)(scratch + at);

		*last = (uint64_t)record->d_off;
		if (!put_entry(listing, record->d_name, record->d_ino, *last, record->d_type))
			return false;
		at += record->d_reclen;
	}
	return true;
}

/* Entries from the fid's directory stream, with its lock. Those that have no room are read again. */
static int list_dir(struct listing *listing, struct p9_fid *fid, uint64_t offset)
{
	size_t room = listing->left;
	uint64_t last = offset;
	long n;

	if (offset > INT64_MAX)
		return -EINVAL;
	if (offset != fid->dir_offset && lseek(fid->fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	fid->dir_offset = OFFSET_UNKNOWN;
	n = syscall(SYS_getdents64, fid->fd, listing->request->scratch, dirents_for(room));
	if (n < 0)
		return -errno;
	if (put_records(listing, (size_t)n, &last))
		fid->dir_offset = last;
	return n > 0 && listing->left == room ? -EINVAL : 0;
}

static int list(struct p9_server *server, struct p9_request *request, struct p9_fid *fid,
		uint64_t offset, size_t count)
{
	_cleanup_node_ struct p9_node *parent = p9_node_parent(fid->node);
	struct listing listing = {
		.server = server,
		.request = request,
		.dir = fid->node,
		.parent = parent,
		.out = &request->out,
		.left = count,
	};
	int r;

	p9_put_u32(&request->out, 0);
	if (fid->fd < 0) {
		r = list_names(&listing, offset);
	} else {
		(void)pthread_mutex_lock(&fid->lock);
		r = list_dir(&listing, fid, offset);
		(void)pthread_mutex_unlock(&fid->lock);
	}
	if (r == 0)
		p9_set_u32(&request->out, P9_HEAD_SIZE, (uint32_t)(count - listing.left));
	return r;
}

/* Treaddir fid[4] offset[8] count[4] - Rreaddir count[4] data[count]: whole dirents */
int p9_readdir(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint64_t offset = p9_get_u64(&request->in);
	size_t count = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_IS(P9_FID_OPEN), &fid);
	if (r)
		return r;
	if (fid->node->id.type != S_IFDIR)
		return -ENOTDIR;
	return list(server, request, fid, offset,
		    min_u64(count, request->out.room - P9_RREAD_HEAD));
}
