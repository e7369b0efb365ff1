/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest's kernel printed: the last KLOG_SIZE bytes, kept for the report of a failure, and
 * with --verbose shown as they come. Writers are vCPU threads (early console) and the console's
 * thread; they never wait for whoever reads stderr.
 */
#ifndef VMM_KLOG_H
#define VMM_KLOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KLOG_SIZE 65536 /* bytes, a power of two; a 6.1 kernel replays about 25 KiB at a panic */

struct klog {
	pthread_mutex_t lock;
	uint64_t written; /* bytes ever */
	uint64_t shown;   /* bytes klog_show has written or skipped */
	int show_fd;      /* -1: not shown as it comes */
	int wake_fd;      /* an eventfd: there is something to show */
	char ring[KLOG_SIZE];
};

/* show: write what comes to stderr (klog_show, called when wake_fd is readable). 0 or -errno. */
int klog_init(struct klog *klog, bool show);

void klog_write(struct klog *klog, const void *data, size_t len);

/* Writes what is new to stderr; drops what does not fit at once. One thread. */
void klog_show(struct klog *klog);

/*
 * Copies the last lines, at most `lines` of them and size-1 bytes, NUL-terminated, whatever is not
 * printable ASCII or a newline shown as '?'. Returns the length.
 */
size_t klog_tail(struct klog *klog, unsigned lines, char *text, size_t size);

/* Copies the rest of the line that begins with (after a time stamp) or contains `what`; false if none. */
bool klog_find(struct klog *klog, const char *what, char *line, size_t size);

#endif
