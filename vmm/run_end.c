/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/run_end.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>

int run_end_init(struct run_end *end)
{
	*end = (struct run_end){.lock = PTHREAD_MUTEX_INITIALIZER};
	end->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return end->wake_fd < 0 ? -errno : 0;
}

/* With the lock. */
static void set(struct run_end *end, enum run_end_cause cause, uint32_t detail,
		const char *vm_error)
{
	end->detail = detail;
	if (vm_error)
		(void)snprintf(end->vm_error, sizeof(end->vm_error), "%s", vm_error);
	/* After what it publishes. */
	atomic_store(&end->cause, (int)cause);
}

void run_end_set(struct run_end *end, enum run_end_cause cause, uint32_t detail,
		 const char *vm_error)
{
	(void)pthread_mutex_lock(&end->lock);
	if (!run_is_over(end))
		set(end, cause, detail, vm_error);
	(void)pthread_mutex_unlock(&end->lock);
}

void run_end_wake(struct run_end *end)
{
	(void)eventfd_write(end->wake_fd, 1);
}

void run_end_give_up(struct run_end *end, enum run_end_cause cause, uint32_t detail)
{
	(void)pthread_mutex_lock(&end->lock);
	if (!run_is_over(end) || atomic_load(&end->cause) == RUN_END_STATUS)
		set(end, cause, detail, NULL);
	(void)pthread_mutex_unlock(&end->lock);
}

void run_end_stopping(void *opaque, bool stopping)
{
	struct run_end *end = opaque;

	atomic_store(&end->stopping, stopping);
	(void)eventfd_write(end->wake_fd, 1);
}

void run_end_awake(struct run_end *end)
{
	eventfd_t count;

	(void)eventfd_read(end->wake_fd, &count);
}
