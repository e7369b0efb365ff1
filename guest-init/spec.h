/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run specification (core/abi.h), parsed. Pure: no system calls but memory allocation, so that
 * the tests can run it.
 */
#ifndef GUEST_INIT_SPEC_H
#define GUEST_INIT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* count strings, then a null pointer. */
struct strings {
	char **items;
	size_t count;
};

struct share {
	char *tag;
	char *dir;
};

struct spec {
	struct strings modules;
	struct share *shares; /* shares[0] is the root share, "/" */
	size_t share_count;
	struct strings overlays;
	struct strings args; /* at least one; args.items[-1] exists and is free for use */
	struct strings env;  /* "K=V" */
	char *cwd;           /* "/" if none is given */
	char *hostname;      /* NULL: leave it */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t group_count;
	mode_t umask; /* 022 if none is given */
	bool tty;
	struct winsize size; /* with tty */
	bool stderr_tty;
	bool closed[3]; /* stdin, stdout, stderr: the command starts without it */
};

/*
 * Parses len bytes of data, which the strings of the specification go on pointing into and which is
 * changed on the way. 0, -EINVAL or -ENOMEM, with *why set to a static text that completes "the run
 * specification: ...". PID 1 never frees a specification; spec_free() is for the tests.
 */
int spec_parse(struct spec *spec, char *data, size_t len, const char **why);
void spec_free(struct spec *spec);

#endif
