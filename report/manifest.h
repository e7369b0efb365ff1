/* SPDX-License-Identifier: Apache-2.0 */
/* What a measurement depends on besides what is measured: the host, as it is when the benchmark starts. */
#ifndef REPORT_MANIFEST_H
#define REPORT_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#define MANIFEST_TEXT 128

/* An empty text: this host does not tell. */
struct manifest {
	char date[32];                       /* UTC, ISO 8601 */
	char host_kernel[2 * MANIFEST_TEXT]; /* release and version */
	char cpu[MANIFEST_TEXT];
	char governor[MANIFEST_TEXT]; /* of the first processor */
	char thp[MANIFEST_TEXT];      /* transparent huge pages: the word that is chosen */
	char kvm[MANIFEST_TEXT];      /* its module: "kvm_intel", "kvm_amd", "kvm_pvm" */
	bool is_pvm;                  /* which runs only kernels made for it */
	bool is_guest;                /* the host is itself a virtual machine */
	unsigned cpus;                /* on line */
	bool has_load;
	double load;                       /* of the last minute */
	uint64_t memory, memory_available; /* bytes; 0: not told */
};

/* root is put before every path: "", or a test's directory. */
void manifest_read(struct manifest *manifest, const char *root);

/* So much else is going on that times say little. */
bool manifest_is_busy(const struct manifest *manifest);

#endif
