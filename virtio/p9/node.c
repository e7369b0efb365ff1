/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "virtio/p9/kernel_fs.h"
#include "virtio/p9/node_table.h"
#include "virtio/p9/qid.h"
#include "virtio/p9/stand_in.h"

/* --- lookups ---------------------------------------------------------------------------------------- */

/*
 * A hidden file as the guest sees it: nothing but its existence is the host's. /proc's link count, say,
 * is a number of processes.
 */
static void hidden_attributes(const struct p9_file_id *id, struct statx *stx)
{
	bool dir = id->type == S_IFDIR;

	*stx = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_mode = dir ? S_IFDIR | 0555 : S_IFREG | 0444,
		.stx_nlink = dir ? 2 : 1,
		.stx_blksize = 4096,
		.stx_ino = id->ino,
		.stx_dev_major = major(id->dev),
		.stx_dev_minor = minor(id->dev),
	};
}

/* Looks an entry up, its descriptor already reserved; gives that back if it fails. */
static int open_entry(struct p9_nodes *nodes, int dir_fd, const char *name)
{
	int fd = p9_fs_lookup(dir_fd, name);

	if (fd < 0 && p9_nodes_make_room(nodes, fd))
		fd = p9_fs_lookup(dir_fd, name);
	if (fd < 0)
		p9_node_unreserve(nodes);
	return fd;
}

/* What a file that is not hidden is to the guest: 0 or -errno. */
static int classify_file(const struct p9_nodes *nodes, int fd, struct p9_found *found)
{
	int r;

	if (!found->export->writable || !p9_stand_in_possible(&found->stx))
		return 0;
	r = p9_stand_in_read(nodes->share->proc_fd, fd, &found->stx);
	if (r <= 0)
		return r;
	found->stand_in = true;
	found->id.type = found->stx.stx_mode & S_IFMT;
	return 0;
}

/* Whether a file that was found is to be hidden: 0 or -errno. */
static int classify(const struct p9_nodes *nodes, const struct p9_node *dir, int fd,
		    const char *name, struct p9_found *found)
{
	bool crossing =
		found->id.dev != dir->id.dev || (found->stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
	int hidden = 0;

	found->kind = P9_NODE_FILE;
	found->stand_in = false;
	if (p9_hides_file(nodes->share->hides, &found->id) ||
	    p9_hides_entry(nodes->share->hides, &dir->id, name))
		hidden = 1;
	else if (crossing)
		hidden = kernel_fs_is(fd, found->id.dev, dir->export->fd);
	if (hidden < 0)
		return hidden;
	if (hidden == 0)
		return classify_file(nodes, fd, found);
	found->kind = P9_NODE_HIDDEN;
	found->id.type = found->id.type == S_IFDIR ? S_IFDIR : S_IFREG;
	hidden_attributes(&found->id, &found->stx);
	return 0;
}

/* Looks at the entry of a directory whose descriptor is held. found->fd takes a reserved place. */
static int look_up(struct p9_nodes *nodes, const struct p9_node *dir, int dir_fd, const char *name,
		   struct p9_found *found)
{
	int fd, r = p9_node_reserve(nodes);

	if (r)
		return r;
	fd = open_entry(nodes, dir_fd, name);
	if (fd < 0)
		return fd;
	r = p9_fs_stat(fd, &found->stx);
	if (r == 0) {
		found->id = p9_fs_id(&found->stx);
		found->export = dir->export;
		r = classify(nodes, dir, fd, name, found);
	}
	found->fd = fd;
	if (r || found->kind == P9_NODE_HIDDEN) {
		p9_node_close(nodes, fd);
		found->fd = -1;
	}
	return r;
}

/* The node of what was found, whose descriptor it takes over in any case. */
static int adopt(struct p9_nodes *nodes, struct p9_node *dir, const char *name,
		 const struct p9_found *found, struct p9_node **node)
{
	int r = 0;

	p9_nodes_lock(nodes);
	*node = p9_nodes_find_id(nodes, found);
	if (*node) {
		(*node)->refs++;
		p9_nodes_set_place(nodes, *node, dir, name);
	} else {
		r = p9_nodes_add(nodes, dir, name, found, node);
	}
	if (r == 0)
		p9_nodes_install(nodes, *node, found->fd);
	p9_nodes_unlock(nodes);
	if (r && found->fd >= 0)
		p9_node_close(nodes, found->fd);
	return r;
}

static int child_export(struct p9_nodes *nodes, const char *name, struct p9_node **child,
			struct statx *stx)
{
	const struct p9_share *share = nodes->share;
	int r;

	for (size_t i = 0; i < share->export_count; i++) {
		if (strcmp(share->exports[i].name, name) != 0)
			continue;
		r = p9_node_stat(nodes->exports[i], stx);
		if (r == 0)
			*child = p9_node_get(nodes->exports[i]);
		return r;
	}
	return -ENOENT;
}

int p9_node_child(struct p9_node *dir, const char *name, struct p9_node **child, struct statx *stx)
{
	struct p9_nodes *nodes = dir->nodes;
	struct p9_found found;
	int dir_fd, r;

	if (dir->id.type != S_IFDIR)
		return -ENOTDIR;
	if (dir->kind == P9_NODE_EXPORTS)
		return child_export(nodes, name, child, stx);
	if (dir->kind == P9_NODE_HIDDEN)
		return -ENOENT;
	dir_fd = p9_node_hold(dir);
	if (dir_fd < 0)
		return dir_fd;
	r = look_up(nodes, dir, dir_fd, name, &found);
	p9_node_release(dir);
	if (r)
		return r;
	*stx = found.stx;
	return adopt(nodes, dir, name, &found, child);
}

int p9_node_peek(struct p9_node *dir, const char *name, struct p9_file_id *id)
{
	struct p9_found found;
	int dir_fd = p9_node_hold(dir), r;

	if (dir_fd < 0)
		return dir_fd;
	r = look_up(dir->nodes, dir, dir_fd, name, &found);
	p9_node_release(dir);
	if (r)
		return r;
	if (found.fd >= 0)
		p9_node_close(dir->nodes, found.fd);
	*id = found.id;
	return found.kind == P9_NODE_HIDDEN ? -EACCES : 0;
}

int p9_node_created(struct p9_node *dir, const char *name, const struct statx *stx,
		    struct p9_node **node)
{
	struct p9_nodes *nodes = dir->nodes;
	struct p9_found found = {
		.fd = -1,
		.kind = P9_NODE_FILE,
		.export = dir->export,
		.id = p9_fs_id(stx),
	};

	return adopt(nodes, dir, name, &found, node);
}

/* --- holding ---------------------------------------------------------------------------------------- */

/* An open node is pinned, and referred to: whose fid it was may be gone by the end. With the lock. */
static int pin(struct p9_nodes *nodes, struct p9_node *node)
{
	if (p9_nodes_evictable(node))
		TAILQ_REMOVE(&nodes->lru, node, lru);
	node->pins++;
	node->refs++;
	return node->fd;
}

static void unpin(struct p9_nodes *nodes, struct p9_node *node)
{
	node->pins--;
	if (p9_nodes_evictable(node))
		TAILQ_INSERT_HEAD(&nodes->lru, node, lru);
	p9_nodes_put(nodes, node);
}

/*
 * Opens the topmost closed node on the way to this one, at its place. Called with the lock, which it
 * lets go meanwhile.
 */
static int reopen_one(struct p9_nodes *nodes, struct p9_node *node)
{
	struct p9_node *dir;
	struct p9_found found;
	char name[NAME_MAX + 1];
	int r;

	while (!node->unnamed && node->parent->fd < 0 && node->parent->kind == P9_NODE_FILE)
		node = node->parent;
	if (node->unnamed || node->parent->kind != P9_NODE_FILE)
		return -ESTALE;
	dir = node->parent;
	node->refs++;
	(void)pin(nodes, dir);
	(void)strcpy(name, node->name);
	p9_nodes_unlock(nodes);

	r = look_up(nodes, dir, dir->fd, name, &found);
	p9_nodes_lock(nodes);
	if (r == 0 && found.kind == node->kind && p9_fs_id_equal(&found.id, &node->id)) {
		p9_nodes_install(nodes, node, found.fd);
	} else if (r == 0) {
		if (found.fd >= 0) {
			nodes->descriptors--;
			(void)close(found.fd);
		}
		r = -ESTALE;
	}
	unpin(nodes, dir);
	p9_nodes_put(nodes, node);
	return r;
}

int p9_node_hold(struct p9_node *node)
{
	struct p9_nodes *nodes = node->nodes;
	int r = 0, fd;

	if (node->kind != P9_NODE_FILE)
		return -ENOENT;
	p9_nodes_lock(nodes);
	while (node->fd < 0 && r == 0)
		r = reopen_one(nodes, node);
	fd = r ? r : pin(nodes, node);
	p9_nodes_unlock(nodes);
	return fd;
}

void p9_node_release(struct p9_node *node)
{
	struct p9_nodes *nodes = node->nodes;

	p9_nodes_lock(nodes);
	unpin(nodes, node);
	p9_nodes_unlock(nodes);
}

/* --- what is asked of a node ------------------------------------------------------------------------ */

struct p9_node *p9_node_get(struct p9_node *node)
{
	p9_nodes_lock(node->nodes);
	node->refs++;
	p9_nodes_unlock(node->nodes);
	return node;
}

void p9_node_put(struct p9_node *node)
{
	struct p9_nodes *nodes = node->nodes;
	p9_nodes_lock(nodes);
	p9_nodes_put(nodes, node);
	p9_nodes_unlock(nodes);
}

struct p9_node *p9_node_parent(struct p9_node *node)
{
	struct p9_nodes *nodes = node->nodes;
	struct p9_node *parent;

	p9_nodes_lock(nodes);
	parent = node->parent ? node->parent : node;
	parent->refs++;
	p9_nodes_unlock(nodes);
	return parent;
}

int p9_node_place(struct p9_node *node, struct p9_node **dir, char name[NAME_MAX + 1])
{
	struct p9_nodes *nodes = node->nodes;
	int r = 0;

	p9_nodes_lock(nodes);
	if (!node->parent || node->parent->kind == P9_NODE_EXPORTS) {
		r = -EACCES;
	} else if (node->unnamed) {
		r = -ENOENT;
	} else {
		*dir = node->parent;
		(*dir)->refs++;
		(void)strcpy(name, node->name);
	}
	p9_nodes_unlock(nodes);
	return r;
}

struct p9_node *p9_node_at(struct p9_node *dir, const char *name)
{
	struct p9_nodes *nodes = dir->nodes;
	struct p9_node *node;

	p9_nodes_lock(nodes);
	node = p9_nodes_find_place(nodes, dir, name);
	if (node)
		node->refs++;
	p9_nodes_unlock(nodes);
	return node;
}

void p9_node_unnamed(struct p9_node *dir, const char *name)
{
	struct p9_nodes *nodes = dir->nodes;
	struct p9_node *node;

	p9_nodes_lock(nodes);
	while ((node = p9_nodes_find_place(nodes, dir, name)))
		p9_nodes_forget_place(nodes, node);
	p9_nodes_unlock(nodes);
}

void p9_node_moved(struct p9_node *dir, const char *name, struct p9_node *new_dir,
		   const char *new_name)
{
	struct p9_nodes *nodes = dir->nodes;
	struct p9_node *node, *gone;

	p9_nodes_lock(nodes);
	node = p9_nodes_find_place(nodes, dir, name);
	while ((gone = p9_nodes_find_place(nodes, new_dir, new_name)) && gone != node)
		p9_nodes_forget_place(nodes, gone);
	if (node)
		p9_nodes_set_place(nodes, node, new_dir, new_name);
	p9_nodes_unlock(nodes);
}

int p9_node_stat(struct p9_node *node, struct statx *stx)
{
	int r, fd;

	if (node->kind != P9_NODE_FILE) {
		hidden_attributes(&node->id, stx);
		return 0;
	}
	fd = p9_node_hold(node);
	if (fd < 0)
		return fd;
	r = p9_fs_stat(fd, stx);
	p9_node_release(node);
	if (r == 0 && node->stand_in)
		p9_stand_in_view(stx, node->id.type, node->rdev[0], node->rdev[1]);
	return r;
}

int p9_node_writable(const struct p9_node *node)
{
	if (node->kind == P9_NODE_EXPORTS || !node->export->writable)
		return -EROFS;
	return node->kind == P9_NODE_HIDDEN ? -EACCES : 0;
}

int p9_node_proc_fd(const struct p9_node *node)
{
	return node->nodes->share->proc_fd;
}

static int open_again(struct p9_nodes *nodes, const struct p9_node *node, int fd, int flags)
{
	return node->id.type == S_IFDIR ? p9_fs_open_dir(fd)
					: p9_fs_reopen(nodes->share->proc_fd, fd, flags);
}

int p9_node_open(struct p9_node *node, int flags)
{
	struct p9_nodes *nodes = node->nodes;
	int fd, new;

	if (node->id.type == S_IFLNK)
		return -ELOOP;
	if (node->id.type != S_IFREG && node->id.type != S_IFDIR)
		return -ENXIO;
	fd = p9_node_hold(node);
	if (fd < 0)
		return fd;
	new = p9_node_reserve(nodes);
	if (new == 0) {
		new = open_again(nodes, node, fd, flags);
		if (new < 0 && p9_nodes_make_room(nodes, new))
			new = open_again(nodes, node, fd, flags);
		if (new < 0)
			p9_node_unreserve(nodes);
	}
	p9_node_release(node);
	return new;
}

void p9_node_close(struct p9_nodes *nodes, int fd)
{
	(void)close(fd);
	p9_node_unreserve(nodes);
}

/* --- set-up ----------------------------------------------------------------------------------------- */

#define FIRST_BUCKETS 64

/* The root of one export, not to be found by any name. */
static int add_export(struct p9_nodes *nodes, const struct p9_export *export,
		      struct p9_node *parent, struct p9_node **node)
{
	struct p9_found found = {.fd = export->fd, .export = export};
	int r = p9_fs_stat(export->fd, &found.stx);

	if (r)
		return r;
	found.id = p9_fs_id(&found.stx);
	if (found.id.type != S_IFDIR && (found.id.type != S_IFREG || !export->name[0]))
		return -ENOTDIR;
	r = kernel_fs_is(export->fd, found.id.dev, export->fd);
	if (r)
		return r < 0 ? r : -ENOTSUP;
	r = p9_nodes_add(nodes, parent, NULL, &found, node);
	if (r)
		return r;
	(*node)->fd = export->fd;
	nodes->descriptors++;
	return 0;
}

static bool has_directory_of_exports(const struct p9_share *share)
{
	return share->export_count != 1 || share->exports[0].name[0];
}

static int add_exports(struct p9_nodes *nodes)
{
	const struct p9_share *share = nodes->share;
	struct p9_found directory = {
		.kind = P9_NODE_EXPORTS,
		.id = {.dev = P9_DEV_EXPORTS, .type = S_IFDIR},
	};
	int r = 0;

	if (has_directory_of_exports(share))
		r = p9_nodes_add(nodes, NULL, NULL, &directory, &nodes->root);
	for (size_t i = 0; i < share->export_count && r == 0; i++)
		r = add_export(nodes, &share->exports[i], nodes->root, &nodes->exports[i]);
	if (r == 0 && !nodes->root)
		nodes->root = nodes->exports[0];
	return r;
}

/* The exports' roots, and what is above them. Their descriptors stay the caller's unless `close` is set. */
static void drop_exports(struct p9_nodes *nodes, bool close)
{
	for (size_t i = 0; i < nodes->share->export_count; i++) {
		struct p9_node *node = nodes->exports[i];

		if (!node)
			continue;
		if (!close) {
			node->fd = -1;
			nodes->descriptors--;
		}
		p9_nodes_put(nodes, node);
	}
	if (nodes->root && has_directory_of_exports(nodes->share))
		p9_nodes_put(nodes, nodes->root);
	free(nodes->exports);
	free(nodes->by_id);
	free(nodes->by_place);
	(void)pthread_mutex_destroy(&nodes->lock);
}

int p9_nodes_init(struct p9_nodes *nodes, const struct p9_share *share, size_t max,
		  size_t max_descriptors)
{
	int r = -ENOMEM;

	*nodes = (struct p9_nodes){
		.share = share,
		.bucket_count = FIRST_BUCKETS,
		.max = max + share->export_count + 1,
		.max_descriptors = max_descriptors,
	};
	(void)pthread_mutex_init(&nodes->lock, NULL);
	TAILQ_INIT(&nodes->lru);
	nodes->by_id = calloc(FIRST_BUCKETS, sizeof(*nodes->by_id));
	nodes->by_place = calloc(FIRST_BUCKETS, sizeof(*nodes->by_place));
	nodes->exports = calloc(share->export_count + 1, sizeof(struct p9_node *));
	if (nodes->by_id && nodes->by_place && nodes->exports)
		r = add_exports(nodes);
	if (r)
		drop_exports(nodes, false);
	return r;
}

void p9_nodes_destroy(struct p9_nodes *nodes)
{
	drop_exports(nodes, true);
}
