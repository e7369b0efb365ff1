/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New entries. A server that keeps owners creates them as the user and group that the guest names, so
 * that they never belong to anybody else; another one's are its own, but for the group, which the guest
 * may choose among those of this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/p9/creds.h"
#include "virtio/p9/request.h"
#include "virtio/p9/stand_in.h"

/* Where something is to be created. */
struct place {
	struct p9_server *server;
	struct p9_node *dir;
	int dir_fd; /* held */
	char name[NAME_MAX + 1];
	uid_t uid;
	gid_t gid; /* -1: none given */
};

int p9_entry_writable(const struct p9_node *dir, const char *name)
{
	int r = p9_node_writable(dir);

	if (r)
		return r;
	if (dir->id.type != S_IFDIR)
		return -ENOTDIR;
	return p9_hides_entry(dir->nodes->share->hides, &dir->id, name) ? -EACCES : 0;
}

/* Fills *place; its directory is to be released, if *held says so, and stays valid as long as fid does. */
static int find_place(struct p9_server *server, const struct p9_fid *fid, struct p9_str name,
		      gid_t gid, struct place *place, struct p9_node **held)
{
	int r = p9_fs_name(name, place->name);

	if (r == 0)
		r = p9_entry_writable(fid->node, place->name);
	if (r)
		return r;
	r = p9_node_hold(fid->node);
	if (r < 0)
		return r;
	*held = fid->node;
	place->server = server;
	place->dir = fid->node;
	place->dir_fd = r;
	place->uid = fid->uid;
	place->gid = gid;
	return 0;
}

static bool become_owner(const struct place *place)
{
	return place->server->keeps_owners && p9_creds_become(place->uid, place->gid);
}

static void become_self(bool became)
{
	if (became)
		p9_creds_self();
}

/* The group of what was created, where the kernel has not seen to it already. Not having it is no error. */
static void set_group(const struct place *place, int fd, struct statx *stx)
{
	if (place->server->keeps_owners || place->gid == (gid_t)-1 || place->gid == stx->stx_gid)
		return;
	if (p9_set_owner(fd, (uid_t)-1, place->gid) == 0)
		stx->stx_gid = place->gid;
}

/*
 * A file in a set-group-ID directory gets its group, and must not run with it unless the guest's user is
 * in it. The kernel sees to that, but by the groups of this process: where those are not what counts, the
 * bit is left out, and given where the group is the one the guest named.
 */
static mode_t creation_mode(const struct place *place, mode_t mode)
{
	return place->server->keeps_owners ? mode & ~(mode_t)S_ISGID : mode;
}

static void give_setgid(const struct place *place, const struct p9_node *node, int fd,
			const struct statx *stx, mode_t mode)
{
	if (mode != creation_mode(place, mode) && stx->stx_gid == place->gid)
		(void)p9_set_mode(node, fd, (stx->stx_mode & 07777u) | S_ISGID);
}

/* --- Tlcreate --------------------------------------------------------------------------------------- */

/* The file is new: what was opened is what was created. */
static int create_file(const struct place *place, int flags, mode_t mode, struct p9_fid **new)
{
	struct p9_nodes *nodes = place->dir->nodes;
	_cleanup_node_ struct p9_node *node = NULL;
	struct statx stx;
	int fd, r = p9_node_reserve(nodes);
	bool became;

	if (r)
		return r;
	became = become_owner(place);
	fd = p9_fs_create(place->dir_fd, place->name, flags, creation_mode(place, mode));
	become_self(became);
	if (fd < 0) {
		p9_node_unreserve(nodes);
		return fd;
	}
	r = p9_fs_stat(fd, &stx);
	if (r == 0) {
		set_group(place, fd, &stx);
		r = p9_node_created(place->dir, place->name, &stx, &node);
	}
	if (r == 0) {
		give_setgid(place, node, fd, &stx, mode);
		*new = p9_fid_new(&place->server->fids, node, place->uid);
		r = *new ? 0 : -ENOMEM;
	}
	if (r)
		p9_node_close(nodes, fd);
	else
		(*new)->fd = fd;
	return r;
}

/* It was there already, which a create that is not exclusive does not mind. */
static int open_existing(const struct place *place, int flags, struct p9_fid **new)
{
	_cleanup_node_ struct p9_node *node = NULL;
	struct statx stx;
	int fd, r = p9_node_child(place->dir, place->name, &node, &stx);

	if (r == 0)
		r = p9_node_writable(node);
	if (r == 0 && node->id.type == S_IFDIR)
		r = -EISDIR;
	if (r)
		return r;
	*new = p9_fid_new(&place->server->fids, node, place->uid);
	if (!*new)
		return -ENOMEM;
	fd = p9_node_open(node, flags);
	if (fd < 0)
		return fd;
	(*new)->fd = fd;
	return 0;
}

static int create_or_open(const struct place *place, uint32_t dotl, uint32_t mode,
			  struct p9_fid **new)
{
	int flags, r = p9_open_flags(place->dir, dotl, &flags);

	if (r)
		return r;
	r = create_file(place, flags & ~O_TRUNC, mode & 07777, new);
	if (r == -EEXIST && !(dotl & P9_DOTL_EXCL))
		r = open_existing(place, flags, new);
	if (r == 0) {
		(*new)->state = P9_FID_OPEN;
		(*new)->append = dotl & P9_DOTL_APPEND;
	}
	return r;
}

/*
 * Tlcreate fid[4] name[s] flags[4] mode[4] gid[4] - Rlcreate qid[13] iounit[4]: fid, a directory, becomes
 * the open file
 */
int p9_lcreate(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str name = p9_get_str(&request->in);
	uint32_t dotl = p9_get_u32(&request->in);
	uint32_t mode = p9_get_u32(&request->in);
	gid_t gid = p9_get_u32(&request->in);
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL, *new = NULL;
	struct place place = {0};
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, number, P9_FID_IS(P9_FID_WALKED), &fid);
	if (r == 0)
		r = find_place(server, fid, name, gid, &place, &held);
	if (r == 0)
		r = create_or_open(&place, dotl, mode, &new);
	if (r == 0)
		r = p9_put_opened(server, request, new);
	return r ? r : p9_fid_replace(fid, new);
}

/* --- the others: made by name, and then looked at --------------------------------------------------- */

/* Reads what is common to all of them, up to the name. */
static int get_place(struct p9_server *server, uint32_t number, struct p9_str name, gid_t gid,
		     struct p9_fid **fid, struct place *place, struct p9_node **held)
{
	int r = p9_find_fid(server, number, P9_FID_ANY_FILE, fid);

	return r ? r : find_place(server, *fid, name, gid, place, held);
}

/* The qid of what was made, for its reply. */
static int put_made(const struct place *place, struct p9_request *request)
{
	struct p9_nodes *nodes = place->dir->nodes;
	struct statx stx;
	struct p9_qid qid;
	int fd, r = p9_node_reserve(nodes);

	if (r)
		return r;
	fd = p9_fs_lookup(place->dir_fd, place->name);
	if (fd < 0) {
		p9_node_unreserve(nodes);
		return fd;
	}
	r = p9_fs_stat(fd, &stx);
	if (r == 0)
		set_group(place, fd, &stx);
	p9_node_close(nodes, fd);
	if (r)
		return r;
	qid = p9_node_qid(place->server, place->dir, &stx);
	p9_put_qid(&request->out, &qid);
	return 0;
}

/* Tmkdir dfid[4] name[s] mode[4] gid[4] - Rmkdir qid[13] */
int p9_mkdir(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str name = p9_get_str(&request->in);
	uint32_t mode = p9_get_u32(&request->in);
	gid_t gid = p9_get_u32(&request->in);
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct place place = {0};
	bool became;
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = get_place(server, number, name, gid, &fid, &place, &held);
	if (r)
		return r;
	became = become_owner(&place);
	r = mkdirat(place.dir_fd, place.name, mode & 07777) ? -errno : 0;
	become_self(became);
	return r ? r : put_made(&place, request);
}

/* Tsymlink fid[4] name[s] symtgt[s] gid[4] - Rsymlink qid[13]: the guest follows it, never the server */
int p9_symlink(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str name = p9_get_str(&request->in);
	struct p9_str target = p9_get_str(&request->in);
	gid_t gid = p9_get_u32(&request->in);
	char *text = (char *)request->scratch;
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct place place = {0};
	bool became;
	int r = p9_get_end(&request->in);

	if (r)
		return r;
	if (target.len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (target.len == 0 || memchr(target.bytes, 0, target.len))
		return -EINVAL;
	memcpy(text, target.bytes, target.len);
	text[target.len] = 0;
	r = get_place(server, number, name, gid, &fid, &place, &held);
	if (r)
		return r;
	became = become_owner(&place);
	r = symlinkat(text, place.dir_fd, place.name) ? -errno : 0;
	become_self(became);
	return r ? r : put_made(&place, request);
}

/* What stands for a device node: complete, or not there. */
static int make_stand_in(const struct place *place, mode_t mode, uint32_t major, uint32_t minor)
{
	struct p9_nodes *nodes = place->dir->nodes;
	int fd, r = p9_node_reserve(nodes);
	bool became;

	if (r)
		return r;
	became = become_owner(place);
	fd = p9_fs_create(place->dir_fd, place->name, O_WRONLY, 0600);
	become_self(became);
	if (fd < 0) {
		p9_node_unreserve(nodes);
		return fd;
	}
	r = p9_stand_in_make(fd, mode, major, minor);
	if (r)
		(void)unlinkat(place->dir_fd, place->name, 0);
	p9_node_close(nodes, fd);
	return r;
}

static int make_node(const struct place *place, mode_t mode, uint32_t major, uint32_t minor)
{
	bool became;
	int r;

	if ((mode & S_IFMT) == 0)
		mode |= S_IFREG;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return make_stand_in(place, mode, major, minor);
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		return -EPERM;
	mode = creation_mode(place, mode & (S_IFMT | 07777));
	became = become_owner(place);
	r = mknodat(place->dir_fd, place->name, mode, 0) ? -errno : 0;
	become_self(became);
	return r;
}

/*
 * Tmknod dfid[4] name[s] mode[4] major[4] minor[4] gid[4] - Rmknod qid[13]
 *
 * FIFOs and sockets are between the guest's processes: the server never opens one. Devices are stood in
 * for by files.
 */
int p9_mknod(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	struct p9_str name = p9_get_str(&request->in);
	mode_t mode = p9_get_u32(&request->in);
	uint32_t major = p9_get_u32(&request->in);
	uint32_t minor = p9_get_u32(&request->in);
	gid_t gid = p9_get_u32(&request->in);
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL;
	struct place place = {0};
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = get_place(server, number, name, gid, &fid, &place, &held);
	if (r == 0)
		r = make_node(&place, mode, major, minor);
	return r ? r : put_made(&place, request);
}

/* The file to be linked is within the same export, and so as writable as the new name. */
static int link_file(const struct place *place, struct p9_node *node)
{
	_cleanup_release_ struct p9_node *held = NULL;
	int fd, r = p9_node_writable(node);

	if (r)
		return r;
	if (node->export != place->dir->export)
		return -EXDEV;
	if (node->id.type == S_IFDIR)
		return -EPERM;
	fd = p9_node_hold(node);
	if (fd < 0)
		return fd;
	held = node;
	return p9_fs_link(p9_node_proc_fd(node), fd, place->dir_fd, place->name);
}

/* Tlink dfid[4] fid[4] name[s] - Rlink */
int p9_link(struct p9_server *server, struct p9_request *request)
{
	uint32_t number = p9_get_u32(&request->in);
	uint32_t target_number = p9_get_u32(&request->in);
	struct p9_str name = p9_get_str(&request->in);
	_cleanup_release_ struct p9_node *held = NULL;
	_cleanup_fid_ struct p9_fid *fid = NULL, *target = NULL;
	struct place place = {0};
	int r = p9_get_end(&request->in);

	if (r == 0)
		r = p9_find_fid(server, target_number, P9_FID_ANY_FILE, &target);
	if (r == 0)
		r = get_place(server, number, name, (gid_t)-1, &fid, &place, &held);
	return r ? r : link_file(&place, target->node);
}
