/* SPDX-License-Identifier: Apache-2.0 */
#include "report/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/log.h"

static int failed(const char *path, int err)
{
	if (err != -ENOMEM)
		log_error("%s cannot be written: %s", path, strerror(-err));
	return err;
}

/* Where it really is. */
static int find_place(struct whole_file *file, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		file->path = errno == ENOENT ? strdup(path) : NULL;
		return file->path ? 0 : -errno;
	}
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	file->path = realpath(path, NULL);
	if (!file->path)
		return -errno;
	return access(file->path, W_OK) < 0 ? -errno : 0;
}

/* As open() would make it. */
static int set_mode(int fd)
{
	const mode_t mask = umask(0);

	(void)umask(mask);
	return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

int whole_file_begin(struct whole_file *file, const char *path)
{
	*file = WHOLE_FILE_NONE;
	int err = find_place(file, path);
	if (err == -EINVAL) {
		log_error("%s is no regular file", path);
		return err;
	}
	if (err)
		return failed(path, err);
	if (asprintf(&file->temp, "%s.XXXXXX", file->path) < 0) {
		file->temp = NULL;
		return -ENOMEM;
	}
	file->fd = mkostemp(file->temp, O_CLOEXEC);
	if (file->fd < 0) {
		err = -errno;
		free(steal_ptr(&file->temp));
		return failed(path, err);
	}
	err = set_mode(file->fd);
	return err ? failed(path, err) : 0;
}

int whole_file_finish(struct whole_file *file, const char *text)
{
	int err = fd_write_all(file->fd, text, strlen(text));

	if (!err)
		err = fd_write_all(file->fd, "\n", 1);
	if (!err && fsync(file->fd) < 0)
		err = -errno;
	if (!err && rename(file->temp, file->path) < 0)
		err = -errno;
	if (err)
		return failed(file->path, err);
	free(steal_ptr(&file->temp));
	return 0;
}

int whole_file_finish_json(struct whole_file *file, const json_t *root)
{
	_cleanup_free_ char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(12));

	return text ? whole_file_finish(file, text) : -ENOMEM;
}

void whole_file_end(struct whole_file *file)
{
	cleanup_close(&file->fd);
	if (file->temp)
		(void)unlink(file->temp);
	free(file->temp);
	free(file->path);
	*file = WHOLE_FILE_NONE;
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	_cleanup_free_ char *ascii = strdup(text);
	for (char *c = ascii; c && *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return ascii ? json_string(ascii) : NULL;
}
