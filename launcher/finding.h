/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of snug doctor (core/doctor_checks.h) finds, and the checks themselves. */
#ifndef LAUNCHER_FINDING_H
#define LAUNCHER_FINDING_H

#include "core/doctor_checks.h"
#include "launcher/caller.h"
#include "launcher/host.h"

enum verdict {
	VERDICT_OK,
	VERDICT_WARN, /* runs lack something */
	VERDICT_FAIL, /* a run without options fails */
};

struct finding {
	enum verdict verdict;
	char text[1024];
	char cure[512]; /* what mends it; empty where the verdict is VERDICT_OK */
};

/* Each sets all of it, or, if there is a worse or an equal one, nothing: the first of the worst is told. */
void finding_ok(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_warn(struct finding *finding, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void finding_fail(struct finding *finding, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A message "REASON; CURE" as a finding; cure: where it has none. Without the "snug: " of a message, and
 * without what leads to snug doctor.
 */
void finding_message(struct finding *finding, enum verdict verdict, const char *message,
		     const char *cure);

/* Add to the text, behind "; ". */
void finding_add(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* 0 or -ENOMEM; *finding is empty, and VERDICT_OK. */
int check_kvm(const struct host *host, struct finding *finding);
int check_kernel(const struct host *host, const struct caller *caller, struct finding *finding);
int check_cache(const struct caller *caller, struct finding *finding);
void check_programs(struct finding *finding);
int check_selinux(const struct caller *caller, struct finding *finding);
void check_landlock(struct finding *finding);
void check_seccomp(struct finding *finding);
void check_userns(const struct host *host, struct finding *finding);
void check_limits(const struct host *host, struct finding *finding);
void check_memory(const struct host *host, struct finding *finding);

#endif
