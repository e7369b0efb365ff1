/* SPDX-License-Identifier: Apache-2.0 */
/* guest-init's pumps, between a socket pair that plays the port and real pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/pump.h"

struct bench {
	int host;    /* the other end of the port */
	int port;    /* what the pumps see */
	int pipe[2]; /* to or from the command */
	struct output_pump out;
	struct input_pump in;
};

static struct bench *bench(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	int ends[2];

	assert_non_null(b);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	b->host = ends[0];
	b->port = ends[1];
	assert_int_equal(pipe2(b->pipe, O_NONBLOCK), 0);
	b->out = (struct output_pump){.from = b->pipe[0], .port = b->port, .left = UINT64_MAX};
	b->in = (struct input_pump){
		.port = b->port, .to = b->pipe[1], .at_line_start = true, .end = UINT64_MAX};
	return b;
}

static void put_away(struct bench *b)
{
	close(b->host);
	close(b->port);
	close(b->pipe[0]);
	close(b->pipe[1]);
	free(b);
}

static void fill_pattern(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 + (i >> 8));
}

/* Writes until fd is full; returns how much it took. */
static size_t stuff(int fd, const char *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len && (n = write(fd, data + done, len - done)) > 0)
		done += (size_t)n;
	return done;
}

static size_t drain(int fd, char *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size && (n = read(fd, data + done, size - done)) > 0)
		done += (size_t)n;
	return done;
}

#define TOTAL (3 * 1024 * 1024)

static void test_output_arrives_whole_through_a_full_port(void **state)
{
	struct bench *b = bench();
	char *data = malloc(TOTAL), *got = malloc(TOTAL + 1);
	size_t sent = 0, received = 0;

	(void)state;
	fill_pattern(data, TOTAL);
	while (received < TOTAL) {
		sent += stuff(b->pipe[1], data + sent, TOTAL - sent);
		if (sent == TOTAL && b->pipe[1] >= 0) {
			close(b->pipe[1]);
			b->pipe[1] = -1;
		}
		(void)output_pump_run(&b->out);
		/* Less than the pump moves: the port stays full. */
		received += drain(b->host, got + received, 5000);
	}
	(void)output_pump_run(&b->out);
	assert_true(output_pump_is_done(&b->out));
	assert_memory_equal(data, got, TOTAL);
	b->pipe[0] = -1;
	free(data);
	free(got);
	put_away(b);
}

static void test_ending_takes_what_was_there_and_no_more(void **state)
{
	struct bench *b = bench();
	char got[64];

	(void)state;
	assert_int_equal(write(b->pipe[1], "command", 7), 7);
	output_pump_end(&b->out, 7);
	/* A background process that goes on writing. */
	assert_int_equal(write(b->pipe[1], "background", 10), 10);
	assert_false(output_pump_run(&b->out));
	assert_true(output_pump_is_done(&b->out));
	assert_int_equal(drain(b->host, got, sizeof(got)), 7);
	assert_memory_equal(got, "command", 7);
	b->pipe[0] = -1;
	put_away(b);
}

static void test_ending_is_not_done_while_the_port_is_full(void **state)
{
	static char filler[4096], got[1 << 20];
	struct bench *b = bench();
	size_t before = 0, n;

	(void)state;
	while ((n = stuff(b->port, filler, sizeof(filler))) > 0)
		before += n;
	assert_int_equal(write(b->pipe[1], "last", 4), 4);
	output_pump_end(&b->out, 4);
	(void)output_pump_run(&b->out);
	assert_false(output_pump_is_done(&b->out));
	assert_int_equal(drain(b->host, got, sizeof(got)), before);
	(void)output_pump_run(&b->out);
	assert_true(output_pump_is_done(&b->out));
	assert_int_equal(drain(b->host, got, sizeof(got)), 4);
	b->pipe[0] = -1;
	put_away(b);
}

static void test_cutting_output_breaks_the_commands_pipe(void **state)
{
	struct bench *b = bench();

	(void)state;
	output_pump_cut(&b->out);
	assert_int_equal(write(b->pipe[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_true(output_pump_is_done(&b->out));
	b->pipe[0] = -1;
	put_away(b);
}

static void test_an_unplugged_port_swallows_the_rest(void **state)
{
	struct bench *b = bench();

	(void)state;
	shutdown(b->port, SHUT_WR);
	assert_int_equal(write(b->pipe[1], "lost", 4), 4);
	close(b->pipe[1]);
	assert_false(output_pump_run(&b->out));
	assert_true(output_pump_is_done(&b->out));
	b->pipe[0] = b->pipe[1] = -1;
	put_away(b);
}

static void test_a_steady_flow_leaves_others_a_turn(void **state)
{
	struct bench *b = bench();
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);

	(void)state;
	b->out.from = zero;
	b->out.port = null;
	assert_true(output_pump_run(&b->out));
	output_pump_end(&b->out, 0);
	assert_false(output_pump_run(&b->out));
	close(null);
	put_away(b);
}

static void test_input_arrives_whole_and_ends_after_its_length(void **state)
{
	struct bench *b = bench();
	char *data = malloc(TOTAL), *got = malloc(TOTAL + 1);
	size_t sent = 0, received = 0;

	(void)state;
	fill_pattern(data, TOTAL);
	/* The announcement overtakes the data. */
	input_pump_end(&b->in, TOTAL);
	while (received < TOTAL) {
		sent += stuff(b->host, data + sent, TOTAL - sent);
		(void)input_pump_run(&b->in);
		received += drain(b->pipe[0], got + received, 3000);
	}
	assert_memory_equal(data, got, TOTAL);
	(void)input_pump_run(&b->in);
	assert_int_equal(read(b->pipe[0], got, 1), 0);
	b->pipe[1] = -1;
	free(data);
	free(got);
	put_away(b);
}

static void test_input_does_not_end_before_its_length(void **state)
{
	struct bench *b = bench();
	char got[8];

	(void)state;
	input_pump_end(&b->in, 6);
	assert_int_equal(write(b->host, "abc", 3), 3);
	(void)input_pump_run(&b->in);
	assert_int_equal(read(b->pipe[0], got, sizeof(got)), 3);
	assert_int_equal(read(b->pipe[0], got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(b->host, "def", 3), 3);
	(void)input_pump_run(&b->in);
	assert_int_equal(read(b->pipe[0], got, sizeof(got)), 3);
	assert_int_equal(read(b->pipe[0], got, sizeof(got)), 0);
	b->pipe[1] = -1;
	put_away(b);
}

static void test_empty_input_ends_at_once(void **state)
{
	struct bench *b = bench();
	char byte;

	(void)state;
	input_pump_end(&b->in, 0);
	(void)input_pump_run(&b->in);
	assert_int_equal(read(b->pipe[0], &byte, 1), 0);
	b->pipe[1] = -1;
	put_away(b);
}

static void test_input_nobody_takes_is_thrown_away(void **state)
{
	static char data[1 << 20];
	struct bench *b = bench();
	size_t sent = 0;

	(void)state;
	close(b->pipe[0]);
	b->pipe[0] = -1;
	while (sent < sizeof(data)) {
		size_t n = stuff(b->host, data + sent, sizeof(data) - sent);

		/* Progress every time, or the monitor would be stuck with it. */
		assert_true(n > 0);
		sent += n;
		(void)input_pump_run(&b->in);
	}
	assert_int_equal(b->in.to, -1);
	b->pipe[1] = -1;
	put_away(b);
}

static void test_a_full_pipe_holds_the_port_back(void **state)
{
	static char data[8 << 20];
	struct bench *b = bench();
	size_t taken = 0, n;

	(void)state;
	while ((n = stuff(b->host, data, sizeof(data))) > 0) {
		taken += n;
		assert_true(taken < sizeof(data));
		(void)input_pump_run(&b->in);
	}
	put_away(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_arrives_whole_through_a_full_port),
		cmocka_unit_test(test_ending_takes_what_was_there_and_no_more),
		cmocka_unit_test(test_ending_is_not_done_while_the_port_is_full),
		cmocka_unit_test(test_cutting_output_breaks_the_commands_pipe),
		cmocka_unit_test(test_an_unplugged_port_swallows_the_rest),
		cmocka_unit_test(test_a_steady_flow_leaves_others_a_turn),
		cmocka_unit_test(test_input_arrives_whole_and_ends_after_its_length),
		cmocka_unit_test(test_input_does_not_end_before_its_length),
		cmocka_unit_test(test_empty_input_ends_at_once),
		cmocka_unit_test(test_input_nobody_takes_is_thrown_away),
		cmocka_unit_test(test_a_full_pipe_holds_the_port_back),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
