/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "launcher/facts.h"
#include "launcher/finding.h"
#include "launcher/install.h"
#include "launcher/version.h"

static const char *const verdicts[] = {
	[VERDICT_OK] = "ok",
	[VERDICT_WARN] = "warn",
	[VERDICT_FAIL] = "fail",
};

static bool wanted(const struct options *options, enum doctor_check check)
{
	char *const *names = options->argv;

	while (*names && strcmp(*names, doctor_check_names[check]) != 0)
		names++;
	return !options->argv[0] || *names;
}

static int look(enum doctor_check check, const struct host *host, const struct caller *caller,
		struct finding *finding)
{
	switch (check) {
	case DOCTOR_KVM:
		return check_kvm(host, finding);
	case DOCTOR_KERNEL:
		return check_kernel(host, caller, finding);
	case DOCTOR_CACHE:
		return check_cache(caller, finding);
	case DOCTOR_PROGRAMS:
		check_programs(finding);
		break;
	case DOCTOR_SELINUX:
		return check_selinux(caller, finding);
	case DOCTOR_LANDLOCK:
		check_landlock(finding);
		break;
	case DOCTOR_SECCOMP:
		check_seccomp(finding);
		break;
	case DOCTOR_USERNS:
		check_userns(host, finding);
		break;
	case DOCTOR_LIMITS:
		check_limits(host, finding);
		break;
	case DOCTOR_MEMORY:
		check_memory(host, finding);
		break;
	case DOCTOR_CHECKS:
		break;
	}
	return 0;
}

static void print(const char *name, const struct finding *finding, FILE *out)
{
	(void)fprintf(out, "%-5s %-9s %s\n", verdicts[finding->verdict], name, finding->text);
	if (finding->cure[0])
		(void)fprintf(out, "%-5s %-9s %s\n", "", "", finding->cure);
}

static void write_facts(const char *name, const struct finding *finding, FILE *facts)
{
	facts_add(facts, "check", name);
	facts_add(facts, "verdict", verdicts[finding->verdict]);
	facts_add(facts, "text", finding->text);
	facts_add(facts, "cure", finding->cure);
}

/* Becomes another program, of which the output is, too; returns only after an error, logged. */
static int become_report(int facts)
{
	static char *const argv[] = {(char *)REPORT_NAME, (char *)"doctor", NULL};
	static char *const no_environment[] = {NULL};
	char path[PATH_MAX];
	int err = install_find(REPORT_NAME, X_OK, path);

	if (err) {
		install_missing(REPORT_NAME, err);
		return err;
	}
	if (dup2(facts, STDIN_FILENO) >= 0 && lseek(STDIN_FILENO, 0, SEEK_SET) == 0)
		(void)execve(path, argv, no_environment);
	err = -errno;
	log_error("%s cannot be executed: %s", path, strerror(-err));
	return err;
}

static int tell_program(const struct options *options, const struct finding *findings)
{
	_cleanup_close_ int fd = memfd_create("doctor", MFD_CLOEXEC);
	FILE *facts = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (!facts)
		return -ENOMEM;
	facts_add(facts, "version", SNUG_VERSION);
	for (int i = 0; i < DOCTOR_CHECKS; i++) {
		if (wanted(options, (enum doctor_check)i))
			write_facts(doctor_check_names[i], &findings[i], facts);
	}
	return fclose(facts) == 0 ? become_report(fd) : -ENOMEM;
}

static int tell_person(const struct options *options, const struct finding *findings, FILE *out)
{
	for (int i = 0; i < DOCTOR_CHECKS; i++) {
		if (wanted(options, (enum doctor_check)i))
			print(doctor_check_names[i], &findings[i], out);
	}
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	int err = -errno;
	log_error("standard output: %s", strerror(-err));
	return err;
}

int doctor_command(const struct options *options, const struct caller *caller,
		   const struct host *host, FILE *out, int *status)
{
	static struct finding findings[DOCTOR_CHECKS];
	int err = 0;

	for (int i = 0; i < DOCTOR_CHECKS && !err; i++) {
		if (wanted(options, (enum doctor_check)i))
			err = look((enum doctor_check)i, host, caller, &findings[i]);
		if (findings[i].verdict == VERDICT_FAIL)
			*status = DOCTOR_EXIT_FAIL;
	}
	if (err)
		return err;
	return options->doctor_json ? tell_program(options, findings)
				    : tell_person(options, findings, out);
}
