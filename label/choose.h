/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which label a run gets, and whether it can be had: asked of the policy before anything is done, so that
 * what stands in the way can be said, and not only "permission denied".
 */
#ifndef LABEL_CHOOSE_H
#define LABEL_CHOOSE_H

#include "label/draw.h"
#include "label/request.h"
#include "label/selinux.h"

/* Of snug's policy module (selinux/). */
#define SNUG_TYPE      "snug_t"
#define SNUG_EXEC_TYPE "snug_exec_t"

struct label {
	char *context;   /* NULL: none can be had, which only a permissive host lets pass */
	int reservation; /* descriptor; -1: its categories are not reserved */
};
#define LABEL_NONE ((struct label){.reservation = -1})

/*
 * Where SELinux is not disabled. 0, with *label the caller's, to be freed by label_free(); or -errno after
 * having logged why, and what to do.
 */
int label_choose(const struct selinux *selinux, enum selinux_mode mode,
		 const struct label_request *request, pair_reserve *reserve, struct label *label);

void label_free(struct label *label);
#define _cleanup_label_ __attribute__((cleanup(label_free)))

#endif
