/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the launcher: a throw-away directory tree, and what a piece of code said on stderr. */
#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* snprintf into an array that must be big enough. */
#define FORMAT(array, ...) \
	assert_true(snprintf((array), sizeof(array), __VA_ARGS__) < (int)sizeof(array))

struct tree {
	char root[64];
	char path[PATH_MAX]; /* what tree_path() returned last */
};

static inline void tree_make(struct tree *tree)
{
	(void)strcpy(tree->root, "/tmp/snug-unit-XXXXXX");
	assert_non_null(mkdtemp(tree->root));
	assert_int_equal(chmod(tree->root, 0755), 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void tree_remove(struct tree *tree)
{
	(void)nftw(tree->root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *tree_path(struct tree *tree, const char *below)
{
	FORMAT(tree->path, "%s%s", tree->root, below);
	return tree->path;
}

static inline void tree_mkdir(struct tree *tree, const char *below)
{
	char path[PATH_MAX];

	FORMAT(path, "%s%s", tree->root, below);
	for (char *slash = path + strlen(tree->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	(void)mkdir(path, 0755);
	assert_int_equal(access(path, F_OK), 0);
}

static inline void tree_write(struct tree *tree, const char *below, const void *data, size_t len)
{
	char dir[PATH_MAX];

	FORMAT(dir, "%s", below);
	*strrchr(dir, '/') = '\0';
	tree_mkdir(tree, dir);
	FILE *f = fopen(tree_path(tree, below), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Between the two, stderr goes into text (NUL-terminated by stderr_end). */
struct captured {
	int saved;
	int file;
	char text[4096];
};

static inline void stderr_begin(struct captured *captured)
{
	(void)fflush(stderr);
	captured->saved = dup(STDERR_FILENO);
	captured->file = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(captured->saved >= 0 && captured->file >= 0);
	assert_int_equal(dup2(captured->file, STDERR_FILENO), STDERR_FILENO);
}

static inline void stderr_end(struct captured *captured)
{
	(void)fflush(stderr);
	ssize_t n = pread(captured->file, captured->text, sizeof(captured->text) - 1, 0);
	assert_int_equal(dup2(captured->saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(n >= 0);
	captured->text[n] = '\0';
	(void)close(captured->saved);
	(void)close(captured->file);
}

#define assert_contains(text, part)                                             \
	do {                                                                    \
		if (!strstr((text), (part)))                                    \
			fail_msg("'%s' does not contain '%s'", (text), (part)); \
	} while (0)

/* Every failure is one line, and only one. */
static inline void assert_one_line(const char *text)
{
	const char *newline = strchr(text, '\n');

	assert_contains(text, "snug: ");
	assert_non_null(newline);
	assert_string_equal(newline, "\n");
}

/* A file of PATH, as a shell would find it. */
static inline int have_program(const char *name)
{
	char command[256];

	FORMAT(command, "PATH=$PATH:/usr/sbin:/sbin command -v %s >/dev/null", name);
	return system(command) == 0;
}

#endif
