/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor gives up before a guest runs, so that one that takes it over has gained little. Always
 * on; four layers, each of which holds without the others (snug-security(7) says against what):
 *
 *   limits    no core dump, no debugger (not dumpable), bounded memory and descriptors
 *   caps      no capability but those that root's file server needs; none to be had again
 *   landlock  files: those of the shares, and for reading only where a share is; no network, and no signal
 *             to another process, where the kernel's Landlock knows of these
 *   seccomp   each kind of thread has its list of system calls; anything else ends the process
 *
 * no_new_privs, without which nobody but root may have the last two, is always set.
 *
 * Call order: confine_process() before there is a thread; in each new thread confine_enter(), as its first
 * act. A kernel that has no Landlock, or less of it, is no failure; --verbose tells.
 */
#ifndef VMM_CONFINE_CONFINE_H
#define VMM_CONFINE_CONFINE_H

#include <pthread.h>
#include <stdbool.h>

#include "core/confine_layers.h"
#include "vmm/config.h"
#include "vmm/timeline.h"

enum confine_thread {
	CONFINE_MAIN,
	CONFINE_VCPU,
	CONFINE_READER,  /* of a file server that has nothing writable */
	CONFINE_WRITER,  /* of any other file server */
	CONFINE_WATCHER, /* the process that restores the terminal */
	CONFINE_THREADS,
};

struct confine {
	unsigned int off; /* layers that are not wanted: a bit for each enum confine_layer */
	struct timeline *timeline;
	/* The gate: no guest runs before each thread is confined. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int confined; /* threads, besides the main one */
	int error;             /* the first of a thread that could not be */
	bool open;
};

/*
 * The layers of the process, which each thread has from its start: all but seccomp, and of the
 * capabilities those that a file server's thread needs. 0, or -errno after having logged one line.
 */
int confine_process(struct confine *confine, const struct config *config,
		    struct timeline *timeline);

/*
 * This thread, other than the main one, is confined from now on. 0 or -errno, which
 * confine_open() reports. Its capabilities go too, unless it serves files.
 */
int confine_enter(struct confine *confine, enum confine_thread thread);

/* Blocks until confine_open() has succeeded: in the vCPU's thread, before the guest's first instruction. */
void confine_wait(struct confine *confine);

/*
 * The main thread, once all threads have been started: waits for the given number of them to be confined,
 * confines itself, and lets the guest run. 0, or -errno after having logged one line: no guest ever runs.
 */
int confine_open(struct confine *confine, unsigned int threads);

#endif
