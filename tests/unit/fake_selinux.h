/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of snug-label: an SELinux in memory. What the policy knows and allows are lists; labels of files
 * are a table by inode, and those it does not have are usr_t's.
 */
#ifndef TESTS_UNIT_FAKE_SELINUX_H
#define TESTS_UNIT_FAKE_SELINUX_H

#include "tests/unit/tree.h"

#include <errno.h>

#include "label/selinux.h"

#define USER_CONTEXT "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
#define FILE_CONTEXT "system_u:object_r:usr_t:s0"

static struct {
	enum selinux_mode mode;
	const char *own;
	const char *unknown;       /* contexts with this in it are not valid; NULL: all are */
	const char *forbidden;     /* the permission that is not given; NULL: all are */
	const char *forbidden_for; /* targets with this in it; NULL: any */
	const char *file;          /* what files have that are not in the table */
	int label_error;           /* of label_fd, after as many calls as: */
	unsigned labels_left;
	struct {
		ino_t inode;
		char *context;
	} labels[256];
	size_t label_count;
} fake;

static void fake_reset(void)
{
	for (size_t i = 0; i < fake.label_count; i++)
		free(fake.labels[i].context);
	memset(&fake, 0, sizeof(fake));
	fake.mode = SELINUX_ENFORCING;
	fake.own = USER_CONTEXT;
	fake.file = FILE_CONTEXT;
	fake.labels_left = UINT32_MAX;
}

static enum selinux_mode fake_mode(void)
{
	return fake.mode;
}

static int fake_copy(const char *context, char **copy)
{
	*copy = strdup(context);
	return *copy ? 0 : -ENOMEM;
}

static int fake_own(char **context)
{
	return fake_copy(fake.own, context);
}

static int fake_check(const char *context)
{
	return fake.unknown && strstr(context, fake.unknown) ? -EINVAL : 0;
}

static ino_t fake_inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static int fake_of_fd(int fd, char **context)
{
	const ino_t inode = fake_inode(fd);

	for (size_t i = 0; i < fake.label_count; i++) {
		if (fake.labels[i].inode == inode)
			return fake_copy(fake.labels[i].context, context);
	}
	return fake_copy(fake.file, context);
}

static int fake_allowed(const char *source, const char *target, const char *class_name,
			const char *permission)
{
	(void)source;
	(void)class_name;
	return !fake.forbidden || strcmp(permission, fake.forbidden) != 0 ||
	       (fake.forbidden_for && !strstr(target, fake.forbidden_for));
}

static int fake_label_fd(int fd, const char *context)
{
	const ino_t inode = fake_inode(fd);
	size_t i = 0;

	if (fake.labels_left == 0)
		return fake.label_error;
	fake.labels_left--;
	while (i < fake.label_count && fake.labels[i].inode != inode)
		i++;
	assert_true(i < sizeof(fake.labels) / sizeof(fake.labels[0]));
	if (i == fake.label_count)
		fake.label_count++;
	else
		free(fake.labels[i].context);
	fake.labels[i].inode = inode;
	return fake_copy(context, &fake.labels[i].context);
}

static int fake_set(const char *context)
{
	(void)context;
	return 0;
}

static const struct selinux fake_selinux = {
	.mode = fake_mode,
	.own = fake_own,
	.check = fake_check,
	.of_fd = fake_of_fd,
	.allowed = fake_allowed,
	.label_fd = fake_label_fd,
	.set_exec = fake_set,
	.set_socket = fake_set,
};

#endif
