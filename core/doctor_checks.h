/* SPDX-License-Identifier: Apache-2.0 */
/* What `snug doctor` looks at, by name: for its command line, and for messages that send the reader there. */
#ifndef CORE_DOCTOR_CHECKS_H
#define CORE_DOCTOR_CHECKS_H

/* In the order in which a run depends on them. */
enum doctor_check {
	DOCTOR_KVM,
	DOCTOR_KERNEL,
	DOCTOR_CACHE,
	DOCTOR_PROGRAMS,
	DOCTOR_SELINUX,
	DOCTOR_LANDLOCK,
	DOCTOR_SECCOMP,
	DOCTOR_USERNS,
	DOCTOR_LIMITS,
	DOCTOR_MEMORY,
	DOCTOR_CHECKS,
};

extern const char *const doctor_check_names[DOCTOR_CHECKS];

/* The end of a message about what a check finds, too: a literal. */
#define SEE_DOCTOR(check) " (snug doctor: " check ")"

#endif
