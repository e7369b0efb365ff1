/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest's kernel printed: the ring, its tail, and what the reader's terminal gets of it. */
#include "tests/unit/tree.h"

#include <poll.h>
#include <pthread.h>

#include "vmm/klog.h"

static struct klog klog;

static int setup(void **state)
{
	(void)state;
	memset(&klog, 0, sizeof(klog));
	return klog_init(&klog, false);
}

static void say(const char *text)
{
	klog_write(&klog, text, strlen(text));
}

static void expect_tail(unsigned lines, const char *expected)
{
	char text[256];

	assert_int_equal(klog_tail(&klog, lines, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void tail(void **state)
{
	(void)state;
	expect_tail(3, "");
	say("\n\n\n");
	expect_tail(3, "");
	say("one\r\ntwo\r\n\nfour");
	expect_tail(1, "four");
	expect_tail(2, "\nfour");
	expect_tail(3, "two\n\nfour");
	expect_tail(4, "one\ntwo\n\nfour");
	expect_tail(100, "\n\n\none\ntwo\n\nfour");
	say("\n\n");
	expect_tail(1, "four");
}

static void tail_into_little_room(void **state)
{
	static const char last[] = "second line";
	char text[8];

	(void)state;
	say("first\nsecond line\n");
	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, 0x5a, sizeof(text));
		assert_int_equal(klog_tail(&klog, 5, text, size), size - 1);
		assert_memory_equal(text, &last[strlen(last) - (size - 1)], size);
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], 0x5a);
	}
}

static void control_characters(void **state)
{
	char text[512], all[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	klog_write(&klog, all, sizeof(all));
	size_t n = klog_tail(&klog, 10, text, sizeof(text));
	assert_int_equal(n, 255); /* all but the carriage return */
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		/* Nor C1: a terminal may take byte 0x9b, or U+009B, for an escape sequence's start. */
		assert_true(c == '\n' || (c >= 0x20 && c < 0x7f));
	}
	assert_non_null(strstr(text, " !\"#$%&'()*+,-./0123456789:;<=>?@ABC"));
}

static void the_ring_keeps_the_latest(void **state)
{
	static char text[KLOG_SIZE + 1];
	char line[32];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		(void)snprintf(line, sizeof(line), "line %06u\n", i);
		say(line);
	}
	expect_tail(2, "line 099998\nline 099999");
	size_t n = klog_tail(&klog, UINT32_MAX, text, sizeof(text));
	assert_int_equal(n, KLOG_SIZE - 1); /* without the last newline */
	/* Whole lines, each the one before plus one, back to where the ring begins. */
	for (unsigned i = 0; (i + 1) * 12 <= n; i++) {
		(void)snprintf(line, sizeof(line), "line %06u", 99999 - i);
		assert_memory_equal(text + n - i * 12 - 11, line, 11);
	}
	assert_false(klog_find(&klog, "line 000000", line, sizeof(line)));
	assert_true(klog_find(&klog, "line 099990", line, sizeof(line)));
	assert_string_equal(line, "line 099990");
}

/* One write larger than the ring, of which every byte is told apart by its place. */
static void a_write_larger_than_the_ring(void **state)
{
	const size_t size = 3 * KLOG_SIZE + 77;
	char *data = malloc(size), *text = malloc(KLOG_SIZE + 1);

	(void)state;
	assert_non_null(data);
	assert_non_null(text);
	say("before\n");
	for (size_t i = 0; i < size; i++)
		data[i] = (char)('a' + i % 23);
	klog_write(&klog, data, size);
	assert_int_equal(klog.written, size + 7);
	assert_int_equal(klog_tail(&klog, 1, text, KLOG_SIZE + 1), KLOG_SIZE);
	assert_memory_equal(text, data + size - KLOG_SIZE, KLOG_SIZE);
	say("after");
	assert_int_equal(klog_tail(&klog, 1, text, 9), 8);
	assert_memory_equal(text, data + size - 3, 3);
	assert_string_equal(text + 3, "after");
	free(data);
	free(text);
}

static void find(void **state)
{
	char line[32];

	(void)state;
	memset(line, 0x5a, sizeof(line));
	assert_false(klog_find(&klog, "Kernel panic", line, sizeof(line)));
	say("[    1.2] Booting\n[    1.5] Kernel panic - not syncing: \033[31mVFS\r\n[    1.6] "
	    "---\n");
	assert_true(klog_find(&klog, "Kernel panic", line, sizeof(line)));
	assert_string_equal(line, "Kernel panic - not syncing: ?[3");
	assert_true(klog_find(&klog, "Kernel panic", line, 7));
	assert_string_equal(line, "Kernel");
	assert_true(klog_find(&klog, "---", line, sizeof(line)));
	assert_string_equal(line, "---");
	/* A NUL does not hide what follows. */
	klog_write(&klog, "a\0needle", 8);
	assert_true(klog_find(&klog, "needle", line, sizeof(line)));
}

static void shown_as_it_comes(void **state)
{
	struct captured captured;
	struct pollfd p;

	(void)state;
	assert_int_equal(klog_init(&klog, true), 0);
	p = (struct pollfd){.fd = klog.wake_fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	stderr_begin(&captured);
	say("first\r\n");
	int woken = poll(&p, 1, 0);
	klog_show(&klog);
	int still = poll(&p, 1, 0);
	klog_show(&klog);
	say("\033[2Jsecond\n");
	klog_show(&klog);
	stderr_end(&captured);
	assert_int_equal(woken, 1);
	assert_int_equal(still, 0);
	assert_string_equal(captured.text, "first\n?[2Jsecond\n");
	assert_int_equal(close(klog.wake_fd), 0);
}

#define WRITES 20000

static void *write_much(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < WRITES; i++)
		klog_write(&klog, "x", 1);
	return NULL;
}

/* Written while it is shown: nothing is skipped. */
static void shown_while_written(void **state)
{
	int file = memfd_create("shown", MFD_CLOEXEC);
	pthread_t thread;
	struct stat st;

	(void)state;
	assert_int_equal(klog_init(&klog, true), 0);
	klog.show_fd = file;
	assert_int_equal(pthread_create(&thread, NULL, write_much, NULL), 0);
	do {
		klog_show(&klog);
		assert_int_equal(fstat(file, &st), 0);
	} while (pthread_tryjoin_np(thread, NULL) != 0);
	klog_show(&klog);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(st.st_size, WRITES);
	assert_int_equal(close(file), 0);
	assert_int_equal(close(klog.wake_fd), 0);
}

static void not_shown_unless_asked(void **state)
{
	struct captured captured;

	(void)state;
	stderr_begin(&captured);
	say("secret\n");
	klog_show(&klog);
	stderr_end(&captured);
	assert_string_equal(captured.text, "");
	assert_int_equal(klog.wake_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tail, setup),
		cmocka_unit_test_setup(tail_into_little_room, setup),
		cmocka_unit_test_setup(control_characters, setup),
		cmocka_unit_test_setup(the_ring_keeps_the_latest, setup),
		cmocka_unit_test_setup(a_write_larger_than_the_ring, setup),
		cmocka_unit_test_setup(find, setup),
		cmocka_unit_test_setup(shown_as_it_comes, setup),
		cmocka_unit_test_setup(shown_while_written, setup),
		cmocka_unit_test_setup(not_shown_unless_asked, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
