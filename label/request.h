/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of snug-label, as the launcher makes it. It is run where SELinux is on, between launcher
 * and monitor, as it needs libselinux:
 *
 *   snug-label run [options] -- MONITOR ARG0 ARG...   takes the label and becomes the monitor: the program
 *                       MONITOR, of arguments ARG0 and so on, and --keep=FD where categories are reserved;
 *                       descriptors stay as they are, the environment is empty
 *   snug-label show [options] -- MONITOR ARG0 ARG...  prints the label it would take now
 *   snug-label mend --state=DIR   takes back labels of volumes that runs have left that were killed
 *
 *   --security=dynamic|static|inherit
 *   --label=CONTEXT     with static
 *   --volume=FD:ACCESS:RELABEL:PATH  a volume, any number: its descriptor in the monitor; ro or rw; no, z (label
 *                       it for all VMs) or Z (for this one alone); what to call it
 *   --state=DIR         where labels are remembered that were changed (label/state.h)
 *   --proc=FD           what the monitor knows as /proc/self/fd, which here becomes /proc (vmm/config.h):
 *                       /proc/self/fd has the label of the process that opened it
 *   --record=FD         write there which label it is (core/record.h, "label")
 *   --verbose           also say what is not worth a warning
 *
 * Exit status: EXIT_SNUG_FAILED, with one line that says why, or the monitor's.
 */
#ifndef LABEL_REQUEST_H
#define LABEL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum label_action {
	LABEL_RUN,
	LABEL_SHOW,
	LABEL_MEND,
};

/* Where the label comes from: --security of snug run. */
enum label_source {
	LABEL_DYNAMIC, /* snug_t, and two categories of the caller's that no other run has */
	LABEL_STATIC,  /* as it was given */
	LABEL_INHERIT, /* the caller's own */
};

enum relabel {
	RELABEL_NO,
	RELABEL_ALL,   /* z */
	RELABEL_ALONE, /* Z */
};

struct label_volume {
	int fd;
	bool rw;
	enum relabel relabel;
	const char *path;
};

#define LABEL_VOLUMES_MAX 256

struct label_request {
	enum label_action action;
	enum label_source source;
	const char *label; /* of LABEL_STATIC; as all strings, in argv */
	struct label_volume volumes[LABEL_VOLUMES_MAX];
	size_t volume_count;
	const char *state_path; /* NULL: there is none */
	int proc_fd;
	int record_fd; /* -1: none */
	bool verbose;
	const char *monitor; /* path */
	char **argv;         /* ARG0 and so on, NULL-terminated */
};

/* argv, which it changes, -> request. 0, or -EINVAL after having logged. */
int label_request_parse(struct label_request *request, char **argv);

#endif
