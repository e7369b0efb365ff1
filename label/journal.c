/* SPDX-License-Identifier: Apache-2.0 */
#include "label/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"

#define FIRST_LINE "snug labels 1"

static void release(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}
#define _cleanup_file_ __attribute__((cleanup(release)))

/* There are few different ones, however many objects. */
static const char *keep_context(struct journal *journal, const char *context)
{
	for (size_t i = journal->context_count; i > 0; i--) {
		if (strcmp(journal->contexts[i - 1], context) == 0)
			return journal->contexts[i - 1];
	}
	char **all = reallocarray(journal->contexts, journal->context_count + 1, sizeof(*all));
	if (!all)
		return NULL;
	journal->contexts = all;
	all[journal->context_count] = strdup(context);
	return all[journal->context_count] ? all[journal->context_count++] : NULL;
}

int journal_add(struct journal *journal, uint64_t inode, const char *context)
{
	if (journal->count == journal->room) {
		const size_t room = journal->room ? 2 * journal->room : 64;
		struct journal_entry *entries =
			reallocarray(journal->entries, room, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		journal->entries = entries;
		journal->room = room;
	}
	const char *kept = keep_context(journal, context);
	if (!kept)
		return -ENOMEM;
	journal->entries[journal->count++] = (struct journal_entry){inode, kept};
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct journal_entry *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

void journal_sort(struct journal *journal)
{
	if (journal->count)
		qsort(journal->entries, journal->count, sizeof(*journal->entries), by_inode);
}

const char *journal_find(const struct journal *journal, uint64_t inode)
{
	const struct journal_entry wanted = {.inode = inode};
	const struct journal_entry *found =
		journal->count ? bsearch(&wanted, journal->entries, journal->count,
					 sizeof(*journal->entries), by_inode)
			       : NULL;

	return found ? found->context : NULL;
}

int journal_write(const struct journal *journal, int fd)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	_cleanup_file_ FILE *file = copy < 0 ? NULL : fdopen(copy, "w");

	if (!file)
		return -errno;
	(void)fprintf(file, FIRST_LINE "\ntree %" PRIu64 " %s\ngiven %s\n", journal->inode,
		      journal->path, journal->given);
	for (size_t i = 0; i < journal->count; i++)
		(void)fprintf(file, "%" PRIu64 " %s\n", journal->entries[i].inode,
			      journal->entries[i].context);
	(void)fputs("end\n", file);
	if (fflush(file) < 0 || ferror(file) || fsync(fd) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* "NUMBER TEXT": where TEXT is, or NULL. */
static char *parse_number(char *line, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(line, &end, 10);
	return end == line || errno || *end != ' ' || !end[1] ? NULL : end + 1;
}

/* 0, 1: that was the last line, or -errno. */
static int take_line(struct journal *journal, unsigned index, char *line)
{
	uint64_t inode;

	if (index == 0)
		return strcmp(line, FIRST_LINE) == 0 ? 0 : -EBADMSG;
	if (index == 1) {
		char *path = strncmp(line, "tree ", 5) == 0
				     ? parse_number(line + 5, &journal->inode)
				     : NULL;
		if (!path || path[0] != '/')
			return -EBADMSG;
		return (journal->path = strdup(path)) ? 0 : -ENOMEM;
	}
	if (index == 2) {
		if (strncmp(line, "given ", 6) != 0)
			return -EBADMSG;
		return (journal->given = strdup(line + 6)) ? 0 : -ENOMEM;
	}
	if (strcmp(line, "end") == 0)
		return 1;
	const char *context = parse_number(line, &inode);
	return context ? journal_add(journal, inode, context) : -EBADMSG;
}

int journal_read(struct journal *journal, int fd)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	_cleanup_file_ FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	*journal = (struct journal){0};
	if (!file)
		return -errno;
	rewind(file);
	for (unsigned index = 0; r == 0 && (len = getline(&line, &size, file)) >= 0; index++) {
		if (line[len - 1] != '\n')
			return -ENODATA;
		line[len - 1] = '\0';
		r = take_line(journal, index < 3 ? index : 3, line);
	}
	if (r == 0)
		return ferror(file) ? -EIO : -ENODATA;
	journal_sort(journal);
	return r > 0 ? 0 : r;
}

void journal_free(struct journal *journal)
{
	for (size_t i = 0; i < journal->context_count; i++)
		free(journal->contexts[i]);
	free(journal->contexts);
	free(journal->entries);
	free(journal->path);
	free(journal->given);
	*journal = (struct journal){0};
}
