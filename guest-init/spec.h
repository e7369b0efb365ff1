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

/* A 9p device whose root is a directory of volumes. */
struct export_device {
	char *tag;
	char *options;
	bool rw;
	int fd; /* once mounted, and if rw: its root; else -1 */
};

enum user_mount_kind {
	USER_RO_VOLUME,
	USER_RW_VOLUME,
	USER_TMPFS,
	USER_OVERLAY,
};

struct user_mount {
	enum user_mount_kind kind;
	char *source; /* of a volume: "TAG/NAME" */
	char *dst;
	size_t base; /* as much of dst as has an overlay for the mount point's sake (places.h); 0: none */
};

/* The digits of a number that is kept as text: 64 bits. */
#define SPEC_NUMBER_MAX 20

struct spec {
	struct strings modules;
	struct share *shares; /* shares[0] is the root share, "/" */
	size_t share_count;
	struct strings overlays;
	struct export_device *exports;
	size_t export_count;
	struct user_mount *mounts; /* parents first */
	size_t mount_count;
	bool root_overlay;   /* set by user_mounts.h: there is one over "/" */
	struct strings args; /* at least one; args.items[-1] exists and is free for use */
	struct strings env;  /* "K=V" */
	char *cwd;           /* "/" if none is given */
	char *hostname;      /* NULL: leave it */
	char *keep;          /* "TAG/NAME", the file for keep.h; NULL: nothing is kept */
	char *pids;          /* decimal; NULL: any number */
	int group_fd; /* with pids, set by limits.h: cgroup.procs of the command's control group */
	char *overlay_size; /* as the tmpfs option "size" has it; NULL: the kernel's default */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t group_count;
	mode_t umask; /* 022 if none is given */
	bool tty;
	struct winsize size; /* with tty */
	bool stderr_tty;
	bool report;    /* send one for the timeline */
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
