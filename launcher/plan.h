/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options, caller and host -> everything a run is made of, before anything is made. A plan is data:
 * prepare.h builds what it says, monitor.h starts it, dry_run.h prints it.
 */
#ifndef LAUNCHER_PLAN_H
#define LAUNCHER_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/cache.h"
#include "launcher/caller.h"
#include "launcher/hides.h"
#include "launcher/host.h"
#include "launcher/identity.h"
#include "launcher/kernel.h"
#include "launcher/mounts.h"
#include "launcher/options.h"
#include "launcher/security.h"
#include "launcher/strlist.h"

struct plan {
	struct kernel kernel;
	char *cmdline;   /* the kernel's command line */
	uint64_t memory; /* bytes, a whole number of MiB */
	unsigned cpus;
	uint32_t timeout_ms; /* 0: none */
	unsigned pids;       /* 0: as many as the kernel allows */
	struct overlay_size overlay_size;
	const char *root;        /* the directory that is the guest's root */
	struct strlist overlays; /* guest directories, where nothing of mounts is */
	struct mounts mounts;    /* what the user wants mounted */
	struct hides hides;
	bool root_caller; /* the files of the guest's users are theirs on the host, not the caller's */
	struct identity identity;
	struct strlist argv; /* at least one */
	struct strlist env;
	char *cwd; /* absolute */
	const char *hostname;
	mode_t umask;
	enum boot_way boot;
	bool kaslr;
	struct cache cache;
	struct stdio stdio;
	struct security security;
	struct timeline_options timeline;
	bool json_status;
	unsigned int no_confine; /* a bit for each enum confine_layer that is not wanted */
	bool verbose;
};

/* Bytes of a VM's memory, where -m does not say. */
uint64_t plan_default_memory(const struct host *host);

/*
 * Fills *plan, of which plan_free() releases everything, also after an error. 0, or -errno after
 * having logged what is wrong and what to do (-ENOMEM: not logged). Opens the kernel, and nothing
 * that needs a right to run VMs.
 */
int plan_make(struct plan *plan, const struct options *options, const struct caller *caller,
	      const struct host *host);

void plan_free(struct plan *plan);
#define _cleanup_plan_ __attribute__((cleanup(plan_free)))

#endif
