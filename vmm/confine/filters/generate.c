/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles table.h, when snug is built: prints a C file of programs for the kernel's seccomp, one for each
 * kind of thread. libseccomp does it; the monitor has only what comes of it.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/confine/filters/table.h"

#define ROWS (sizeof(rows) / sizeof(*rows))

static const char *const threads[] = {"main", "vcpu", "reader", "writer", "watcher"};
#define THREADS (sizeof(threads) / sizeof(*threads))

/* Ends the program if r is an error. */
static void check(int r, const char *what)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "generate: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void add_row(scmp_filter_ctx filter, const struct row *row)
{
	const uint32_t action =
		row->refused ? SCMP_ACT_ERRNO((uint32_t)row->refused) : SCMP_ACT_ALLOW;
	const int call = seccomp_syscall_resolve_name(row->call);
	struct scmp_arg_cmp args[CHECKS_MAX];
	unsigned int count = 0;

	check(call < 0 ? -ENOSYS : 0, row->call);
	for (unsigned int i = 0; i < CHECKS_MAX && row->checks[i].mask; i++)
		args[count++] = (struct scmp_arg_cmp){
			.arg = row->checks[i].arg,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = row->checks[i].mask,
			.datum_b = row->checks[i].value,
		};
	check(seccomp_rule_add_array(filter, action, call, count, args), row->call);
}

static scmp_filter_ctx make(unsigned int thread)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!filter)
		check(-ENOMEM, "seccomp_init");
	check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
	      "another architecture");
	/*
	 * A search tree: when a filter is installed, the kernel runs it for each call there is, to know
	 * those it always allows. That is most of what it costs.
	 */
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimizing");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].threads & (1U << thread))
			add_row(filter, &rows[i]);
	}
	return filter;
}

static void print(scmp_filter_ctx filter, const char *name)
{
	struct sock_filter code;
	FILE *file = tmpfile();

	if (!file) {
		perror("generate: tmpfile");
		exit(1);
	}
	check(seccomp_export_bpf(filter, fileno(file)), "seccomp_export_bpf");
	rewind(file);
	printf("static const struct sock_filter filter_%s[] = {\n", name);
	while (fread(&code, sizeof(code), 1, file) == 1)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", code.code, code.jt, code.jf, code.k);
	printf("};\n\n");
	(void)fclose(file);
}

int main(void)
{
	for (unsigned int i = 0; i < THREADS; i++) {
		scmp_filter_ctx filter = make(i);

		print(filter, threads[i]);
		seccomp_release(filter);
	}
	printf("static const struct {\n\tconst struct sock_filter *code;\n\tunsigned short count;\n"
	       "} filters[] = {\n");
	for (unsigned int i = 0; i < THREADS; i++)
		printf("\t{filter_%s, ARRAY_SIZE(filter_%s)},\n", threads[i], threads[i]);
	printf("};\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
