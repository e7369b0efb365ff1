/* SPDX-License-Identifier: Apache-2.0 */
#include "label/choose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/doctor_checks.h"
#include "core/log.h"
#include "label/context.h"

/* Why there is no label, and what to do: a refusal where SELinux enforces, else a warning. */
struct why {
	char text[768];
};

__attribute__((format(printf, 2, 3))) static int no(struct why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return -EPERM;
}

static int failed(struct why *why, const char *what, int err)
{
	return err == -ENOMEM ? err : no(why, "%s: %s", what, strerror(-err));
}

/* Will there be files made in directories that are not this run's alone? */
static bool writes(const struct label_request *request)
{
	for (size_t i = 0; i < request->volume_count; i++) {
		if (request->volumes[i].rw && request->volumes[i].relabel != RELABEL_ALONE)
			return true;
	}
	return false;
}

static int draw(const struct label_request *request, const char *own, pair_reserve *reserve,
		struct label *label, struct why *why)
{
	char range_text[RANGE_MAX];
	struct mls_range range;
	struct pair pair;
	int err = context_read_range(own, &range);

	if (err == -ENOMEM)
		return err;
	if (err)
		return no(why,
			  "%s has no categories to tell runs apart by (a policy without MCS?); "
			  "give a label with --security=static,label=CONTEXT",
			  own);
	int fd = draw_pair(&range.high, reserve, &pair);
	if (fd == -ERANGE)
		return no(why,
			  "fewer than two categories are yours (you are %s), and two tell a run "
			  "from others; log in with more ('semanage login -m -r s0-s0:c0.c1023 "
			  "USER'), or give a label with --security=static,label=CONTEXT",
			  own);
	if (fd == -EUSERS)
		return no(why,
			  "every two of your categories are in use by another run (you are %s)",
			  own);
	if (fd < 0)
		return failed(why, "two categories cannot be reserved", fd);
	label->reservation = fd;
	context_range_of_pair(&range.low, &pair, writes(request), range_text);
	return context_with(own, SNUG_TYPE, range_text, &label->context);
}

/* Whose categories nobody else should be dealt; that others were given the same is the user's choice. */
static int reserve_static(const char *context, pair_reserve *reserve, struct label *label)
{
	struct mls_range range;
	struct pair pair;

	label->context = strdup(context);
	if (!label->context)
		return -ENOMEM;
	if (context_read_range(context, &range) || !pair_of_level(&range.high, &pair))
		return 0;
	int fd = reserve(&pair);
	if (fd == -EADDRINUSE)
		log_verbose("another run has the categories of %s, too", context);
	label->reservation = fd < 0 ? -1 : fd;
	return 0;
}

/* A context is valid if the policy has user, role, type and range, and all may be together. */
static int check_valid(const struct selinux *selinux, const char *own, const struct label *label,
		       const struct label_request *request, struct why *why)
{
	_cleanup_free_ char *without_role = NULL;
	int err = selinux->check(label->context);

	if (err == 0)
		return 0;
	if (request->source == LABEL_STATIC)
		return no(why, "--security: the policy knows no label %s", label->context);
	/* An object has no role to be in the way. */
	err = context_with("system_u:object_r:x:s0", SNUG_EXEC_TYPE, NULL, &without_role);
	if (err)
		return err;
	if (selinux->check(without_role))
		return no(why, "snug's policy module is not installed: install it, as root, with "
			       "'make install-policy' or your distribution's package");
	return no(why,
		  "you are %s, and your role, or your SELinux user, may not run VMs; use another "
		  "(newrole), or have it allowed (snug_run() in snug.if)",
		  own);
}

static int check_entry(const struct selinux *selinux, const struct label *label,
		       const struct label_request *request, struct why *why)
{
	_cleanup_close_ int fd = open(request->monitor, O_PATH | O_CLOEXEC);
	_cleanup_free_ char *file = NULL;
	int err = fd < 0 ? -errno : selinux->of_fd(fd, &file);

	if (err)
		return failed(why, request->monitor, err);
	if (selinux->allowed(label->context, file, "file", "entrypoint") != 0)
		return 0;
	return no(why,
		  "%s is labelled %s, by which %s is not entered; label it with 'restorecon %s' or "
		  "'chcon -t " SNUG_EXEC_TYPE " %s'",
		  request->monitor, file, label->context, request->monitor, request->monitor);
}

static int check_obtainable(const struct selinux *selinux, const char *own,
			    const struct label *label, const struct label_request *request,
			    struct why *why)
{
	int err = check_valid(selinux, own, label, request, why);

	if (err || strcmp(own, label->context) == 0)
		return err;
	if (selinux->allowed(own, label->context, "process", "transition") == 0)
		return no(why,
			  "you are %s, which may not become %s; have it allowed (snug_run() in "
			  "snug.if)",
			  own, label->context);
	return check_entry(selinux, label, request, why);
}

static int choose(const struct selinux *selinux, const struct label_request *request,
		  pair_reserve *reserve, struct label *label, struct why *why)
{
	_cleanup_free_ char *own = NULL;
	int err = selinux->own(&own);

	if (err)
		return failed(why, "your label cannot be read", err);
	if (request->source == LABEL_DYNAMIC)
		err = draw(request, own, reserve, label, why);
	else if (request->source == LABEL_STATIC)
		err = reserve_static(request->label, reserve, label);
	else
		err = (label->context = strdup(own)) ? 0 : -ENOMEM;
	return err ? err : check_obtainable(selinux, own, label, request, why);
}

int label_choose(const struct selinux *selinux, enum selinux_mode mode,
		 const struct label_request *request, pair_reserve *reserve, struct label *label)
{
	struct why why;

	*label = LABEL_NONE;
	int err = choose(selinux, request, reserve, label, &why);
	if (err)
		label_free(label);
	if (err == -ENOMEM) {
		log_error("out of memory");
		return err;
	}
	if (err && mode == SELINUX_ENFORCING) {
		log_error("SELinux: %s%s" SEE_DOCTOR("selinux"), why.text,
			  request->source == LABEL_DYNAMIC ? "; or go without: --security=none"
							   : "");
		return err;
	}
	if (err)
		log_warning("SELinux is permissive, and this run gets no label: %s", why.text);
	else if (mode == SELINUX_PERMISSIVE)
		log_warning("SELinux is permissive: what %s may not do is done, and logged",
			    label->context);
	return 0;
}

void label_free(struct label *label)
{
	free(label->context);
	cleanup_close(&label->reservation);
	*label = LABEL_NONE;
}
