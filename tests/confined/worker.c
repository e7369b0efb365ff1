/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of the 9P server with its workers confined as in a run: linked into them with --wrap, so that
 * each worker serves on a thread of its own, which has of capabilities, Landlock and system calls what
 * vmm/confine gives a file server's. What a test does itself is not confined. A call that is not allowed
 * ends the test program (SIGSYS).
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "core/util.h"
#include "virtio/p9/request.h"
#include "vmm/confine/caps.h"
#include "vmm/confine/landlock.h"
#include "vmm/confine/seccomp.h"

struct p9_worker *__real_p9_worker_new(struct p9_server *server);
void __real_p9_worker_free(struct p9_worker *worker);
bool __real_p9_worker_take(struct p9_worker *worker, const struct iovec *request, size_t count);
size_t __real_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count);

struct p9_worker *__wrap_p9_worker_new(struct p9_server *server);
void __wrap_p9_worker_free(struct p9_worker *worker);
bool __wrap_p9_worker_take(struct p9_worker *worker, const struct iovec *request, size_t count);
size_t __wrap_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count);

enum job {
	JOB_NONE,
	JOB_TAKE,
	JOB_SERVE,
	JOB_END,
};

/* The thread of a worker. */
struct helper {
	struct p9_worker *worker;
	struct helper *next;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum job job;
	const struct iovec *iov;
	size_t count;
	size_t result;
};

extern const int confined_workers;
const int confined_workers = 1;

static struct helper *helpers;
static pthread_mutex_t helpers_lock = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *what)
{
	(void)fprintf(stderr, "a worker cannot be confined: %s\n", what);
	abort();
}

static void confine(const struct p9_share *share)
{
	static __thread struct config config;
	struct caps_files files = {.read = true};
	const char *why;

	config.export_count = (unsigned int)share->export_count;
	for (size_t i = 0; i < share->export_count; i++) {
		config.exports[i] = share->exports[i];
		files.write |= share->exports[i].writable;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up("no_new_privs");
	if (caps_keep(&files) < 0)
		give_up("capabilities");
	if (landlock_restrict(&config, &why) < 0)
		give_up("Landlock");
	if (seccomp_enter(files.write ? CONFINE_WRITER : CONFINE_READER) < 0)
		give_up("seccomp");
}

static void *help(void *arg)
{
	struct helper *h = arg;
	bool end = false;

	confine(&h->worker->server->share);
	(void)pthread_mutex_lock(&h->lock);
	while (!end) {
		while (h->job == JOB_NONE)
			(void)pthread_cond_wait(&h->changed, &h->lock);
		if (h->job == JOB_TAKE)
			h->result = __real_p9_worker_take(h->worker, h->iov, h->count);
		else if (h->job == JOB_SERVE)
			h->result = __real_p9_worker_serve(h->worker, h->iov, h->count);
		end = h->job == JOB_END;
		h->job = JOB_NONE;
		(void)pthread_cond_broadcast(&h->changed);
	}
	(void)pthread_mutex_unlock(&h->lock);
	return NULL;
}

static struct helper *helper_of(const struct p9_worker *worker)
{
	struct helper *h;

	(void)pthread_mutex_lock(&helpers_lock);
	for (h = helpers; h->worker != worker; h = h->next)
		;
	(void)pthread_mutex_unlock(&helpers_lock);
	return h;
}

static size_t have_done(const struct p9_worker *worker, enum job job, const struct iovec *iov,
			size_t count)
{
	struct helper *h = helper_of(worker);
	size_t result;

	(void)pthread_mutex_lock(&h->lock);
	h->iov = iov;
	h->count = count;
	h->job = job;
	(void)pthread_cond_broadcast(&h->changed);
	while (h->job != JOB_NONE)
		(void)pthread_cond_wait(&h->changed, &h->lock);
	result = h->result;
	(void)pthread_mutex_unlock(&h->lock);
	return result;
}

struct p9_worker *__wrap_p9_worker_new(struct p9_server *server)
{
	struct p9_worker *worker = __real_p9_worker_new(server);
	struct helper *h = worker ? calloc(1, sizeof(*h)) : NULL;

	if (!h)
		return NULL;
	h->worker = worker;
	(void)pthread_mutex_init(&h->lock, NULL);
	(void)pthread_cond_init(&h->changed, NULL);
	(void)pthread_mutex_lock(&helpers_lock);
	h->next = helpers;
	helpers = h;
	(void)pthread_mutex_unlock(&helpers_lock);
	if (pthread_create(&h->thread, NULL, help, h))
		give_up("no thread");
	return worker;
}

void __wrap_p9_worker_free(struct p9_worker *worker)
{
	struct helper *h;

	if (!worker)
		return;
	h = helper_of(worker);
	(void)have_done(worker, JOB_END, NULL, 0);
	(void)pthread_join(h->thread, NULL);
	(void)pthread_mutex_lock(&helpers_lock);
	for (struct helper **at = &helpers; *at; at = &(*at)->next) {
		if (*at == h) {
			*at = h->next;
			break;
		}
	}
	(void)pthread_mutex_unlock(&helpers_lock);
	free(h);
	__real_p9_worker_free(worker);
}

bool __wrap_p9_worker_take(struct p9_worker *worker, const struct iovec *request, size_t count)
{
	return have_done(worker, JOB_TAKE, request, count);
}

size_t __wrap_p9_worker_serve(struct p9_worker *worker, const struct iovec *reply, size_t count)
{
	return have_done(worker, JOB_SERVE, reply, count);
}
