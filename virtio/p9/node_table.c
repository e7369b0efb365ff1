/* SPDX-License-Identifier: Apache-2.0 */
#include "virtio/p9/node_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Descriptors to give back when the process, not this server, has run out. */
#define EVICT_BATCH 16

void p9_nodes_lock(struct p9_nodes *nodes)
{
	(void)pthread_mutex_lock(&nodes->lock);
}

void p9_nodes_unlock(struct p9_nodes *nodes)
{
	(void)pthread_mutex_unlock(&nodes->lock);
}

/* --- the tables: by id, and by place. With the lock. ------------------------------------------------ */

static size_t mix(uint64_t a, uint64_t b)
{
	uint64_t v = (a ^ b * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;

	return (size_t)(v ^ v >> 32);
}

static struct p9_node_bucket *id_bucket(const struct p9_nodes *nodes, const struct p9_file_id *id)
{
	return &nodes->by_id[mix(id->ino, id->dev) & (nodes->bucket_count - 1)];
}

static struct p9_node_bucket *place_bucket(const struct p9_nodes *nodes, const struct p9_node *dir,
					   const char *name)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211ULL;
	return &nodes->by_place[mix(hash, (uintptr_t)dir) & (nodes->bucket_count - 1)];
}

struct p9_node *p9_nodes_find_place(const struct p9_nodes *nodes, const struct p9_node *dir,
				    const char *name)
{
	struct p9_node *node;

	LIST_FOREACH(node, place_bucket(nodes, dir, name), same_place)
	{
		if (node->parent == dir && strcmp(node->name, name) == 0)
			return node;
	}
	return NULL;
}

static void index_node(struct p9_nodes *nodes, struct p9_node *node)
{
	LIST_INSERT_HEAD(id_bucket(nodes, &node->id), node, same_id);
	if (!node->unnamed)
		LIST_INSERT_HEAD(place_bucket(nodes, node->parent, node->name), node, same_place);
}

/* Twice the buckets. Without memory for them the tables work on, slower. */
static void grow(struct p9_nodes *nodes)
{
	struct p9_node_bucket *old = nodes->by_id, *old_place = nodes->by_place;
	size_t count = nodes->bucket_count;
	struct p9_node_bucket *by_id = calloc(count * 2, sizeof(*by_id));
	struct p9_node_bucket *by_place = calloc(count * 2, sizeof(*by_place));

	if (!by_id || !by_place) {
		free(by_id);
		free(by_place);
		return;
	}
	nodes->by_id = by_id;
	nodes->by_place = by_place;
	nodes->bucket_count = count * 2;
	for (size_t i = 0; i < count; i++) {
		struct p9_node *node;

		while ((node = LIST_FIRST(&old[i]))) {
			LIST_REMOVE(node, same_id);
			index_node(nodes, node);
		}
	}
	free(old);
	free(old_place);
}

/* --- descriptors. With the lock. -------------------------------------------------------------------- */

static void node_close(struct p9_nodes *nodes, struct p9_node *node)
{
	nodes->descriptors--;
	(void)close(node->fd); /* O_PATH: nothing to flush */
	node->fd = -1;
}

/* Closable: known by a name, not in use, and not an export's root, which has none. */
bool p9_nodes_evictable(const struct p9_node *node)
{
	return node->fd >= 0 && node->pins == 0 && !node->unnamed;
}

static bool evict(struct p9_nodes *nodes)
{
	struct p9_node *oldest = TAILQ_LAST(&nodes->lru, p9_node_list);

	if (!oldest)
		return false;
	TAILQ_REMOVE(&nodes->lru, oldest, lru);
	node_close(nodes, oldest);
	return true;
}

static int reserve(struct p9_nodes *nodes)
{
	while (nodes->descriptors >= nodes->max_descriptors) {
		if (!evict(nodes))
			return -EMFILE;
	}
	nodes->descriptors++;
	return 0;
}

int p9_node_reserve(struct p9_nodes *nodes)
{
	int r;

	p9_nodes_lock(nodes);
	r = reserve(nodes);
	p9_nodes_unlock(nodes);
	return r;
}

void p9_node_unreserve(struct p9_nodes *nodes)
{
	p9_nodes_lock(nodes);
	nodes->descriptors--;
	p9_nodes_unlock(nodes);
}

/* The process, not this server, has run out of descriptors: some are given back for another try. */
bool p9_nodes_make_room(struct p9_nodes *nodes, int error)
{
	bool some = false;

	if (error != -EMFILE && error != -ENFILE)
		return false;
	p9_nodes_lock(nodes);
	for (int i = 0; i < EVICT_BATCH && evict(nodes); i++)
		some = true;
	p9_nodes_unlock(nodes);
	return some;
}

/* --- places. With the lock. ------------------------------------------------------------------------- */

void p9_nodes_put(struct p9_nodes *nodes, struct p9_node *node)
{
	/* Not by recursion: how deep a tree is, is for others to decide. */
	while (node && --node->refs == 0) {
		struct p9_node *parent = node->parent;

		if (p9_nodes_evictable(node))
			TAILQ_REMOVE(&nodes->lru, node, lru);
		if (node->fd >= 0)
			node_close(nodes, node);
		LIST_REMOVE(node, same_id);
		if (!node->unnamed)
			LIST_REMOVE(node, same_place);
		nodes->count--;
		free(node->name);
		free(node);
		node = parent;
	}
}

void p9_nodes_forget_place(struct p9_nodes *nodes, struct p9_node *node)
{
	if (node->unnamed)
		return;
	if (p9_nodes_evictable(node))
		TAILQ_REMOVE(&nodes->lru, node, lru);
	LIST_REMOVE(node, same_place);
	node->unnamed = true;
}

/* Is dir the node, or below it, by what is known? */
static bool is_within(const struct p9_node *dir, const struct p9_node *node)
{
	while (dir && dir != node)
		dir = dir->parent;
	return dir;
}

/*
 * The node was seen at this place. It keeps the one it has where this would make it its own ancestor
 * (the host moves directories while the guest walks), or where there is no memory for the name.
 */
void p9_nodes_set_place(struct p9_nodes *nodes, struct p9_node *node, struct p9_node *dir,
			const char *name)
{
	struct p9_node *old = node->parent;
	char *copy;

	if (!node->unnamed && old == dir && strcmp(node->name, name) == 0)
		return;
	if (!old || is_within(dir, node))
		return;
	copy = strdup(name);
	if (!copy)
		return;
	if (!node->unnamed)
		LIST_REMOVE(node, same_place);
	free(node->name);
	node->name = copy;
	dir->refs++;
	node->parent = dir;
	if (node->unnamed) {
		node->unnamed = false;
		if (p9_nodes_evictable(node))
			TAILQ_INSERT_HEAD(&nodes->lru, node, lru);
	}
	LIST_INSERT_HEAD(place_bucket(nodes, dir, name), node, same_place);
	p9_nodes_put(nodes, old);
}

/* The descriptor found for a node that may have got one meanwhile. With the lock. */
void p9_nodes_install(struct p9_nodes *nodes, struct p9_node *node, int fd)
{
	if (fd < 0)
		return;
	if (node->fd >= 0) {
		nodes->descriptors--;
		(void)close(fd);
		return;
	}
	node->fd = fd;
	if (p9_nodes_evictable(node))
		TAILQ_INSERT_HEAD(&nodes->lru, node, lru);
}

struct p9_node *p9_nodes_find_id(const struct p9_nodes *nodes, const struct p9_found *found)
{
	struct p9_node *node;

	LIST_FOREACH(node, id_bucket(nodes, &found->id), same_id)
	{
		if (node->export == found->export && node->kind == found->kind &&
		    p9_fs_id_equal(&node->id, &found->id))
			return node;
	}
	return NULL;
}

/* With the lock. name NULL: the node has no place, and never will. */
int p9_nodes_add(struct p9_nodes *nodes, struct p9_node *parent, const char *name,
		 const struct p9_found *found, struct p9_node **node)
{
	if (nodes->count >= nodes->max)
		return -ENFILE;
	*node = calloc(1, sizeof(**node));
	if (!*node)
		return -ENOMEM;
	(*node)->name = name ? strdup(name) : NULL;
	if (name && !(*node)->name) {
		free(*node);
		return -ENOMEM;
	}
	if (nodes->count >= nodes->bucket_count)
		grow(nodes);
	nodes->count++;
	if (parent)
		parent->refs++;
	(*node)->nodes = nodes;
	(*node)->refs = 1;
	(*node)->fd = -1;
	(*node)->kind = found->kind;
	(*node)->export = found->export;
	(*node)->id = found->id;
	(*node)->stand_in = found->stand_in;
	(*node)->rdev[0] = found->stx.stx_rdev_major;
	(*node)->rdev[1] = found->stx.stx_rdev_minor;
	(*node)->parent = parent;
	(*node)->unnamed = !name;
	index_node(nodes, *node);
	return 0;
}
