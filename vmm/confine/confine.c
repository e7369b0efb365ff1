/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/confine/confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/log.h"
#include "core/util.h"
#include "vmm/confine/caps.h"
#include "vmm/confine/landlock.h"
#include "vmm/confine/limits.h"
#include "vmm/confine/seccomp.h"

#ifdef SNUG_SANITIZED
/*
 * A sanitizer makes calls of its own, more at its report than can be listed; and looks at all threads as a
 * debugger, which a thread of fewer capabilities may not.
 */
#define THREADS_DIFFER false
#else
#define THREADS_DIFFER true
#endif

static bool wanted(const struct confine *confine, enum confine_layer layer)
{
	return !(confine->off & (1U << layer));
}

static void warn_of_missing(const struct confine *confine)
{
	char names[64] = "";

	for (unsigned int i = 0; i < CONFINE_LAYERS; i++) {
		const size_t at = strlen(names);

		if (!wanted(confine, (enum confine_layer)i))
			(void)snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "",
				       confine_layer_name((enum confine_layer)i));
	}
	if (names[0])
		log_warning("--no-confine: a guest that breaks out is not held by: %s", names);
}

static int failed(enum confine_layer layer, int error)
{
	const char *name = confine_layer_name(layer);

	log_error("the monitor cannot be confined: %s: %s (see snug doctor; --no-confine=%s leaves "
		  "that out)",
		  name, strerror(-error), name);
	return error;
}

static int keep_caps(const struct config *config)
{
	struct caps_files files = {.read = config->export_count > 0};

	for (unsigned int i = 0; i < config->export_count; i++)
		files.write |= config->exports[i].writable;
	return caps_keep(&files);
}

static int enter_landlock(const struct config *config)
{
	const char *why;
	int abi = landlock_restrict(config, &why);

	if (abi == 0)
		log_verbose("not confined by Landlock: %s", why);
	else if (abi > 0)
		log_verbose("confined by Landlock, ABI %d", abi);
	return abi < 0 ? abi : 0;
}

/* What each layer does to the process. */
static int enter(const struct confine *confine, const struct config *config)
{
	int r = 0;

	if (wanted(confine, CONFINE_LIMITS))
		r = limits_set(config);
	if (r < 0)
		return failed(CONFINE_LIMITS, r);
	timeline_stage(confine->timeline, "monitor: confine: limits");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		r = -errno;
		log_error("the monitor cannot be confined: no_new_privs: %s", strerror(-r));
		return r;
	}
	if (wanted(confine, CONFINE_CAPS))
		r = keep_caps(config);
	if (r < 0)
		return failed(CONFINE_CAPS, r);
	timeline_stage(confine->timeline, "monitor: confine: capabilities");
	if (wanted(confine, CONFINE_LANDLOCK))
		r = enter_landlock(config);
	if (r < 0)
		return failed(CONFINE_LANDLOCK, r);
	timeline_stage(confine->timeline, "monitor: confine: Landlock");
	return 0;
}

int confine_process(struct confine *confine, const struct config *config, struct timeline *timeline)
{
	int r;

	*confine = (struct confine){
		.off = config->no_confine,
		.timeline = timeline,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	warn_of_missing(confine);
	r = enter(confine, config);
	/* Last: a change of rights would clear it. */
	if (r == 0 && config->parent) {
		r = limits_follow_parent(config->parent);
		if (r < 0)
			log_error("the process that waits for the monitor: %s", strerror(-r));
	}
	return r;
}

/* What a layer does to one thread. */
static int enter_thread(const struct confine *confine, enum confine_thread thread)
{
	const bool serves = thread == CONFINE_READER || thread == CONFINE_WRITER;
	int r = 0;

	if (!THREADS_DIFFER)
		return 0;
	if (!serves && wanted(confine, CONFINE_CAPS))
		r = caps_drop_all();
	if (r == 0 && wanted(confine, CONFINE_SECCOMP))
		r = seccomp_enter(thread);
	return r;
}

int confine_enter(struct confine *confine, enum confine_thread thread)
{
	int r = enter_thread(confine, thread);

	(void)pthread_mutex_lock(&confine->lock);
	confine->confined++;
	if (r < 0 && !confine->error)
		confine->error = r;
	(void)pthread_cond_broadcast(&confine->changed);
	(void)pthread_mutex_unlock(&confine->lock);
	return r;
}

void confine_wait(struct confine *confine)
{
	(void)pthread_mutex_lock(&confine->lock);
	while (!confine->open)
		(void)pthread_cond_wait(&confine->changed, &confine->lock);
	(void)pthread_mutex_unlock(&confine->lock);
}

int confine_open(struct confine *confine, unsigned int threads)
{
	int r;

	timeline_stage(confine->timeline, "monitor: threads started");
	r = enter_thread(confine, CONFINE_MAIN);
	(void)pthread_mutex_lock(&confine->lock);
	while (confine->confined < threads)
		(void)pthread_cond_wait(&confine->changed, &confine->lock);
	if (r == 0)
		r = confine->error;
	/* Before the guest's stages. */
	timeline_stage(confine->timeline, "monitor: confine: seccomp");
	confine->open = r == 0;
	(void)pthread_cond_broadcast(&confine->changed);
	(void)pthread_mutex_unlock(&confine->lock);
	return r < 0 ? failed(CONFINE_SECCOMP, r) : 0;
}
