/* SPDX-License-Identifier: Apache-2.0 */
/* The command's streams: every kind of descriptor on the host's side, and a guest that misbehaves. */
#include "tests/unit/console_driver.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

static void begin(struct console_test *t, int flags)
{
	console_new(t, flags);
	console_begin(t);
	handshake(t);
	settle(t);
}

/* Bytes that repeat with no period a buffer or a pipe has. */
static char pattern(size_t i)
{
	return (char)(i * 7 + i / 251);
}

static void fill_pattern(char *data, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++)
		data[i] = pattern(from + i);
}

static void assert_pattern(const char *data, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], pattern(from + i));
}

static void expect_text(int fd, const char *expected)
{
	char text[256];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void expect_empty(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void stdout_and_stderr_stay_apart(void **state)
{
	struct console_test *t = *state;

	begin(t, O_NONBLOCK);
	transmit(t, STDOUT_TX, 0, "out\0put", 7);
	transmit(t, STDERR_TX, 0, "error", 5);
	settle(t);
	assert_true(completed(t, STDOUT_TX));
	assert_true(completed(t, STDERR_TX));
	expect_text(t->from_stderr, "error");
	char text[16];
	assert_int_equal(read(t->from_stdout, text, sizeof(text)), 7);
	assert_memory_equal(text, "out\0put", 7);
	expect_empty(t->from_stdout);
	assert_true(virtio_console_drained(t->console));
}

static void empty_buffers(void **state)
{
	struct console_test *t = *state;

	begin(t, O_NONBLOCK);
	transmit(t, STDOUT_TX, 0, "", 0);
	/* A buffer that cannot carry output: nothing to read in it. */
	offer_one(&t->queue[STDOUT_TX], 1, buffer_gpa(STDOUT_TX, 1), 16, VRING_DESC_F_WRITE);
	transmit(t, STDOUT_TX, 2, "x", 1);
	settle(t);
	for (int i = 0; i < 3; i++)
		assert_true(completed(t, STDOUT_TX));
	expect_text(t->from_stdout, "x");
	assert_false(needs_reset(t));
}

/* Chains of three uneven pieces, each far more than the pipe holds; the reader takes a little at a time. */
static void play_slow_reader(struct console_test *t, int flags)
{
	static const uint32_t pieces[] = {100, 5000, 7188};
	const unsigned chains = 10;
	uint64_t at = BUFFER_GPA(STDOUT_TX);
	size_t total = 0, got = 0;
	unsigned done = 0;
	char data[1000];

	begin(t, flags);
	assert_true(fcntl(t->host.stdout_fd, F_SETPIPE_SZ, 4096) >= 4096);
	for (uint16_t i = 0; i < 3 * chains; i++) {
		uint32_t len = pieces[i % 3];

		fill_pattern(at_gpa(&t->mem, at, len), len, total);
		put_desc(&t->queue[STDOUT_TX], i, at, len, i % 3 < 2 ? VRING_DESC_F_NEXT : 0,
			 (uint16_t)(i + 1));
		if (i % 3 == 0)
			offer(&t->queue[STDOUT_TX], i);
		total += len;
		at += len;
	}
	kick(t, STDOUT_TX);
	settle(t);
	/* What nobody has read is still the guest's to hold: no buffer of ours took it. */
	assert_false(virtio_console_drained(t->console));
	assert_false(completed(t, STDOUT_TX));
	/* stderr is not held up. */
	transmit(t, STDERR_TX, 0, "error", 5);
	settle(t);
	expect_text(t->from_stderr, "error");

	while (got < total) {
		ssize_t n = read(t->from_stdout, data, 1 + got % sizeof(data));

		assert_true(n > 0);
		assert_pattern(data, (size_t)n, got);
		got += (size_t)n;
		settle(t);
	}
	while (completed(t, STDOUT_TX))
		done++;
	assert_int_equal(done, chains);
	expect_empty(t->from_stdout);
	assert_true(virtio_console_drained(t->console));
}

static void a_slow_reader_of_a_nonblocking_pipe(void **state)
{
	play_slow_reader(*state, O_NONBLOCK);
}

/* Were a write to block, this test would hang. */
static void a_slow_reader_of_a_blocking_pipe(void **state)
{
	play_slow_reader(*state, 0);
}

static void output_through_a_chain_of_pieces(void **state)
{
	struct console_test *t = *state;
	uint64_t at = buffer_gpa(STDOUT_TX, 0);
	char data[4096];

	begin(t, 0);
	fill_pattern(at_gpa(&t->mem, at, sizeof(data)), sizeof(data), 0);
	for (uint16_t i = 0; i < 16; i++) {
		uint16_t flags = i < 15 ? VRING_DESC_F_NEXT : 0;

		/* Pieces of 0, 64, 128, ... bytes; the last one ends at the data's end. */
		put_desc(&t->queue[STDOUT_TX], i, at, (uint32_t)i * 32, flags, (uint16_t)(i + 1));
		at += (uint64_t)i * 32;
	}
	offer(&t->queue[STDOUT_TX], 0);
	settle(t);
	assert_true(completed(t, STDOUT_TX));
	assert_int_equal(read(t->from_stdout, data, sizeof(data)), 15 * 16 * 32 / 2);
	assert_pattern(data, 15 * 16 * 32 / 2, 0);
}

/* What snug says on stderr meanwhile: here into a file. */
struct said {
	int saved;
	int file;
	char text[256];
};

static void said_begin(struct said *said)
{
	said->saved = dup(STDERR_FILENO);
	said->file = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(said->saved >= 0 && said->file >= 0);
	assert_int_equal(dup2(said->file, STDERR_FILENO), STDERR_FILENO);
}

static void said_end(struct said *said)
{
	ssize_t n = pread(said->file, said->text, sizeof(said->text) - 1, 0);

	assert_int_equal(dup2(said->saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(n >= 0);
	said->text[n] = '\0';
	(void)close(said->saved);
	(void)close(said->file);
}

static void nobody_reads(void **state)
{
	struct console_test *t = *state;
	struct said said;

	begin(t, O_NONBLOCK);
	close_end(&t->from_stdout);
	settle(t);
	expect_no_control(t); /* not known before the first write */
	for (uint16_t i = 0; i < 8; i++)
		transmit(t, STDOUT_TX, i, "more", 4);
	said_begin(&said);
	settle(t);
	said_end(&said);
	assert_string_equal(said.text, ""); /* `| head` has seen enough: no fault */
	expect_control(t, SNUG_CONTROL_STDOUT_CLOSED, 0, 0);
	expect_no_control(t);
	for (uint16_t i = 0; i < 8; i++)
		assert_true(completed(t, STDOUT_TX));
	assert_true(virtio_console_drained(t->console));

	close_end(&t->from_stderr);
	transmit(t, STDERR_TX, 0, "more", 4);
	settle(t);
	expect_control(t, SNUG_CONTROL_STDERR_CLOSED, 0, 0);
	assert_false(needs_reset(t));
}

/* The reader leaves while output waits for it. */
static void the_reader_goes_away_later(void **state)
{
	struct console_test *t = *state;

	begin(t, 0);
	assert_true(fcntl(t->host.stdout_fd, F_SETPIPE_SZ, 4096) >= 4096);
	for (uint16_t i = 0; i < 4; i++)
		offer_one(&t->queue[STDOUT_TX], i, buffer_gpa(STDOUT_TX, i), BUFFER_SIZE, 0);
	kick(t, STDOUT_TX);
	settle(t);
	assert_false(virtio_console_drained(t->console));
	close_end(&t->from_stdout);
	settle(t);
	assert_true(virtio_console_drained(t->console));
	expect_control(t, SNUG_CONTROL_STDOUT_CLOSED, 0, 0);
}

/* An error that is not EPIPE is said, once, and not before the run is over. */
static void a_full_disk(void **state)
{
	struct console_test *t = *state;
	struct said said;

	t->host.stdout_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(t->host.stdout_fd >= 0);
	begin(t, 0);
	for (uint16_t i = 0; i < 3; i++)
		transmit(t, STDOUT_TX, i, "data", 4);
	said_begin(&said);
	settle(t);
	said_end(&said);
	assert_string_equal(said.text, "");
	said_begin(&said);
	virtio_console_report(t->console);
	said_end(&said);
	assert_string_equal(said.text, "snug: cannot write the command's output: "
				       "No space left on device\n");
	expect_control(t, SNUG_CONTROL_STDOUT_CLOSED, 0, 0);
	assert_true(virtio_console_drained(t->console));
	assert_false(needs_reset(t));
}

static void closed_descriptors(void **state)
{
	struct console_test *t = *state;

	/* Numbers that are not open. */
	t->host.stdin_fd = dup(0);
	t->host.stdout_fd = t->host.stdin_fd + 1;
	assert_int_equal(close(t->host.stdin_fd), 0);
	t->host.stdin_fd = t->host.stdin_fd + 1000;
	t->host.stdout_fd = t->host.stdout_fd + 1000;
	begin(t, O_NONBLOCK);
	t->host.stdin_fd = t->host.stdout_fd = -1;
	expect_control(t, SNUG_CONTROL_STDIN_END, 0, 0);
	expect_control(t, SNUG_CONTROL_STDOUT_CLOSED, 0, 0);
	expect_no_control(t);
	transmit(t, STDOUT_TX, 0, "lost", 4);
	settle(t);
	assert_true(completed(t, STDOUT_TX));
}

static int make_file(size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	char *data = malloc(size);

	assert_true(fd >= 0);
	assert_non_null(data);
	fill_pattern(data, size, 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	free(data);
	return fd;
}

/* A regular file as stdin, of no round size, and another as stdout. */
static void regular_files(void **state)
{
	struct console_test *t = *state;
	const size_t size = 300007;
	char data[BUFFER_SIZE];
	size_t got = 0;
	ssize_t n;

	t->host.stdin_fd = make_file(size);
	t->host.stdout_fd = memfd_create("out", MFD_CLOEXEC);
	begin(t, 0);
	while (got < size) {
		n = receive(t, STDIN_RX, data, sizeof(data));
		if (n < 0) {
			assert_true(turn(t) > 0); /* the kick of what was offered again */
			continue;
		}
		assert_pattern(data, (size_t)n, got);
		transmit(t, STDOUT_TX, 0, data, (uint32_t)n);
		settle(t);
		assert_true(completed(t, STDOUT_TX));
		got += (size_t)n;
	}
	settle(t);
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), -1);
	expect_control(t, SNUG_CONTROL_STDIN_END, 0, size);
	settle(t);
	expect_no_control(t);
	assert_int_equal(lseek(t->host.stdout_fd, 0, SEEK_END), size);
	for (size_t at = 0; at < size; at += (size_t)n) {
		n = pread(t->host.stdout_fd, data, sizeof(data), (off_t)at);
		assert_true(n > 0);
		assert_pattern(data, (size_t)n, at);
	}
}

static void play_stdin_pipe(struct console_test *t, int flags)
{
	size_t sent = 0, got = 0;
	char data[BUFFER_SIZE];

	begin(t, flags);
	for (unsigned round = 0; round < 500; round++) {
		size_t len = 1 + (round * 37) % 3000;
		ssize_t n;

		fill_pattern(data, len, sent);
		assert_int_equal(write(t->to_stdin, data, len), len);
		sent += len;
		settle(t);
		while ((n = receive(t, STDIN_RX, data, sizeof(data))) >= 0) {
			assert_true(n > 0);
			assert_pattern(data, (size_t)n, got);
			got += (size_t)n;
			settle(t);
		}
		assert_int_equal(got, sent);
	}
	expect_no_control(t);
	close_end(&t->to_stdin);
	settle(t);
	expect_control(t, SNUG_CONTROL_STDIN_END, 0, sent);
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), -1);
	settle(t);
	expect_no_control(t);
}

static void stdin_from_a_nonblocking_pipe(void **state)
{
	play_stdin_pipe(*state, O_NONBLOCK);
}

static void stdin_from_a_blocking_pipe(void **state)
{
	play_stdin_pipe(*state, 0);
}

static void stdin_waits_for_buffers_and_for_its_reader(void **state)
{
	struct console_test *t = *state;
	char data[BUFFER_SIZE];

	console_new(t, 0);
	console_begin(t);
	give_buffers(t, CONTROL_RX);
	assert_int_equal(write(t->to_stdin, "hello", 5), 5);
	close_end(&t->to_stdin);
	/* Nobody in the guest has opened it: what is read now would be lost. */
	give_buffer(t, STDIN_RX, 0, 3);
	settle(t);
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), -1);
	send_port_message(t, SNUG_PORT_STDIO, VIRTIO_CONSOLE_PORT_OPEN, 1);
	settle(t);
	/* One buffer of three bytes: the rest stays in the pipe until there is another. */
	uint32_t id, len;
	assert_true(take_used(&t->queue[STDIN_RX], &id, &len));
	assert_int_equal(len, 3);
	settle(t);
	assert_int_equal(read(t->host.stdin_fd, data, 1), 1);
	assert_int_equal(data[0], 'l');
	give_buffer(t, STDIN_RX, 1, 0); /* room for nothing is not the end of the file */
	give_buffer(t, STDIN_RX, 2, 10);
	kick(t, STDIN_RX);
	settle(t);
	assert_true(take_used(&t->queue[STDIN_RX], &id, &len));
	assert_int_equal(id, 1);
	assert_int_equal(len, 0);
	assert_true(take_used(&t->queue[STDIN_RX], &id, &len));
	assert_int_equal(id, 2);
	assert_int_equal(len, 1);
	assert_memory_equal(at_gpa(&t->mem, buffer_gpa(STDIN_RX, 2), 1), "o", 1);
}

/* Closing the port in the guest while its stdin has something must not make the loop spin. */
static void a_port_closed_with_stdin_waiting(void **state)
{
	struct console_test *t = *state;
	char data[BUFFER_SIZE];

	begin(t, 0);
	send_port_message(t, SNUG_PORT_STDIO, VIRTIO_CONSOLE_PORT_OPEN, 0);
	assert_int_equal(write(t->to_stdin, "x", 1), 1);
	settle(t);
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), -1);
	send_port_message(t, SNUG_PORT_STDIO, VIRTIO_CONSOLE_PORT_OPEN, 1);
	settle(t);
	assert_int_equal(receive(t, STDIN_RX, data, sizeof(data)), 1);
}

/* Nor must a device that failed while output and input waited. */
static void a_failed_device_waits_for_nothing(void **state)
{
	struct console_test *t = *state;
	char data[BUFFER_SIZE];

	begin(t, O_NONBLOCK);
	assert_true(fcntl(t->host.stdout_fd, F_SETPIPE_SZ, 4096) >= 4096);
	for (uint16_t i = 0; i < 4; i++)
		offer_one(&t->queue[STDOUT_TX], i, buffer_gpa(STDOUT_TX, i), BUFFER_SIZE, 0);
	kick(t, STDOUT_TX);
	settle(t);
	put16(&t->mem, t->queue[CONTROL_TX].avail_gpa + 2, 0x8000);
	kick(t, CONTROL_TX);
	settle(t);
	assert_true(needs_reset(t));
	assert_true(read(t->from_stdout, data, sizeof(data)) > 0);
	assert_int_equal(write(t->to_stdin, "x", 1), 1);
	settle(t);
	/* A reset with output half written: the next driver's output is not mixed with it. */
	console_begin(t);
	handshake(t);
	while (read(t->from_stdout, data, sizeof(data)) > 0)
		;
	transmit(t, STDOUT_TX, 3, "new", 3);
	settle(t);
	expect_text(t->from_stdout, "new");
}

/* The driver takes the queue away while a chain of it waits for the reader. */
static void a_queue_withdrawn_while_its_output_waits(void **state)
{
	struct console_test *t = *state;
	char data[BUFFER_SIZE];

	for (unsigned again = 0; again < 2; again++) {
		if (again == 0)
			begin(t, O_NONBLOCK);
		assert_true(fcntl(t->host.stdout_fd, F_SETPIPE_SZ, 4096) >= 4096);
		for (uint16_t i = 0; i < 4; i++)
			offer_one(&t->queue[STDOUT_TX], i, buffer_gpa(STDOUT_TX, i), BUFFER_SIZE,
				  0);
		kick(t, STDOUT_TX);
		settle(t);
		reg_write(&t->mmio, VIRTIO_MMIO_QUEUE_SEL, STDOUT_TX);
		reg_write(&t->mmio, VIRTIO_MMIO_QUEUE_READY, 0);
		if (again == 0)
			t->queue[STDOUT_TX] =
				start_queue(&t->mmio, &t->mem, STDOUT_TX, RING_GPA(STDOUT_TX));
		for (unsigned i = 0; i < 8; i++) {
			(void)!read(t->from_stdout, data, sizeof(data));
			settle(t);
		}
		assert_true(virtio_console_drained(t->console));
		/* A new queue gets nothing back that it did not give. */
		if (again == 0)
			assert_false(completed(t, STDOUT_TX));
	}
}

/* One chain of 128 MiB is more than a pass's share: the rest of the event loop has its turn between. */
static void output_in_passes(void **state)
{
	struct console_test *t = *state;
	const uint64_t table = BUFFER_GPA(CONTROL_RX);

	t->host.stdout_fd = open("/dev/null", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(t->host.stdout_fd >= 0);
	begin(t, 0);
	for (uint16_t i = 0; i < 128; i++)
		put_desc_at(&t->mem, table, i, MIB(3), (uint32_t)MIB(1),
			    i < 127 ? VRING_DESC_F_NEXT : 0, (uint16_t)(i + 1));
	offer_one(&t->queue[STDOUT_TX], 0, table, 128 * 16, VRING_DESC_F_INDIRECT);
	kick(t, STDOUT_TX);
	virtio_console_work(t->console);
	assert_false(completed(t, STDOUT_TX));
	assert_false(virtio_console_drained(t->console));
	settle(t);
	assert_true(completed(t, STDOUT_TX));
	assert_true(virtio_console_drained(t->console));
}

#define FLOOD_MAX 3000000

struct flood {
	struct console_test *t;
	unsigned queue;
	_Atomic bool stop;
	_Atomic unsigned rounds;
};

/* A vCPU that offers its buffers again as fast as the device returns them. */
static void *flood(void *arg)
{
	struct flood *f = arg;
	const struct vq_driver *d = &f->t->queue[f->queue];

	while (!atomic_load(&f->stop) && atomic_fetch_add(&f->rounds, 1) < FLOOD_MAX)
		put16(d->mem, d->avail_gpa + 2,
		      (uint16_t)(get16(d->mem, d->used_gpa + 2) + d->size));
	return NULL;
}

/* work() comes back although the ring is never empty. */
static void play_flood(struct console_test *t, unsigned queue, uint16_t flags)
{
	struct flood f = {.t = t, .queue = queue};
	struct vq_driver *d = &t->queue[queue];
	pthread_t thread;

	begin(t, 0);
	for (uint16_t i = 0; i < d->size; i++) {
		put_desc(d, i, buffer_gpa(queue, i), 1, flags, 0);
		put16(d->mem, d->avail_gpa + 4 + 2 * (uint64_t)i, i);
	}
	assert_int_equal(pthread_create(&thread, NULL, flood, &f), 0);
	while (atomic_load(&f.rounds) == 0)
		(void)sched_yield();
	for (unsigned i = 0; i < 50; i++)
		virtio_console_work(t->console);
	assert_true(atomic_load(&f.rounds) < FLOOD_MAX);
	atomic_store(&f.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(needs_reset(t));
	settle(t);
	assert_true(virtio_console_drained(t->console));
}

static void a_flood_of_control_messages(void **state)
{
	play_flood(*state, CONTROL_TX, 0);
}

static void *reset_often(void *arg)
{
	struct flood *f = arg;

	while (!atomic_load(&f->stop)) {
		reg_write(&f->t->mmio, VIRTIO_MMIO_STATUS, 0);
		console_begin(f->t);
		for (uint16_t i = 0; i < 4; i++)
			offer_one(&f->t->queue[STDOUT_TX], i, buffer_gpa(STDOUT_TX, i), BUFFER_SIZE,
				  0);
		kick(f->t, STDOUT_TX);
		atomic_fetch_add(&f->rounds, 1);
	}
	return NULL;
}

/* A vCPU resets the device while the event loop is at work with it. */
static void resets_while_at_work(void **state)
{
	struct console_test *t = *state;
	struct flood f = {.t = t};
	char data[BUFFER_SIZE];
	pthread_t thread;

	console_new(t, O_NONBLOCK);
	assert_int_equal(pthread_create(&thread, NULL, reset_often, &f), 0);
	while (atomic_load(&f.rounds) < 2000) {
		(void)turn(t);
		(void)!read(t->from_stdout, data, sizeof(data));
	}
	atomic_store(&f.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	console_begin(t);
	handshake(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		console_unit_test(stdout_and_stderr_stay_apart),
		console_unit_test(empty_buffers),
		console_unit_test(a_slow_reader_of_a_nonblocking_pipe),
		console_unit_test(a_slow_reader_of_a_blocking_pipe),
		console_unit_test(output_through_a_chain_of_pieces),
		console_unit_test(nobody_reads),
		console_unit_test(the_reader_goes_away_later),
		console_unit_test(a_full_disk),
		console_unit_test(closed_descriptors),
		console_unit_test(regular_files),
		console_unit_test(stdin_from_a_nonblocking_pipe),
		console_unit_test(stdin_from_a_blocking_pipe),
		console_unit_test(stdin_waits_for_buffers_and_for_its_reader),
		console_unit_test(a_port_closed_with_stdin_waiting),
		console_unit_test(a_failed_device_waits_for_nothing),
		console_unit_test(a_queue_withdrawn_while_its_output_waits),
		console_unit_test(output_in_passes),
		console_unit_test(a_flood_of_control_messages),
		console_unit_test(resets_while_at_work),
	};

	/* As in the monitor: a reader that went away is an error code. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
