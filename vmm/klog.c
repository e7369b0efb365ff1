/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/klog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/util.h"

int klog_init(struct klog *klog, bool show)
{
	(void)pthread_mutex_init(&klog->lock, NULL);
	klog->written = klog->shown = 0;
	klog->show_fd = show ? STDERR_FILENO : -1;
	klog->wake_fd = -1;
	if (show) {
		klog->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (klog->wake_fd < 0)
			return -errno;
	}
	return 0;
}

void klog_write(struct klog *klog, const void *data, size_t len)
{
	const char *from = data;

	(void)pthread_mutex_lock(&klog->lock);
	/* A guest may print gigabytes in one go; only the end is kept. */
	if (len > KLOG_SIZE) {
		klog->written += len - KLOG_SIZE;
		from += len - KLOG_SIZE;
		len = KLOG_SIZE;
	}
	for (size_t i = 0; i < len; i++)
		klog->ring[klog->written++ & (KLOG_SIZE - 1)] = from[i];
	(void)pthread_mutex_unlock(&klog->lock);
	if (klog->show_fd >= 0)
		(void)eventfd_write(klog->wake_fd, 1);
}

/* Copies [from, written) of the ring, at most KLOG_SIZE bytes; returns the count. With the lock. */
static size_t copy_out(const struct klog *klog, uint64_t from, char *to)
{
	uint64_t oldest = klog->written > KLOG_SIZE ? klog->written - KLOG_SIZE : 0;
	size_t n = 0;

	for (uint64_t i = from > oldest ? from : oldest; i < klog->written; i++)
		to[n++] = klog->ring[i & (KLOG_SIZE - 1)];
	return n;
}

/* ASCII only: terminals take a byte 0x9b, or U+009B, for the start of an escape sequence. */
static char printable(char c)
{
	return c == '\n' || (c >= 0x20 && c < 0x7f) ? c : '?';
}

/*
 * The ring as one text without carriage returns, every byte printable; the caller frees it. *from: how
 * many bytes to leave out, then how many there were: more may come as soon as the lock is let go.
 */
static char *text_of(struct klog *klog, uint64_t *from, size_t *len)
{
	char *text = malloc(KLOG_SIZE + 1);
	size_t n, kept = 0;

	if (!text)
		return NULL;
	(void)pthread_mutex_lock(&klog->lock);
	n = copy_out(klog, *from, text);
	*from = klog->written;
	(void)pthread_mutex_unlock(&klog->lock);
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\r')
			text[kept++] = printable(text[i]);
	}
	text[kept] = '\0';
	*len = kept;
	return text;
}

void klog_show(struct klog *klog)
{
	_cleanup_free_ char *text = NULL;
	eventfd_t count;
	size_t len;

	if (klog->show_fd < 0)
		return;
	(void)eventfd_read(klog->wake_fd, &count);
	text = text_of(klog, &klog->shown, &len);
	if (text && write(klog->show_fd, text, len) < 0)
		return; /* a reader who is too slow for a debugging aid loses some of it */
}

size_t klog_tail(struct klog *klog, unsigned lines, char *text, size_t size)
{
	uint64_t from = 0;
	size_t len, start;
	_cleanup_free_ char *all = text_of(klog, &from, &len);

	text[0] = '\0';
	if (!all)
		return 0;
	while (len > 0 && all[len - 1] == '\n')
		len--;
	for (start = len; start > 0 && len - start < size - 1; start--) {
		if (all[start - 1] == '\n' && --lines == 0)
			break;
	}
	memcpy(text, all + start, len - start);
	text[len - start] = '\0';
	return len - start;
}

bool klog_find(struct klog *klog, const char *what, char *line, size_t size)
{
	uint64_t from = 0;
	size_t len;
	_cleanup_free_ char *all = text_of(klog, &from, &len);
	const char *at = all ? strstr(all, what) : NULL;
	size_t n;

	if (!at)
		return false;
	n = min_u64(strcspn(at, "\n"), size - 1);
	memcpy(line, at, n);
	line[n] = '\0';
	return true;
}
