/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets of the 9P server play in: a file system of its own with two directories that are
 * shared, others beside them that are not, and a server. Both outlive an input; the tree is made anew
 * after one that may have changed it.
 *
 *   ro/       exported read-only: f a/f l p out
 *   rw/       exported writable: f h (a link of f) e a/f a/b/f l p z (a device) out outdir (symbolic links
 *             out of the share) and a name of 255 bytes; hidden are "hidden" and "hdir"
 *   outside/  secret d/f   nobody's business
 *   moved/    where the host moves things to
 *   keep/     another name of rw/hidden
 *
 * Whatever goes wrong ends the program by abort(), as the fuzzer wants it.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Never in an answer. Other than in a unit test it must be nothing an input can hold by chance. */
#define SECRET     "\x9d secret of the host's \xf1"
#define SECRET_LEN (sizeof(SECRET) - 1)

enum world_server {
	WORLD_TWO_EXPORTS,     /* "ro", and "rw", which is not cached */
	WORLD_FEW_DESCRIPTORS, /* the same, with hardly any descriptors or fids left */
	WORLD_ONE_EXPORT,      /* rw alone, cached */
	WORLD_SERVERS,
};

/* Fids there are to begin with; all others below 16 are free. */
enum world_fid {
	FID_ROOT,
	FID_RW,
	FID_RW_FILE,  /* rw/f */
	FID_RW_DIR,   /* rw/a */
	FID_RO,       /* rw in WORLD_ONE_EXPORT, and so on */
	FID_RO_FILE,  /* ro/f */
	FID_RW_OPEN,  /* rw/f, open for reading and writing */
	FID_RW_LIST,  /* rw, open */
	FID_RW_INNER, /* rw/a/b */
	FID_OTHERS = 100,
};

/* The tree is as described, and the server has a session with these fids. */
void world_begin(enum world_server server);

/*
 * Serves one message, with what is checked after each: a reply is well-formed, of this request, has none
 * of the secret and nothing of a file outside. The lists may be of any shape. Returns the error, 0 for
 * none, or -1 if what was sent was no message or had no room for an answer.
 */
int world_serve(const struct iovec *message, size_t message_count, const struct iovec *reply,
		size_t reply_count);

/* The session ends: nothing outside has changed, nothing was left behind. */
void world_end(void);

/* The host does something in the tree meanwhile. Each number is taken modulo what there is. */
void world_host_acts(unsigned action, unsigned place, unsigned name, unsigned other_place,
		     unsigned other_name);

/* Gives up the lock that an act may have taken. */
void world_host_unlocks(void);

_Noreturn void world_broken(const char *what);

#endif
