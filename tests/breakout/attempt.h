/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody would try who runs code of his own in the monitor. */
#ifndef TESTS_BREAKOUT_ATTEMPT_H
#define TESTS_BREAKOUT_ATTEMPT_H

/* What the test prepares, from its environment. */
struct breakout_world {
	const char *dir; /* has ro/ and rw/, which may be shared, and outside/, which is not */
	int victim;      /* another process of the same user */
	int kvm_fd;
	int share_fd; /* O_PATH */
};

/*
 * Each makes one attempt: 0 if it got through, -errno. Raw system calls wherever libc would make others
 * besides.
 */
struct breakout_attempt {
	const char *name;
	long (*make)(const struct breakout_world *world);
};

/* Ends with a name of NULL. */
extern const struct breakout_attempt breakout_attempts[];

#endif
