/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan needs made before the monitor can start: the run specification and the initrd. */
#ifndef LAUNCHER_PREPARE_H
#define LAUNCHER_PREPARE_H

#include <stdint.h>

#include "boot/spec.h"
#include "launcher/plan.h"

struct prepared {
	struct spec spec;
	int vmlinux_fd; /* the unpacked kernel; owned; -1: its own decompressor is used */
	int initrd_fd;  /* what is the same for every run; owned */
	int spec_fd;    /* an initrd of the specification; sealed memory file; owned */
};

/* 0, or -errno after having logged (-ENOMEM: not logged). prepared_free() releases, also after an error. */
int prepare(struct prepared *prepared, const struct plan *plan);

/* Where a module is in the initrd; at most PATH_MAX bytes. 0 or -ENAMETOOLONG. */
int prepare_module_path(const struct module *module, char *path);

void prepared_free(struct prepared *prepared);
#define _cleanup_prepared_ __attribute__((cleanup(prepared_free)))

#endif
