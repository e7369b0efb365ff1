/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"

/* Nobody writes as much; somebody may name the wrong file. */
#define SIZE_MAX_KIB 1024

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static int failed(const char *option, const char *name, int err)
{
	log_error("--%s: %s: %s", option, name, strerror(-err));
	return err;
}

static int open_regular(const char *option, const char *name, int *fd)
{
	struct stat st;

	/* Not to wait for a FIFO's other end. */
	*fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return failed(option, name, -errno);
	if (S_ISDIR(st.st_mode))
		return failed(option, name, -EISDIR);
	if (S_ISREG(st.st_mode))
		return 0;
	log_error("--%s: %s is not a regular file, and may have to be read more than once", option,
		  name);
	return -EINVAL;
}

static int read_all(struct line_file *file, const char *option, int fd)
{
	const size_t size = SIZE_MAX_KIB * 1024 + 1;
	size_t len = 0;
	ssize_t n = 0;

	file->text = malloc(size + 1);
	if (!file->text)
		return -ENOMEM;
	while (len < size && (n = read(fd, file->text + len, size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return failed(option, file->name, -errno);
	if (len == size) {
		log_error("--%s: %s is larger than %d KiB", option, file->name, SIZE_MAX_KIB);
		return -EFBIG;
	}
	file->text[len] = '\0';
	file->end = file->text + len;
	return 0;
}

int line_file_open(struct line_file *file, const char *option, const char *name)
{
	_cleanup_close_ int fd = -1;

	*file = (struct line_file){.name = name};
	if (name[0] == '\0') {
		log_error("--%s: the value is empty; give a file", option);
		return -EINVAL;
	}
	int err = open_regular(option, name, &fd);
	if (!err)
		err = read_all(file, option, fd);
	if (err)
		return err;
	file->next = file->text;
	if (strncmp(file->text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		file->next += strlen(BYTE_ORDER_MARK);
	return 0;
}

/* Ends the line that begins at file->next, and goes to the one behind it. */
static char *take(struct line_file *file)
{
	char *line = file->next;
	char *end = memchr(line, '\n', (size_t)(file->end - line));

	file->next = end ? end + 1 : file->end;
	if (!end)
		end = file->end;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	log_set_place(file->name, ++file->line);
	if (memchr(line, '\0', (size_t)(end - line))) {
		log_error("there is a NUL byte in this line; is it a text file?");
		return NULL;
	}
	return line + strspn(line, " \t");
}

int line_file_next(struct line_file *file, char **line)
{
	while (file->next < file->end) {
		*line = take(file);
		if (!*line)
			return -EINVAL;
		if (**line != '\0' && **line != '#')
			return 1;
	}
	return 0;
}

void line_file_close(struct line_file *file)
{
	log_set_place(NULL, 0);
	free(file->text);
	*file = (struct line_file){0};
}
