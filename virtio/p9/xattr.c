/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes. Of a read-only export the guest reads all but trusted.*, which is for the host's
 * administrator: an overlay in the guest, which asks for trusted.overlay.* on every lookup, must not take
 * the host's overlays for its own. Of a writable one it reads and sets user.* and reads system.*;
 * security.* is refused, for it grants rights on the host (file capabilities) or is a label there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "virtio/p9/request.h"
#include "virtio/p9/stand_in.h"

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_shown(const struct p9_node *node, const char *name)
{
	if (has_prefix(name, XATTR_TRUSTED_PREFIX) || has_prefix(name, P9_OWN_XATTR_PREFIX))
		return false;
	return !has_prefix(name, XATTR_SECURITY_PREFIX) || !node->export->writable;
}

/* Drops the names that are not shown from a list, in place; returns its new length. */
static size_t filter_list(const struct p9_node *node, char *list, size_t len)
{
	size_t from = 0, to = 0;

	while (from < len) {
		size_t n = strnlen(list + from, len - from);

		n += from + n < len;
		if (is_shown(node, list + from)) {
			memmove(list + to, list + from, n);
			to += n;
		}
		from += n;
	}
	return to;
}

/* The value of an attribute, or the list of names if name is empty, into scratch. */
static ssize_t read_xattr(const struct p9_request *request, const struct p9_node *node, int fd,
			  const char *name)
{
	char *list = (char *)request->scratch;
	ssize_t len;

	if (name[0])
		len = fgetxattr(fd, name, request->scratch, XATTR_SIZE_MAX);
	else
		len = flistxattr(fd, list, XATTR_LIST_MAX);
	if (len < 0)
		return -errno;
	return name[0] ? len : (ssize_t)filter_list(node, list, (size_t)len);
}

static bool has_xattrs(const struct p9_node *node)
{
	return node->kind == P9_NODE_FILE && (node->id.type == S_IFREG || node->id.type == S_IFDIR);
}

/*
 * Attributes need a descriptor that is open for reading; what cannot be opened has none as far as this
 * server can tell.
 */
static ssize_t fetch_xattr(const struct p9_request *request, const struct p9_fid *fid,
			   const char *name)
{
	struct p9_node *node = fid->node;
	ssize_t len;
	int fd;

	if (!has_xattrs(node))
		return -EOPNOTSUPP;
	if (fid->fd >= 0)
		return read_xattr(request, node, fid->fd, name);
	fd = p9_node_open(node, O_RDONLY);
	if (fd < 0)
		return fd == -EACCES || fd == -EPERM ? -EOPNOTSUPP : fd;
	len = read_xattr(request, node, fd, name);
	p9_node_close(node->nodes, fd);
	return len;
}

static int xattr_name(struct p9_str str, char name[XATTR_NAME_MAX + 1])
{
	if (str.len > XATTR_NAME_MAX)
		return -ERANGE;
	if (memchr(str.bytes, 0, str.len))
		return -EINVAL;
	memcpy(name, str.bytes, str.len);
	name[str.len] = 0;
	return 0;
}

/* Txattrwalk fid[4] newfid[4] name[s] - Rxattrwalk size[8]: newfid is then read, and clunked */
int p9_xattrwalk(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t newfid = p9_get_u32(&request->in);
	struct p9_str str = p9_get_str(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL, *new = NULL;
	char name[XATTR_NAME_MAX + 1];
	ssize_t len;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = xattr_name(str, name);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_ANY_FILE, &fid);
	if (r)
		return r;
	if (name[0] && fid->node->kind == P9_NODE_FILE && !is_shown(fid->node, name))
		return -ENODATA;
	len = fetch_xattr(request, fid, name);
	if (len < 0)
		return (int)len;
	new = p9_fid_new(&server->fids, fid->node, fid->uid);
	if (!new)
		return -ENOMEM;
	r = p9_fid_set_xattr(new, NULL, request->scratch, (size_t)len);
	if (r == 0)
		r = p9_fid_add(&server->fids, newfid, new);
	if (r)
		return r;
	p9_put_u64(&request->out, (uint64_t)len);
	return 0;
}

/*
 * Txattrcreate fid[4] name[s] attr_size[8] flags[4] - Rxattrcreate: the value is then written to fid,
 * and Tclunk sets it
 */
int p9_xattrcreate(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str str = p9_get_str(&request->in);
	uint64_t size = p9_get_u64(&request->in);
	uint32_t flags = p9_get_u32(&request->in);
	_cleanup_fid_ struct p9_fid *fid = NULL, *new = NULL;
	char name[XATTR_NAME_MAX + 1];
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = xattr_name(str, name);
	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_IS(P9_FID_WALKED), &fid);
	if (r == 0)
		r = p9_node_writable(fid->node);
	if (r)
		return r;
	if (!has_prefix(name, XATTR_USER_PREFIX) || !has_xattrs(fid->node))
		return -EOPNOTSUPP;
	if (has_prefix(name, P9_OWN_XATTR_PREFIX))
		return -EPERM;
	if (flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	new = p9_fid_new(&server->fids, fid->node, fid->uid);
	if (!new)
		return -ENOMEM;
	new->xattr.flags = (int)flags;
	r = p9_fid_set_xattr(new, name, NULL, (size_t)size);
	return r ? r : p9_fid_replace(fid, new);
}

/*
 * Linux asks for an attribute's removal by an empty value that must replace one (fs/9p/xattr.c,
 * v9fs_fid_xattr_set, and removexattr in fs/xattr.c).
 */
static int set_or_remove(int fd, const struct p9_fid_xattr *xattr)
{
	if (xattr->size == 0 && xattr->flags == XATTR_REPLACE)
		return fremovexattr(fd, xattr->name) ? -errno : 0;
	return fsetxattr(fd, xattr->name, xattr->value, xattr->size, xattr->flags) ? -errno : 0;
}

int p9_xattr_commit(struct p9_server *server, struct p9_fid *fid)
{
	bool complete;
	int fd, r;

	(void)pthread_mutex_lock(&fid->lock);
	complete = fid->xattr.written == fid->xattr.size;
	(void)pthread_mutex_unlock(&fid->lock);
	if (!complete)
		return -EINVAL;
	fd = p9_node_open(fid->node, O_RDONLY);
	/* What is set is decided by the right to write; a file of mode 0200 has that alone. */
	if (fd == -EACCES && fid->node->id.type == S_IFREG)
		fd = p9_node_open(fid->node, O_WRONLY);
	if (fd < 0)
		return fd;
	r = set_or_remove(fd, &fid->xattr);
	p9_node_close(&server->nodes, fd);
	return r;
}
