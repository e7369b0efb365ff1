/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/keep.h"
#include "launcher/paths.h"

/* All of size, or -ENODATA. */
static int read_at(int fd, void *data, size_t size, uint64_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(at + done));

		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

/* A NUL-terminated copy of what has none. */
static int read_text(int fd, uint64_t size, uint64_t at, char **text)
{
	if (size == 0 || size >= PATH_MAX)
		return -EBADMSG;
	*text = calloc(1, (size_t)size + 1);
	if (!*text)
		return -ENOMEM;
	int err = read_at(fd, *text, (size_t)size, at);
	return !err && strlen(*text) != size ? -EBADMSG : err;
}

static bool is_clean(const char *path)
{
	if (path[0] != '/')
		return false;
	while (*path == '/') {
		const char *name = path + 1;
		const size_t len = strcspn(name, "/");

		if (len == 0 || len > NAME_MAX || (len == 1 && name[0] == '.') ||
		    (len == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		path = name + len;
	}
	return true;
}

const char *kept_place(const struct kept *kept, const char *path)
{
	const char *best = NULL;

	for (size_t i = 0; i < kept->places.count; i++) {
		const char *place = kept->places.items[i];

		if (path_below(path, place) && strcmp(path, place) != 0 &&
		    (!best || strlen(place) > strlen(best)))
			best = place;
	}
	return best;
}

/* Goes over a file's extents, *at being where they begin, then where they have ended. */
static int skip_data(int fd, uint64_t size, uint64_t *at)
{
	struct snug_keep_extent extent;
	uint64_t end = 0;

	if (size > INT64_MAX)
		return -EBADMSG;
	do {
		int err = read_at(fd, &extent, sizeof(extent), *at);

		if (err)
			return err;
		/* A file that grew while it was read is cut where it ended before. */
		if (extent.size && (extent.offset < end || extent.offset > INT64_MAX / 2 ||
				    extent.size > INT64_MAX / 2))
			return -EBADMSG;
		end = extent.offset + extent.size;
		if (extent.size > INT64_MAX / 2 - *at)
			return -EBADMSG;
		*at += sizeof(extent) + extent.size;
	} while (extent.size);
	return 0;
}

static int check(const struct kept *kept, const struct kept_entry *entry)
{
	const struct snug_keep_record *record = &entry->record;

	if (!is_clean(entry->path) || !kept_place(kept, entry->path) ||
	    record->mtime_nsec >= 1000000000)
		return -EBADMSG;
	if (record->type == SNUG_KEEP_DELETE)
		return record->mode == 0 && record->old_mode ? 0 : -EBADMSG;
	return record->mode && (!record->old_mode ||
				((record->mode ^ record->old_mode) & S_IFMT) == 0)
		       ? 0
		       : -EBADMSG;
}

static int read_entry(const struct kept *kept, struct kept_entry *entry, uint64_t *at)
{
	const struct snug_keep_record *record = &entry->record;
	int err = read_text(kept->fd, record->path_size, *at, &entry->path);

	if (!err)
		err = check(kept, entry);
	if (err)
		return err;
	*at += record->path_size;
	entry->data = *at;
	if (S_ISREG(record->mode))
		return skip_data(kept->fd, record->size, at);
	if (!S_ISLNK(record->mode))
		return 0;
	err = read_text(kept->fd, record->size, *at, &entry->target);
	*at += record->size;
	return err;
}

static int add(struct kept *kept, size_t *room, const struct snug_keep_record *record)
{
	if (record->magic != SNUG_KEEP_MAGIC || record->type < SNUG_KEEP_ENTRY ||
	    record->type > SNUG_KEEP_DELETE)
		return -EBADMSG;
	if (kept->count == KEPT_MAX)
		return -E2BIG;
	if (kept->count == *room) {
		struct kept_entry *more;

		*room = *room ? 2 * *room : 64;
		more = reallocarray(kept->entries, *room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		kept->entries = more;
	}
	kept->entries[kept->count++] = (struct kept_entry){.record = *record};
	return 0;
}

static int read_entries(struct kept *kept)
{
	struct snug_keep_record record;
	uint64_t at = 0;
	size_t room = 0;
	int err = 0;

	while (!err) {
		err = read_at(kept->fd, &record, sizeof(record), at);
		if (err)
			break;
		at += sizeof(record);
		if (record.magic == SNUG_KEEP_MAGIC && record.type == SNUG_KEEP_END)
			return record.size == kept->count ? 0 : -EBADMSG;
		err = add(kept, &room, &record);
		if (!err)
			err = read_entry(kept, &kept->entries[kept->count - 1], &at);
	}
	return err;
}

static int read_places(struct kept *kept, int dir)
{
	_cleanup_close_ int fd = openat(dir, KEEP_PLACES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	(void)steal_fd(&fd);
	while (getdelim(&line, &size, '\0', file) > 0)
		strlist_add(&kept->places, line);
	free(line);
	(void)fclose(file);
	return kept->places.error;
}

static int open_all(struct kept *kept, const char *name)
{
	_cleanup_close_ int dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = dir < 0 ? -errno : read_places(kept, dir);

	if (err)
		return err;
	kept->fd = openat(dir, KEEP_CHANGES, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return kept->fd < 0 ? -errno : 0;
}

int kept_read(struct kept *kept, const char *dir)
{
	*kept = (struct kept){.fd = -1};
	int err = open_all(kept, dir);

	if (err) {
		log_error("%s: %s; give the directory of 'snug run --keep-overlay'", dir,
			  strerror(-err));
		return err;
	}
	err = read_entries(kept);
	if (err == -ENODATA)
		log_error("%s is incomplete: its run goes on, or did not get to its end; nothing "
			  "of it can be used",
			  dir);
	else if (err == -EBADMSG)
		log_error("%s: not what snug writes, at change %zu; nothing of it can be used", dir,
			  kept->count);
	else if (err == -E2BIG)
		log_error("%s: more than %d changes; nothing of it can be used", dir, KEPT_MAX);
	else if (err && err != -ENOMEM)
		log_error("%s: %s", dir, strerror(-err));
	return err;
}

int kept_copy(const struct kept *kept, const struct kept_entry *entry, int out)
{
	static char data[64 * 1024];
	struct snug_keep_extent extent;
	uint64_t at = entry->data;

	for (;;) {
		int err = read_at(kept->fd, &extent, sizeof(extent), at);

		if (err || !extent.size)
			return err ? err
				   : (ftruncate(out, (off_t)entry->record.size) < 0 ? -errno : 0);
		at += sizeof(extent);
		while (extent.size) {
			const size_t part =
				extent.size < sizeof(data) ? (size_t)extent.size : sizeof(data);
			err = read_at(kept->fd, data, part, at);
			if (err)
				return err;
			ssize_t n = pwrite(out, data, part, (off_t)extent.offset);
			if (n <= 0)
				return n < 0 ? -errno : -EIO;
			at += (uint64_t)n;
			extent.offset += (uint64_t)n;
			extent.size -= (uint64_t)n;
		}
	}
}

static const char *kind(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	default:
		return "special";
	}
}

static void print_text(const char *text, FILE *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c > 0x7e || *c == '\\')
			(void)fprintf(out, "\\x%02x", *c);
		else
			(void)fputc(*c, out);
	}
}

void kept_print(const struct kept_entry *entry, FILE *out)
{
	const struct snug_keep_record *record = &entry->record;
	const bool gone = record->type == SNUG_KEEP_DELETE;

	(void)fprintf(out, "%c  %-9s  ",
		      gone               ? 'D'
		      : record->old_mode ? 'M'
					 : 'A',
		      kind(gone ? record->old_mode : record->mode));
	print_text(entry->path, out);
	if (entry->target) {
		(void)fputs(" -> ", out);
		print_text(entry->target, out);
	}
	(void)fputc('\n', out);
}

void kept_free(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		free(kept->entries[i].path);
		free(kept->entries[i].target);
	}
	free(kept->entries);
	strlist_free(&kept->places);
	cleanup_close(&kept->fd);
	*kept = (struct kept){.fd = -1};
}
