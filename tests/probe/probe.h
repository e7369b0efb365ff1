/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program expects of the kernel below it, one probe each: main.c runs them. A probe has a process of its
 * own, whose end takes all with it that was changed, and an empty directory on a tmpfs to be in.
 *
 * It returns 0, or -errno of the call that failed; -EPROTO where the calls succeeded and had another effect.
 */
#ifndef TESTS_PROBE_PROBE_H
#define TESTS_PROBE_PROBE_H

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

struct probe {
	const char *name;
	int (*run)(void);
	bool root; /* takes root */
};

/* Each ends with an entry without a name. */
extern const struct probe file_probes[];      /* files, and what watches them */
extern const struct probe mount_probes[];     /* file systems */
extern const struct probe memory_probes[];    /* memory, and what is shared in it */
extern const struct probe process_probes[];   /* processes, threads, signals, time */
extern const struct probe isolation_probes[]; /* what sandboxes are made of */
extern const struct probe socket_probes[];    /* sockets within the guest */
extern const struct probe place_probes[];     /* names in /proc, /sys and /dev */

/* Of a call's result: 0, or -errno. */
static inline int result(long value)
{
	return value < 0 ? -errno : 0;
}

/* Of an effect that a call should have had. */
static inline int expect(bool as_it_should_be)
{
	return as_it_should_be ? 0 : -EPROTO;
}

/*
 * Namespaces of these kinds (CLONE_NEW*) of one's own. Who is not root is so in a user namespace of his own.
 */
int leave_namespaces(int kinds);

int write_to(const char *path, const char *text);

/* The end of a process that "run" is in, as a probe's result. */
int result_of_child(int (*run)(void));

#endif
