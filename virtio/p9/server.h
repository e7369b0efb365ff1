/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 9P2000.L server for one share (a directory and what is below it). It knows nothing of virtio: it
 * is handed a request and a place for the reply, as scatter lists that may point into guest memory.
 *
 * The guest is hostile: it may change a request while it is read and read a reply while it is
 * written. Whatever it sends, the server answers (Rlerror where there is no better answer), never
 * blocks on a FIFO or device, never leaves the share, and never shows the host kernel's own file
 * systems below it (kernel_fs.h). It holds fewer than 4096 descriptors, and leaves the process 64 of
 * what RLIMIT_NOFILE allows; a guest that needs more for open files gets EMFILE.
 *
 * Protocol: 9P2000.L as in Linux (net/9p, include/net/9p/9p.h) and diod's protocol.md.
 */
#ifndef VIRTIO_P9_SERVER_H
#define VIRTIO_P9_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct p9_server;

struct p9_share {
	int root_fd;    /* an O_PATH directory; the server takes it over */
	bool read_only; /* every request that would change the share answers EROFS */
	/*
	 * Fids at most, and as many files to remember for them: some 200 bytes each, 450 with the longest
	 * name. A guest holds a fid for each file it caches, and for each it has open; beyond, ENFILE.
	 */
	size_t max_files;
};

/*
 * 0 or -errno. On failure root_fd stays the caller's. To be called with RLIMIT_NOFILE as it shall be, and
 * before there are threads: it grows the process's descriptor table, which is slow later.
 * -EOPNOTSUPP for a share that is not read-only.
 */
int p9_server_new(struct p9_server **server, const struct p9_share *share);
void p9_server_free(struct p9_server *server);

/* Back to the state of p9_server_new: the transport was reset. */
void p9_server_reset(struct p9_server *server);

/*
 * Serves one T-message: request holds the message (bytes beyond its size field are ignored), reply is
 * writable. Returns the bytes written to reply; 0 if reply cannot even hold an Rlerror (11 bytes) or
 * the request not a header (7 bytes): the transport is broken.
 *
 * One call at a time for a server.
 */
size_t p9_server_serve(struct p9_server *server, const struct iovec *request, size_t request_count,
		       const struct iovec *reply, size_t reply_count);

#endif
