/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "virtio/p9/kernel_fs.h"

/* Descriptors to give back when the process, not this server, has run out. */
#define EVICT_BATCH 16

static void node_close(struct p9_nodes *nodes, struct p9_node *node)
{
	TAILQ_REMOVE(&nodes->lru, node, lru);
	nodes->descriptors--;
	(void)close(node->fd);
	node->fd = -1;
}

static void node_opened(struct p9_nodes *nodes, struct p9_node *node, int fd)
{
	node->fd = fd;
	nodes->descriptors++;
	TAILQ_INSERT_HEAD(&nodes->lru, node, lru);
}

/*
 * Closes the descriptor unused for longest, but never the last used one: whoever makes room is about
 * to use that.
 */
static bool evict(struct p9_nodes *nodes)
{
	struct p9_node *oldest = TAILQ_LAST(&nodes->lru, p9_node_list);

	if (!oldest || oldest == TAILQ_FIRST(&nodes->lru))
		return false;
	node_close(nodes, oldest);
	return true;
}

static int make_room(struct p9_nodes *nodes)
{
	while (nodes->descriptors >= nodes->max_descriptors) {
		if (!evict(nodes))
			return -EMFILE;
	}
	return 0;
}

/* One of the three ways to open something, by kind. */
enum open_kind {
	OPEN_PATH,
	OPEN_FILE,
	OPEN_DIR
};

static int open_once(int dir_fd, const char *name, enum open_kind kind)
{
	switch (kind) {
	case OPEN_PATH:
		return p9_fs_lookup(dir_fd, name);
	case OPEN_FILE:
		return p9_fs_open_file(dir_fd, name);
	default:
		return p9_fs_open_dir(dir_fd);
	}
}

/* dir_fd belongs to the node used last, or is the root's. */
static int open_with_room(struct p9_nodes *nodes, int dir_fd, const char *name, enum open_kind kind)
{
	int fd = make_room(nodes);

	if (fd < 0)
		return fd;
	fd = open_once(dir_fd, name, kind);
	if (fd != -EMFILE && fd != -ENFILE)
		return fd;
	for (int i = 0; i < EVICT_BATCH; i++) {
		if (!evict(nodes))
			break;
	}
	return open_once(dir_fd, name, kind);
}

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

/* What lookup() found. fd is -1 if the entry is hidden. */
struct found {
	int fd;
	bool hidden;
	struct p9_file_id id;
	struct statx stx;
};

static int classify(const struct p9_nodes *nodes, int fd, struct found *found)
{
	int r;

	r = kernel_fs_is(fd, found->id.dev, nodes->root->fd);
	if (r <= 0)
		return r;
	found->hidden = true;
	found->id.type = found->id.type == S_IFDIR ? S_IFDIR : S_IFREG;
	hidden_attributes(&found->id, &found->stx);
	return 0;
}

static int lookup(struct p9_nodes *nodes, const struct p9_node *dir, int dir_fd, const char *name,
		  struct found *found)
{
	_cleanup_close_ int fd = open_with_room(nodes, dir_fd, name, OPEN_PATH);
	bool crossing;
	int r;

	if (fd < 0)
		return fd;
	r = p9_fs_stat(fd, &found->stx);
	if (r)
		return r;
	found->id = p9_fs_id(&found->stx);
	found->hidden = false;
	crossing =
		found->id.dev != dir->id.dev || (found->stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
	if (crossing) {
		r = classify(nodes, fd, found);
		if (r)
			return r;
	}
	found->fd = found->hidden ? -1 : steal_fd(&fd);
	return 0;
}

/* Finds the file of a closed node again. */
static int reopen(struct p9_nodes *nodes, struct p9_node *node, int parent_fd)
{
	struct found found;
	int r = lookup(nodes, node->parent, parent_fd, node->name, &found);

	if (r)
		return r;
	if (found.hidden)
		return -ESTALE;
	if (!p9_fs_id_equal(&found.id, &node->id)) {
		(void)close(found.fd);
		return -ESTALE;
	}
	node_opened(nodes, node, found.fd);
	return 0;
}

static void touch(struct p9_nodes *nodes, struct p9_node *node)
{
	if (!node->parent || node == TAILQ_FIRST(&nodes->lru))
		return;
	TAILQ_REMOVE(&nodes->lru, node, lru);
	TAILQ_INSERT_HEAD(&nodes->lru, node, lru);
}

int p9_node_fd(struct p9_nodes *nodes, struct p9_node *node)
{
	struct p9_node *open = node;

	/* Not by recursion: how deep a tree is, is for others to decide. */
	while (open->fd < 0) {
		open->parent->down = open;
		open = open->parent;
	}
	touch(nodes, open);
	while (open != node) {
		int r = reopen(nodes, open->down, open->fd);

		if (r)
			return r;
		open = open->down;
	}
	return node->fd;
}

static int node_new(struct p9_nodes *nodes, struct p9_node *parent, const char *name,
		    struct p9_node **node)
{
	size_t len = strlen(name);

	if (nodes->count >= nodes->max)
		return -ENFILE;
	*node = calloc(1, sizeof(**node) + len + 1);
	if (!*node)
		return -ENOMEM;
	nodes->count++;
	memcpy((*node)->name, name, len);
	(*node)->refs = 1;
	(*node)->fd = -1;
	(*node)->parent = parent ? p9_node_get(parent) : NULL;
	return 0;
}

int p9_node_child(struct p9_nodes *nodes, struct p9_node *dir, const char *name,
		  struct p9_node **child, struct statx *stx)
{
	struct found found;
	int dir_fd, r;

	if (dir->id.type != S_IFDIR)
		return -ENOTDIR;
	if (dir->hidden)
		return -ENOENT;
	dir_fd = p9_node_fd(nodes, dir);
	if (dir_fd < 0)
		return dir_fd;
	r = node_new(nodes, dir, name, child);
	if (r)
		return r;
	r = lookup(nodes, dir, dir_fd, name, &found);
	if (r) {
		p9_node_put(nodes, *child);
		return r;
	}
	(*child)->id = found.id;
	(*child)->hidden = found.hidden;
	if (!found.hidden)
		node_opened(nodes, *child, found.fd);
	*stx = found.stx;
	return 0;
}

struct p9_node *p9_node_parent(struct p9_node *node)
{
	return p9_node_get(node->parent ? node->parent : node);
}

struct p9_node *p9_node_get(struct p9_node *node)
{
	node->refs++;
	return node;
}

void p9_node_put(struct p9_nodes *nodes, struct p9_node *node)
{
	/* Not by recursion, as above. The root is put back by p9_nodes_destroy() only. */
	while (node && --node->refs == 0) {
		struct p9_node *parent = node->parent;

		if (node->fd >= 0 && parent)
			node_close(nodes, node);
		nodes->count--;
		free(node);
		node = parent;
	}
}

int p9_node_stat(struct p9_nodes *nodes, struct p9_node *node, struct statx *stx)
{
	int fd;

	if (node->hidden) {
		hidden_attributes(&node->id, stx);
		return 0;
	}
	fd = p9_node_fd(nodes, node);
	return fd < 0 ? fd : p9_fs_stat(fd, stx);
}

static int open_file(struct p9_nodes *nodes, struct p9_node *node)
{
	int parent_fd = p9_node_fd(nodes, node->parent);

	return parent_fd < 0 ? parent_fd : open_with_room(nodes, parent_fd, node->name, OPEN_FILE);
}

static int open_dir(struct p9_nodes *nodes, struct p9_node *node)
{
	int fd = p9_node_fd(nodes, node);

	return fd < 0 ? fd : open_with_room(nodes, fd, NULL, OPEN_DIR);
}

int p9_node_open(struct p9_nodes *nodes, struct p9_node *node, struct statx *stx)
{
	_cleanup_close_ int fd = -1;
	struct p9_file_id id;
	int r;

	switch (node->id.type) {
	case S_IFREG:
		fd = open_file(nodes, node);
		break;
	case S_IFDIR:
		fd = open_dir(nodes, node);
		break;
	case S_IFLNK:
		return -ELOOP;
	default:
		return -ENXIO;
	}
	if (fd < 0)
		return fd;
	r = p9_fs_stat(fd, stx);
	if (r)
		return r;
	id = p9_fs_id(stx);
	if (!p9_fs_id_equal(&id, &node->id))
		return -ESTALE;
	nodes->descriptors++;
	return steal_fd(&fd);
}

void p9_node_close(struct p9_nodes *nodes, int fd)
{
	nodes->descriptors--;
	(void)close(fd);
}

int p9_nodes_init(struct p9_nodes *nodes, int root_fd, size_t max, size_t max_descriptors)
{
	struct statx stx;
	int r;

	*nodes = (struct p9_nodes){.max = max, .max_descriptors = max_descriptors};
	TAILQ_INIT(&nodes->lru);
	r = p9_fs_stat(root_fd, &stx);
	if (r)
		return r;
	if (!S_ISDIR(stx.stx_mode))
		return -ENOTDIR;
	r = node_new(nodes, NULL, "", &nodes->root);
	if (r)
		return r;
	nodes->root->id = p9_fs_id(&stx);
	r = kernel_fs_is(root_fd, nodes->root->id.dev, root_fd);
	if (r < 0) {
		p9_node_put(nodes, nodes->root);
		return r;
	}
	nodes->root->hidden = r > 0;
	nodes->root->fd = root_fd;
	nodes->descriptors = 1;
	return 0;
}

void p9_nodes_destroy(struct p9_nodes *nodes)
{
	(void)close(nodes->root->fd);
	p9_node_put(nodes, nodes->root);
}
