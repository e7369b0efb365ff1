/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/util.h"

/* What a login shell would have where the caller has nothing. */
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static const char *const passed[] = {
	"PATH",   "TERM",     "COLORTERM", "NO_COLOR", /* the terminal */
	"LANG",   "LANGUAGE", "TZ",                    /* the person's language and time */
	"EDITOR", "VISUAL",   "PAGER",                 /* the person's habits */
};

/* Of a user, so not passed on to another one. */
static const char *const personal[] = {"HOME", "USER", "LOGNAME", "SHELL"};

static const char *lookup(char *const *environment, const char *name)
{
	const size_t len = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return *environment + len + 1;
	}
	return NULL;
}

static void pass(struct strlist *env, char *const *from, const char *name)
{
	const char *value = lookup(from, name);

	if (value)
		strlist_setenv(env, name, value);
}

static void pass_locale(struct strlist *env, char *const *from)
{
	for (; *from; from++) {
		if (strncmp(*from, "LC_", 3) == 0 && strchr(*from, '='))
			strlist_add(env, *from);
	}
}

static void set_missing(struct strlist *env, const char *name, const char *value)
{
	if (value && value[0] && !strlist_getenv(env, name))
		strlist_setenv(env, name, value);
}

static void add_personal(struct strlist *env, char *const *from, const struct identity *identity,
			 bool other_user)
{
	for (size_t i = 0; i < ARRAY_SIZE(personal) && !other_user; i++)
		pass(env, from, personal[i]);
	set_missing(env, "HOME", identity->home);
	set_missing(env, "USER", identity->name);
	set_missing(env, "LOGNAME", identity->name);
	set_missing(env, "SHELL", identity->shell);
}

static void add_requested(struct strlist *env, char *const *from, const char *request)
{
	const char *equals = strchr(request, '=');

	if (!equals) {
		strlist_unsetenv(env, request);
		pass(env, from, request);
		return;
	}
	_cleanup_free_ char *name = strndup(request, (size_t)(equals - request));
	if (!name) {
		env->error = -ENOMEM;
		return;
	}
	strlist_unsetenv(env, name);
	strlist_add(env, request);
}

void environment_default(char *const *caller_environ, const struct identity *identity,
			 bool other_user, struct strlist *env)
{
	add_personal(env, caller_environ, identity, other_user);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		pass(env, caller_environ, passed[i]);
	pass_locale(env, caller_environ);
	set_missing(env, "PATH", DEFAULT_PATH);
	strlist_setenv(env, "SNUG", "1");
}

void environment_clear(const struct identity *identity, struct strlist *env)
{
	strlist_setenv(env, "PATH", DEFAULT_PATH);
	set_missing(env, "HOME", identity->home);
	strlist_setenv(env, "SNUG", "1");
}

void environment_request(char *const *caller_environ, const struct strlist *requested,
			 struct strlist *env)
{
	for (size_t i = 0; i < requested->count; i++)
		add_requested(env, caller_environ, requested->items[i]);
}
