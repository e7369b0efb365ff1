/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 9P2000.L server for one share: a directory and what is below it, or several such exports. It knows
 * nothing of virtio: it is handed a request and a place for the reply, as scatter lists that may point
 * into guest memory.
 *
 * The guest is hostile: it may change a request while it is read and read a reply while it is
 * written. Whatever it sends, the server answers (Rlerror where there is no better answer), never
 * blocks on a FIFO or device, never leaves the share, and never shows the host kernel's own file
 * systems below it (kernel_fs.h). It holds fewer than 4096 descriptors, and leaves the process 64 of
 * what RLIMIT_NOFILE allows; a guest that needs more for open files gets EMFILE.
 *
 * Who may do what: the guest decides among its users, the host by the rights of this process. Run by
 * root, the server gives what is made to the guest's user that asked for it (Tattach's n_uname), and keeps
 * owners and modes as they are set; else everything is this process's.
 *
 * Requests may be served at the same time, each by a worker of its own.
 *
 * Protocol: 9P2000.L as in Linux (net/9p, include/net/9p/9p.h) and diod's protocol.md.
 */
#ifndef VIRTIO_P9_SERVER_H
#define VIRTIO_P9_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct p9_hides;
struct p9_server;
struct p9_worker;

struct p9_export {
	/* "": it is the share's root, a directory, and the only export; else its name in the share's root. */
	const char *name;
	int fd;        /* O_PATH, of a directory or a regular file; the server takes it over */
	bool writable; /* else every request that would change it answers EROFS */
	bool direct;   /* the guest is told not to cache files: their qid.version is 0 */
};

struct p9_share {
	const struct p9_export *exports;
	size_t export_count;
	/*
	 * This process's own /proc/self/fd, an O_PATH directory: through it a file is opened again that is
	 * known by its descriptor alone. It stays the caller's.
	 */
	int proc_fd;
	const struct p9_hides
		*hides; /* hide.h; NULL: none. Stays the caller's, and must outlive the server */
	unsigned int servers; /* how many share this process's descriptors; 0 counts as 1 */
	/*
	 * Fids at most, and as many files to remember for them: some 450 bytes for one of each, and the
	 * name. A guest holds a fid for each file it caches, and for each it has open; beyond, ENFILE.
	 */
	size_t max_files;
};

/*
 * 0 or -errno. On failure the descriptors stay the caller's. share->exports and their names must outlive
 * the server. To be called with RLIMIT_NOFILE as it shall be, and before there are threads: it grows the
 * process's descriptor table, which is slow later, and clears the umask, as modes are the guest's to
 * choose. -ENOTSUP: an export is on a kernel file system; -ENOTDIR: it is neither directory nor regular
 * file; -EBADF: proc_fd is not what it should be.
 */
int p9_server_new(struct p9_server **server, const struct p9_share *share);
/* Its workers are gone. */
void p9_server_free(struct p9_server *server);

/* Back to the state of p9_server_new: the transport was reset. No request is being served. */
void p9_server_reset(struct p9_server *server);

/*
 * What a thread needs to serve requests; used by one thread only. With the first request that thread
 * gives up CAP_FSETID (creds.h). NULL without memory.
 */
struct p9_worker *p9_worker_new(struct p9_server *server);
void p9_worker_free(struct p9_worker *worker);

/*
 * Takes one T-message: request holds the message (bytes beyond its size field are ignored), and stays
 * valid until it is served, as what is written is taken from there. Quick: never blocks. Requests are to
 * be taken in the order they came in, so that a Tflush finds what it is about. False if it is not even a
 * header (7 bytes): the transport is broken.
 */
bool p9_worker_take(struct p9_worker *worker, const struct iovec *request, size_t request_count);

/*
 * Serves what was taken; reply is writable. Returns the bytes written to reply; 0 if it cannot even hold
 * an Rlerror (11 bytes): the transport is broken.
 */
size_t p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t reply_count);

#endif
