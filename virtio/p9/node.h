/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: the files a guest has walked to, one node a file.
 *
 * A node is an O_PATH descriptor, and the place where the file was seen last: a directory's node and a
 * name in it. The descriptor is the file, whatever becomes of its names: a file without any is read,
 * written and described all the same. The parent is what ".." means, without a lookup, so that nothing
 * the host renames lets it climb out of the share. At the root it stays there.
 *
 * The place serves one purpose more. A guest that caches (cache=loose) keeps a fid for every file it has
 * ever looked at, and descriptors are scarcer than that: at most max_descriptors exist, and beyond it
 * the one unused for longest is closed. Its node finds the file again when it is next used, by its place,
 * and only if what is there has the same id; else the guest gets ENOENT or ESTALE, never another file.
 * What the guest itself renames or removes is followed here (p9_node_moved, p9_node_unnamed), so that
 * this happens to what the host has moved only. A node whose name is gone keeps its descriptor.
 *
 * A hidden node is an empty directory or an empty file, and holds no descriptor at all, so that nothing
 * of it can be read by any mistake: a file on a kernel file system (kernel_fs.h), or one the user wants
 * hidden (hide.h). A directory's children are on its own file system unless something is mounted on
 * them, so only crossing from one device to another, or to the root of a mount, asks for its type.
 *
 * Threads: everything here is covered by the lock of struct p9_nodes, which functions take themselves
 * unless they say otherwise, and which is never held in a system call that may block. A descriptor is
 * used between p9_node_hold() and p9_node_release(), which keep it open. Nodes are counted: whoever
 * holds one puts it back.
 */
#ifndef VIRTIO_P9_NODE_H
#define VIRTIO_P9_NODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "virtio/p9/fs.h"
#include "virtio/p9/hide.h"
#include "virtio/p9/server.h"

enum p9_node_kind {
	P9_NODE_FILE,
	P9_NODE_HIDDEN,
	P9_NODE_EXPORTS, /* the root of a share that has several: a directory of them */
};

struct p9_node {
	struct p9_nodes *nodes;
	unsigned int refs;          /* holders, pins and child nodes */
	unsigned int pins;          /* p9_node_hold()s */
	_Atomic unsigned int locks; /* fids that hold locks on the file (lock.c) */
	int fd; /* O_PATH; -1 while closed, and always for a node that is no file */
	enum p9_node_kind kind;
	bool stand_in;                  /* for a device node (stand_in.h), which is its id's type */
	uint32_t rdev[2];               /* of that: major, minor */
	bool unnamed;                   /* nowhere to be found again: the descriptor stays open */
	const struct p9_export *export; /* what it is part of; NULL: the directory of them */
	struct p9_file_id id;
	struct p9_node *parent; /* NULL: the root */
	char *name;
	TAILQ_ENTRY(p9_node) lru; /* while the descriptor could be closed */
	LIST_ENTRY(p9_node) same_id;
	LIST_ENTRY(p9_node) same_place;
};

TAILQ_HEAD(p9_node_list, p9_node);
LIST_HEAD(p9_node_bucket, p9_node);

struct p9_nodes {
	pthread_mutex_t lock;
	struct p9_node *root;
	struct p9_node **exports; /* the root of each, one reference each */
	const struct p9_share *share;
	struct p9_node_list lru; /* last used first */
	struct p9_node_bucket *by_id, *by_place;
	size_t bucket_count; /* of each; a power of two */
	size_t count;
	size_t max;
	size_t descriptors; /* of nodes, and those given out by p9_node_open */
	size_t max_descriptors;
};

/*
 * share stays the caller's and must outlive the nodes. Takes the exports' descriptors over, unless it
 * fails: -ENOTDIR if one is neither directory nor regular file, -ENOTSUP if it is on a kernel file
 * system. max: nodes at most, besides the exports' roots; some 200 bytes each, and the name.
 * max_descriptors: at least 4 more than there are exports.
 */
int p9_nodes_init(struct p9_nodes *nodes, const struct p9_share *share, size_t max,
		  size_t max_descriptors);

/* Everything else has been put back. */
void p9_nodes_destroy(struct p9_nodes *nodes);

struct p9_node *p9_node_get(struct p9_node *node);
void p9_node_put(struct p9_node *node);

/* One step down, to the entry name (p9_fs_name) of dir. *child is the caller's to put back. */
int p9_node_child(struct p9_node *dir, const char *name, struct p9_node **child, struct statx *stx);

/* One step up, without a lookup. The caller's to put back. */
struct p9_node *p9_node_parent(struct p9_node *node);

/*
 * The place where it was seen last: its directory, the caller's to put back, and its name. -EACCES for
 * an export's root and the directory of exports, -ENOENT if it has none any more.
 */
int p9_node_place(struct p9_node *node, struct p9_node **dir, char name[NAME_MAX + 1]);

/*
 * The node last seen at that place, NULL if none is known. The caller's to put back.
 */
struct p9_node *p9_node_at(struct p9_node *dir, const char *name);

/* What is at that place, without a node for it. -EACCES if it is hidden. */
int p9_node_peek(struct p9_node *dir, const char *name, struct p9_file_id *id);

/*
 * A node for the file that was just created there, and is described by stx. It has no descriptor yet.
 * The caller's to put back.
 */
int p9_node_created(struct p9_node *dir, const char *name, const struct statx *stx,
		    struct p9_node **node);

/* The name was removed; the entry was renamed. */
void p9_node_unnamed(struct p9_node *dir, const char *name);
void p9_node_moved(struct p9_node *dir, const char *name, struct p9_node *new_dir,
		   const char *new_name);

/* A descriptor of the file, O_PATH. It stays open, and the node there, until released. -ENOENT if it is none. */
int p9_node_hold(struct p9_node *node);
void p9_node_release(struct p9_node *node);

/* The attributes; those of an empty file or directory if it is not a file. */
int p9_node_stat(struct p9_node *node, struct statx *stx);

/* May this be changed? 0, -EROFS, or -EACCES if it is hidden or the directory of exports. */
int p9_node_writable(const struct p9_node *node);

/*
 * Opens a file with flags (O_*); a directory to be listed, whatever the flags. Returns a descriptor to be
 * given to p9_node_close(). -ELOOP for a symbolic link, -ENXIO for what is neither regular file nor
 * directory: those are never opened.
 */
int p9_node_open(struct p9_node *node, int flags);
void p9_node_close(struct p9_nodes *nodes, int fd);

/* Room for one more descriptor, which the caller opens itself and gives to p9_node_close(). -EMFILE. */
int p9_node_reserve(struct p9_nodes *nodes);
void p9_node_unreserve(struct p9_nodes *nodes);

/* This process's /proc/self/fd. */
int p9_node_proc_fd(const struct p9_node *node);

static inline void p9_node_cleanup_put(struct p9_node **node)
{
	if (*node)
		p9_node_put(*node);
}

static inline void p9_node_cleanup_release(struct p9_node **node)
{
	if (*node)
		p9_node_release(*node);
}

#define _cleanup_node_    __attribute__((cleanup(p9_node_cleanup_put)))
#define _cleanup_release_ __attribute__((cleanup(p9_node_cleanup_release)))

#endif
