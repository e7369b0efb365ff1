/* SPDX-License-Identifier: Apache-2.0 */
#include "core/doctor_checks.h"

const char *const doctor_check_names[DOCTOR_CHECKS] = {
	[DOCTOR_KVM] = "kvm",         [DOCTOR_KERNEL] = "kernel",
	[DOCTOR_CACHE] = "cache",     [DOCTOR_PROGRAMS] = "programs",
	[DOCTOR_SELINUX] = "selinux", [DOCTOR_LANDLOCK] = "landlock",
	[DOCTOR_SECCOMP] = "seccomp", [DOCTOR_USERNS] = "userns",
	[DOCTOR_LIMITS] = "limits",   [DOCTOR_MEMORY] = "memory",
};
