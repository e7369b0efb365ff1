/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a VM ended. The first to say so wins. The main thread is woken only when there is no more to wait
 * for: a processor's thread that says so still has to come back from where it does.
 */
#ifndef VMM_RUN_END_H
#define VMM_RUN_END_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum run_end_cause {
	RUN_END_NONE = 0,
	RUN_END_STATUS,   /* guest-init stored a status; detail: the status word (core/abi.h) */
	RUN_END_POWEROFF, /* the guest powered itself off */
	RUN_END_RESET,    /* the guest asked for a reset: a reboot, or its kernel's panic */
	RUN_END_CRASH,    /* triple fault */
	RUN_END_VM_ERROR, /* KVM cannot go on; detail: errno or KVM's exit reason, see vm_error */
	RUN_END_SIGNAL,   /* snug was told to stop; detail: the signal */
	RUN_END_TIMEOUT,  /* the command's time was up; detail: how much it was, in ms */
};

struct run_end {
	pthread_mutex_t lock;
	_Atomic int cause; /* enum run_end_cause */
	uint32_t detail;
	char vm_error[128]; /* RUN_END_VM_ERROR: one line that says what KVM reported */
	int wake_fd; /* an eventfd, written when a processor has stopped or `stopping` changes */
	/* The guest may be about to stop its processor for good, which nothing but a look at it would tell. */
	_Atomic bool stopping;
};

/* 0 or -errno. */
int run_end_init(struct run_end *end);

/* Records the cause unless one is recorded already. vm_error: NULL but for RUN_END_VM_ERROR. */
void run_end_set(struct run_end *end, enum run_end_cause cause, uint32_t detail,
		 const char *vm_error);

/* Of a processor's thread, which has done all it will for the guest: the main thread may go on. */
void run_end_wake(struct run_end *end);

/* Takes the wake-up, so that the next one is seen; after that, look at what there is. */
void run_end_awake(struct run_end *end);

/* Sets `stopping`; wakes. end: struct run_end. */
void run_end_stopping(void *end, bool stopping);

/*
 * The run was given up, by RUN_END_SIGNAL before its output was written, or by RUN_END_TIMEOUT: whatever status
 * there was, it is not what the caller gets. Replaces a RUN_END_STATUS, and is run_end_set() otherwise.
 */
void run_end_give_up(struct run_end *end, enum run_end_cause cause, uint32_t detail);

static inline bool run_is_over(const struct run_end *end)
{
	return atomic_load(&end->cause) != RUN_END_NONE;
}

#endif
