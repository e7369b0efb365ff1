/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside node.h: the tables of nodes by id and by place, and which of them are open. Everything here is
 * done with the lock, unless it says otherwise.
 */
#ifndef VIRTIO_P9_NODE_TABLE_H
#define VIRTIO_P9_NODE_TABLE_H

#include "virtio/p9/node.h"

/* What was found at a place. fd is -1 if it is hidden. */
struct p9_found {
	int fd;
	enum p9_node_kind kind;
	const struct p9_export *export;
	struct p9_file_id id;
	bool stand_in;
	struct statx stx;
};

void p9_nodes_lock(struct p9_nodes *nodes);
void p9_nodes_unlock(struct p9_nodes *nodes);

/* A new node, with one reference. name NULL: it has no place, and never will. -ENFILE, -ENOMEM. */
int p9_nodes_add(struct p9_nodes *nodes, struct p9_node *parent, const char *name,
		 const struct p9_found *found, struct p9_node **node);
/* A reference less: with the last, the node goes, and its descriptor. */
void p9_nodes_put(struct p9_nodes *nodes, struct p9_node *node);

/* The node of what was found, or last seen at a place; NULL if there is none. */
struct p9_node *p9_nodes_find_id(const struct p9_nodes *nodes, const struct p9_found *found);
struct p9_node *p9_nodes_find_place(const struct p9_nodes *nodes, const struct p9_node *dir,
				    const char *name);

/*
 * The node was seen at this place. It keeps the one it has where this would make it its own ancestor
 * (the host moves directories while the guest walks), or where there is no memory for the name.
 */
void p9_nodes_set_place(struct p9_nodes *nodes, struct p9_node *node, struct p9_node *dir,
			const char *name);
/* Its name is gone: the descriptor stays open. */
void p9_nodes_forget_place(struct p9_nodes *nodes, struct p9_node *node);

/* Closable: known by a name, and not in use. Such a node is on the list of them, the others are not. */
bool p9_nodes_evictable(const struct p9_node *node);
/* The descriptor found for a node, which may have got one meanwhile. */
void p9_nodes_install(struct p9_nodes *nodes, struct p9_node *node, int fd);
/*
 * Without the lock, after error: if the process, not this server, has run out of descriptors, some are given
 * back. True if it is worth another try.
 */
bool p9_nodes_make_room(struct p9_nodes *nodes, int error);

#endif
