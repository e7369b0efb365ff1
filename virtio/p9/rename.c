/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries moved and removed. A file that the guest still has a fid of loses its name here, and nothing
 * else: its node is open before, and stays so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "virtio/p9/request.h"

/* What an entry that is about to lose its name stands for. */
struct doomed {
	struct p9_node *node; /* open; NULL if none is known */
	bool held;
	struct p9_file_id id; /* of no type if there is nothing */
};

/* Linux has looked already. A guest need not, and then it may be a hidden file, or another's second name. */
static int doomed_at(struct p9_node *dir, const char *name, struct doomed *doomed)
{
	int r;

	*doomed = (struct doomed){.node = p9_node_at(dir, name)};
	if (!doomed->node) {
		r = p9_node_peek(dir, name, &doomed->id);
		if (r)
			return r == -ENOENT ? 0 : r; /* that is for the kernel to say */
	} else {
		doomed->held = p9_node_hold(doomed->node) >= 0;
		doomed->id = doomed->node->id;
		if (doomed->node->kind == P9_NODE_HIDDEN)
			return -EACCES;
	}
	return p9_hides_guard(dir->nodes->share->hides, &doomed->id) ? -EBUSY : 0;
}

static void doomed_done(struct doomed *doomed)
{
	if (doomed->held)
		p9_node_release(doomed->node);
	if (doomed->node)
		p9_node_put(doomed->node);
}

static int unlink_entry(struct p9_node *dir, const char *name, int flags)
{
	struct doomed doomed;
	int dir_fd, r = p9_entry_writable(dir, name);

	if (r)
		return r;
	dir_fd = p9_node_hold(dir);
	if (dir_fd < 0)
		return dir_fd;
	r = doomed_at(dir, name, &doomed);
	if (r == 0)
		r = unlinkat(dir_fd, name, flags) ? -errno : 0;
	if (r == 0)
		p9_node_unnamed(dir, name);
	doomed_done(&doomed);
	p9_node_release(dir);
	return r;
}

/* Tunlinkat dirfd[4] name[s] flags[4] - Runlinkat */
int p9_unlinkat(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str str = p9_get_str(&request->in);
	uint32_t flags = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	char name[NAME_MAX + 1];
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_fs_name(str, name);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	if (r)
		return r;
	if (flags & ~P9_DOTL_AT_REMOVEDIR)
		return -EINVAL;
	return unlink_entry(fid->node, name, flags ? AT_REMOVEDIR : 0);
}

static int rename_held(struct p9_node *dir, int dir_fd, const char *name, struct p9_node *new_dir,
		       const char *new_name)
{
	struct doomed source, target = {0};
	int new_fd = p9_node_hold(new_dir), r;

	if (new_fd < 0)
		return new_fd;
	r = doomed_at(dir, name, &source);
	if (r == 0)
		r = doomed_at(new_dir, new_name, &target);
	if (r == 0)
		r = renameat(dir_fd, name, new_fd, new_name) ? -errno : 0;
	/* Renamed onto itself, or onto another link of the same file: both names are still there. */
	if (r == 0 && !p9_fs_id_equal(&source.id, &target.id))
		p9_node_moved(dir, name, new_dir, new_name);
	doomed_done(&target);
	doomed_done(&source);
	p9_node_release(new_dir);
	return r;
}

static int rename_entry(struct p9_node *dir, const char *name, struct p9_node *new_dir,
			const char *new_name)
{
	int dir_fd, r = p9_entry_writable(dir, name);

	if (r == 0)
		r = p9_entry_writable(new_dir, new_name);
	if (r)
		return r;
	if (dir->export != new_dir->export)
		return -EXDEV;
	dir_fd = p9_node_hold(dir);
	if (dir_fd < 0)
		return dir_fd;
	r = rename_held(dir, dir_fd, name, new_dir, new_name);
	p9_node_release(dir);
	return r;
}

/* Trenameat olddirfid[4] oldname[s] newdirfid[4] newname[s] - Rrenameat */
int p9_renameat(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str str = p9_get_str(&request->in);
	uint32_t new_number = p9_get_u32(&request->in);
	struct p9_str new_str = p9_get_str(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL, *new_fid = NULL;
	char name[NAME_MAX + 1], new_name[NAME_MAX + 1];
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_fs_name(str, name);
	if (r == 0)
		r = p9_fs_name(new_str, new_name);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	if (r == 0)
		r = p9_find_fid(server, new_number, P9_FID_ANY_FILE, &new_fid);
	return r ? r : rename_entry(fid->node, name, new_fid->node, new_name);
}

/* Where the fid's file was seen last, if it is still there. */
static int find_entry(struct p9_node *node, struct p9_node **dir, char name[NAME_MAX + 1])
{
	_cleanup_node_ struct p9_node *there = NULL;
	struct statx stx;
	int r = p9_node_place(node, dir, name);

	if (r == 0)
		r = p9_node_child(*dir, name, &there, &stx);
	if (r)
		return r;
	return there == node ? 0 : -ESTALE;
}

/* Trename fid[4] dfid[4] name[s] - Rrename */
int p9_rename(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t new_number = p9_get_u32(&request->in);
	struct p9_str new_str = p9_get_str(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL, *new_fid = NULL;
	_cleanup_node_ struct p9_node *dir = NULL;
	char name[NAME_MAX + 1], new_name[NAME_MAX + 1];
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_fs_name(new_str, new_name);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	if (r == 0)
		r = p9_find_fid(server, new_number, P9_FID_ANY_FILE, &new_fid);
	if (r == 0)
		r = p9_node_writable(fid->node);
	if (r == 0)
		r = find_entry(fid->node, &dir, name);
	return r ? r : rename_entry(dir, name, new_fid->node, new_name);
}

static int remove_file(struct p9_node *node)
{
	_cleanup_node_ struct p9_node *dir = NULL;
	char name[NAME_MAX + 1];
	int r = p9_node_writable(node);

	if (r == 0)
		r = find_entry(node, &dir, name);
	if (r)
		return r;
	return unlink_entry(dir, name, node->id.type == S_IFDIR ? AT_REMOVEDIR : 0);
}

/* Tremove fid[4] - Rremove: clunks the fid, whether the file can be removed or not. */
int p9_remove(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	fid = p9_fid_take(&server->fids, number);
	if (!fid)
		return -EBADF;
	return remove_file(fid->node);
}
