/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: the files a guest has walked to, as a tree of descriptors.
 *
 * A node is an O_PATH descriptor, the node of the directory it was found in, and its name there. The
 * parent is what ".." means: the directory the guest came from, whatever the host renames, so that ".."
 * needs no lookup and cannot climb out of the share. At the root it stays there.
 *
 * To read a file it must be opened again. An O_PATH descriptor can be opened only through /proc, which
 * a confined monitor cannot reach, so a file is opened by its name in its parent and checked to be the
 * same file (device, inode, type). If the host has removed or replaced it since, the guest gets ENOENT
 * or ESTALE, never another file. Directories are opened through their own descriptor.
 *
 * A guest that caches (cache=loose) keeps a fid for every file it has ever looked at. Descriptors are
 * scarcer than that: at most max_descriptors exist, and beyond it the one unused for longest is closed.
 * Its node finds the file again when it is next used, by name and with the same check.
 *
 * A file on a kernel file system (kernel_fs.h) becomes a hidden node: an empty directory or an empty
 * file. It holds no descriptor at all, so nothing of it can be read by any mistake. A directory's
 * children are on its own file system unless something is mounted on them, so only crossing from one
 * device to another, or to the root of a mount, asks for the file system's type.
 *
 * Nodes are counted: whoever holds one puts it back.
 */
#ifndef VIRTIO_P9_NODE_H
#define VIRTIO_P9_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "virtio/p9/fs.h"

struct p9_node {
	unsigned int refs; /* holders, and child nodes */
	int fd;            /* O_PATH; -1 while closed, and always for a hidden node */
	bool hidden;
	struct p9_file_id id;
	struct p9_node *parent; /* NULL: the root */
	struct p9_node *down;   /* the way back while a chain of closed ancestors is opened */
	TAILQ_ENTRY(p9_node) lru;
	char name[];
};

TAILQ_HEAD(p9_node_list, p9_node);

struct p9_nodes {
	struct p9_node *root;
	struct p9_node_list lru; /* nodes with a descriptor but the root, last used first */
	size_t count;
	size_t max;
	size_t descriptors; /* of nodes, and those given out by p9_node_open */
	size_t max_descriptors;
};

/*
 * Takes root_fd over, an O_PATH directory, unless it fails. max: nodes at most, some 90 bytes each, and the
 * name. max_descriptors: at least 4.
 */
int p9_nodes_init(struct p9_nodes *nodes, int root_fd, size_t max, size_t max_descriptors);

/* All nodes but the root have been put back. */
void p9_nodes_destroy(struct p9_nodes *nodes);

struct p9_node *p9_node_get(struct p9_node *node);
void p9_node_put(struct p9_nodes *nodes, struct p9_node *node);

/* One step down, to the entry name (p9_fs_name) of dir. *child is the caller's to put back. */
int p9_node_child(struct p9_nodes *nodes, struct p9_node *dir, const char *name,
		  struct p9_node **child, struct statx *stx);

/* One step up, without a lookup. The caller's to put back. */
struct p9_node *p9_node_parent(struct p9_node *node);

/* The descriptor of a node that is not hidden: valid until another node is used. */
int p9_node_fd(struct p9_nodes *nodes, struct p9_node *node);

/* The attributes; those of an empty file or directory if the node is hidden. */
int p9_node_stat(struct p9_nodes *nodes, struct p9_node *node, struct statx *stx);

/*
 * Opens a regular file or directory that is not hidden for reading; returns a descriptor to be given
 * to p9_node_close(). -ELOOP for a symbolic link, -ENXIO for any other file: those are never opened.
 */
int p9_node_open(struct p9_nodes *nodes, struct p9_node *node, struct statx *stx);
void p9_node_close(struct p9_nodes *nodes, int fd);

#endif
