/* SPDX-License-Identifier: Apache-2.0 */
/* The leaf: messages, whole reads and writes, arithmetic that does not wrap. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/log.h"
#include "core/util.h"

static struct captured captured;

static void expect_said(const char *expected)
{
	stderr_end(&captured);
	assert_string_equal(captured.text, expected);
}

static void messages(void **state)
{
	(void)state;
	stderr_begin(&captured);
	errno = EXDEV;
	log_error("cannot open %s: %d", "a file", 7);
	assert_int_equal(errno, EXDEV);
	log_warning("mind");
	log_verbose("not asked for");
	log_set_verbose(1);
	log_verbose("asked for");
	log_set_verbose(0);
	log_verbose("not any more");
	expect_said("snug: cannot open a file: 7\nsnug: warning: mind\nsnug: asked for\n");
}

static void a_message_that_cannot_be_written(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved = dup(STDERR_FILENO), kept;

	(void)state;
	assert_true(full >= 0 && saved >= 0);
	assert_int_equal(dup2(full, STDERR_FILENO), STDERR_FILENO);
	errno = EXDEV;
	log_error("lost");
	kept = errno;
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(kept, EXDEV);
	assert_int_equal(close(full) + close(saved), 0);
}

static void a_raw_terminal_needs_carriage_returns(void **state)
{
	(void)state;
	stderr_begin(&captured);
	log_set_raw_terminal(1);
	log_error("one");
	log_set_raw_terminal(0);
	log_error("two");
	expect_said("snug: one\r\nsnug: two\n");
}

/* A name cannot drive the terminal, nor make two lines of one. */
static void control_characters(void **state)
{
	char all[256];
	size_t n = 0;

	(void)state;
	for (unsigned i = 1; i < 0x80; i++)
		all[n++] = (char)i;
	all[n] = '\0';
	stderr_begin(&captured);
	log_error("%s", all);
	log_error("%s", "a\033]0;title\007b\r\nsnug: forged");
	/* C1 controls as UTF-8: U+0080, U+009B, U+009F. U+00A0 and letters stay. */
	log_error("%s",
		  "\xc2\x80|\xc2\x9b|\xc2\x9f|\xc2\xa0|Gr\xc3\xb6\xc3\x9f\x65\xe2\x82\xac\xc2");
	stderr_end(&captured);
	for (const char *p = captured.text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	assert_null(strchr(captured.text, 0x7f));
	assert_contains(captured.text, "\nsnug: a?]0;title?b??snug: forged\n");
	assert_contains(captured.text, "\nsnug: ??|??|??|\xc2\xa0|Gr\xc3\xb6\xc3\x9f\x65"
				       "\xe2\x82\xac\xc2\n");
	assert_contains(captured.text, " !\"#$%&'()*+,-./0123456789:;<=>?@ABC");
}

static void long_lines_are_cut(void **state)
{
	static char text[5000];

	(void)state;
	for (size_t len = 900; len < 1100; len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		stderr_begin(&captured);
		log_set_raw_terminal(1);
		log_warning("%s", text);
		log_set_raw_terminal(0);
		stderr_end(&captured);
		size_t n = strlen(captured.text);
		assert_true(n <= 1023);
		assert_string_equal(captured.text + n - 3, "a\r\n");
		if (len < 1000)
			assert_int_equal(n, strlen("snug: warning: ") + len + 2);
	}
}

struct reader {
	int fd;
	size_t count;
	unsigned char sum;
};

static void *read_all(void *arg)
{
	struct reader *reader = arg;
	unsigned char data[777];
	ssize_t n;

	while ((n = read(reader->fd, data, sizeof(data))) > 0) {
		reader->count += (size_t)n;
		for (ssize_t i = 0; i < n; i++)
			reader->sum = (unsigned char)(reader->sum * 31 + data[i]);
	}
	return NULL;
}

/* Far more than the pipe holds, into a descriptor that says EAGAIN. */
static void write_all_waits_for_a_nonblocking_pipe(void **state)
{
	static unsigned char data[500000];
	struct reader reader = {0};
	unsigned char sum = 0;
	pthread_t thread;
	int ends[2];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (unsigned char)(i * 7 + i / 256);
		sum = (unsigned char)(sum * 31 + data[i]);
	}
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	reader.fd = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	assert_int_equal(fd_write_all(ends[1], data, sizeof(data)), 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(reader.count, sizeof(data));
	assert_int_equal(reader.sum, sum);
}

static void write_all_tells_errors(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(fd_write_all(full, "x", 1), -ENOSPC);
	assert_int_equal(fd_write_all(full, "x", 0), 0);
	assert_int_equal(close(full), 0);
	assert_int_equal(fd_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(fd_write_all(-1, "x", 0), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(fd_write_all(ends[1], "x", 1), -EPIPE);
	assert_int_equal(close(ends[1]), 0);
}

static void pread_helpers(void **state)
{
	int file = memfd_create("file", MFD_CLOEXEC), ends[2];
	char data[16];

	(void)state;
	assert_int_equal(fd_write_all(file, "0123456789", 10), 0);
	assert_int_equal(fd_pread_all(file, data, 4, 3), 0);
	assert_memory_equal(data, "3456", 4);
	assert_int_equal(fd_pread_all(file, data, 10, 0), 0);
	assert_int_equal(fd_pread_all(file, data, 11, 0), -ENODATA);
	assert_int_equal(fd_pread_all(file, data, 1, 10), -ENODATA);
	assert_int_equal(fd_pread_all(file, data, 0, 10), 0);
	assert_int_equal(fd_pread_upto(file, data, 16, 7), 3);
	assert_memory_equal(data, "789", 3);
	assert_int_equal(fd_pread_upto(file, data, 16, 10), 0);
	assert_int_equal(fd_pread_upto(file, data, 16, 1000), 0);
	/* An offset no file has. */
	assert_int_equal(fd_pread_upto(file, data, 1, UINT64_MAX), -EINVAL);
	assert_int_equal(fd_pread_all(file, data, 1, 1ULL << 63), -EINVAL);
	assert_int_equal(close(file), 0);
	assert_int_equal(fd_pread_all(-1, data, 1, 0), -EBADF);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_pread_all(ends[0], data, 1, 0), -ESPIPE);
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

static void pwrite_all_writes_in_place(void **state)
{
	int file = memfd_create("file", MFD_CLOEXEC), ends[2];
	char data[16];

	(void)state;
	assert_int_equal(fd_write_all(file, "0123456789", 10), 0);
	assert_int_equal(lseek(file, 2, SEEK_SET), 2);
	assert_int_equal(fd_pwrite_all(file, "abc", 3, 8), 0);
	assert_int_equal(fd_pwrite_all(file, "x", 0, 4), 0);
	assert_int_equal(lseek(file, 0, SEEK_CUR), 2);
	assert_int_equal(fd_pread_upto(file, data, 16, 0), 11);
	assert_memory_equal(data, "01234567abc", 11);
	/* An offset no file has. */
	assert_int_equal(fd_pwrite_all(file, "x", 1, UINT64_MAX), -EINVAL);
	assert_int_equal(close(file), 0);
	assert_int_equal(fd_pwrite_all(-1, "x", 1, 0), -EBADF);
	assert_int_equal(fd_pwrite_all(-1, "x", 0, 0), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_pwrite_all(ends[1], "x", 1, 0), -ESPIPE);
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

/* The kernel writes up to the limit for files, and tells the error only then. */
static void pwrite_all_goes_on_after_a_short_count(void **state)
{
	const struct rlimit limit = {.rlim_cur = 5, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	int file = memfd_create("file", MFD_CLOEXEC);
	char data[16];

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	int err = fd_pwrite_all(file, "0123456789", 10, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(fd_pread_upto(file, data, 16, 0), 5);
	assert_int_equal(close(file), 0);
}

static void arithmetic(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_false(add_overflows(UINT64_MAX, 0, &n));
	assert_int_equal(n, UINT64_MAX);
	assert_true(add_overflows(UINT64_MAX, 1, &n));
	assert_false(mul_overflows(1ULL << 32, UINT32_MAX, &n));
	assert_true(mul_overflows(1ULL << 32, 1ULL << 32, &n));
	assert_int_equal(align_up(0, 4096), 0);
	assert_int_equal(align_up(1, 4096), 4096);
	assert_int_equal(align_up(4096, 4096), 4096);
	assert_int_equal(align_down(4095, 4096), 0);
	assert_int_equal(align_down(UINT64_MAX, 4096), UINT64_MAX - 4095);
	assert_int_equal(min_u64(1, UINT64_MAX), 1);
	assert_int_equal(min_u64(3, 3), 3);
}

static void ranges(void **state)
{
	const uint64_t top = UINT64_MAX;

	(void)state;
	assert_true(range_inside(10, 5, 10, 5));
	assert_true(range_inside(15, 0, 10, 5));
	assert_false(range_inside(16, 0, 10, 5));
	assert_false(range_inside(9, 0, 10, 5));
	assert_false(range_inside(9, 2, 10, 5));
	assert_false(range_inside(10, 6, 10, 5));
	assert_false(range_inside(14, 2, 10, 5));
	assert_false(range_inside(14, top, 10, 5));
	assert_false(range_inside(top, 2, 10, 5));
	assert_false(range_inside(top, 1, 0, top));
	assert_true(range_inside(top - 1, 1, 0, top));
	assert_true(range_inside(0, top, 0, top));
}

static void cleanup(void **state)
{
	int kept, gone;

	(void)state;
	{
		_cleanup_close_ int a = dup(0), b = dup(0);
		_cleanup_free_ char *text = strdup("given back");
		_cleanup_close_ int none = -1;

		assert_true(a >= 0 && b >= 0);
		assert_non_null(text);
		(void)none;
		gone = a;
		kept = steal_fd(&b);
		assert_int_equal(b, -1);
	}
	assert_int_equal(fcntl(gone, F_GETFD), -1);
	assert_true(fcntl(kept, F_GETFD) >= 0);
	assert_int_equal(close(kept), 0);
	char text[] = "x", *p = text;
	assert_ptr_equal(steal_ptr(&p), text);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(a_message_that_cannot_be_written),
		cmocka_unit_test(a_raw_terminal_needs_carriage_returns),
		cmocka_unit_test(control_characters),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(write_all_waits_for_a_nonblocking_pipe),
		cmocka_unit_test(write_all_tells_errors),
		cmocka_unit_test(pread_helpers),
		cmocka_unit_test(pwrite_all_writes_in_place),
		cmocka_unit_test(pwrite_all_goes_on_after_a_short_count),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(ranges),
		cmocka_unit_test(cleanup),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
