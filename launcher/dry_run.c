/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/dry_run.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/util.h"
#include "launcher/monitor.h"
#include "launcher/shell_quote.h"

static void print_initrd(const struct plan *plan, const struct prepared *prepared, FILE *out)
{
	char path[PATH_MAX];

	(void)fprintf(out, "\n# initrd:\n#   /init  guest-init\n");
	for (size_t i = 0; i < plan->kernel.modules.count; i++) {
		const struct module *module = &plan->kernel.modules.modules[i];
		if (prepare_module_path(module, path) == 0)
			(void)fprintf(out, "#   %s  from %s\n", path, module->path);
	}
	(void)fprintf(out, "# another initrd, for this run:\n#   " SNUG_SPEC_PATH "  %zu bytes:\n",
		      prepared->spec.size);
	const char *record = NULL;
	while ((record = spec_next(&prepared->spec, record))) {
		(void)fputs("#     ", out);
		shell_quote(record, out);
		(void)fputc('\n', out);
	}
}

static void print_redirection(int fd, const char *operator, const char * file, FILE *out)
{
	(void)fprintf(out, " \\\n  %d%s", fd, operator);
	shell_quote(file, out);
}

/* Where it is in the cache; a name of its own for a memory file. */
static const char *file_of(int fd, const char *memory, char name[PATH_MAX])
{
	char link[32];
	struct stat st;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	const ssize_t len = readlink(link, name, PATH_MAX - 1);
	name[len < 0 ? 0 : len] = '\0';
	return stat(name, &st) == 0 ? name : memory;
}

static void print_monitor(const struct plan *plan, const struct prepared *prepared,
			  const char *monitor, const struct strlist *argv, const char *label,
			  FILE *out)
{
	char name[PATH_MAX];
	const char *path;
	int fd, from;

	(void)fputs("\n# monitor (the second initrd is a memory file: save one to run this by "
		    "hand; exec, "
		    "so that "
		    "it is\n# the monitor's own /proc/self/fd)\n(exec env -i ",
		    out);
	if (label) {
		(void)fputs("runcon ", out);
		shell_quote(label, out);
		(void)fputs(" \\\n  ", out);
	}
	shell_quote(monitor, out);
	for (size_t i = 1; i < argv->count; i++) {
		(void)fputs(" \\\n  ", out);
		shell_quote(argv->items[i], out);
	}
	print_redirection(MONITOR_FD_KVM, "<>", "/dev/kvm", out);
	print_redirection(MONITOR_FD_KERNEL, "<", plan->kernel.path, out);
	print_redirection(MONITOR_FD_INITRD, "<", file_of(prepared->initrd_fd, "initrd", name),
			  out);
	print_redirection(MONITOR_FD_ROOT, "<", plan->root, out);
	print_redirection(MONITOR_FD_PROC, "<", "/proc/self/fd", out);
	print_redirection(MONITOR_FD_SPEC, "<", "spec-initrd", out);
	if (prepared->vmlinux_fd >= 0)
		print_redirection(MONITOR_FD_VMLINUX, "<",
				  file_of(prepared->vmlinux_fd, "vmlinux", name), out);
	if (plan->timeline.any)
		print_redirection(MONITOR_FD_TIMELINE, ">", "record", out);
	for (unsigned i = 0; (fd = monitor_plan_fd(plan, i, &from, &path)) >= 0; i++)
		print_redirection(fd, "<", path, out);
	(void)fputs(")\n", out);
}

int dry_run_print(const struct plan *plan, const struct prepared *prepared, const char *monitor,
		  const struct strlist *monitor_argv, const char *label, FILE *out)
{
	(void)fprintf(out, "# kernel:  %s (%s)\n", plan->kernel.path,
		      plan->kernel.image.version[0] ? plan->kernel.image.version : "no version");
	(void)fprintf(out, "# modules: %s (%zu to load)\n", plan->kernel.modules_dir,
		      plan->kernel.modules.count);
	(void)fprintf(out, "# memory:  %lluM\n", (unsigned long long)(plan->memory / MIB(1)));
	(void)fprintf(out, "# cpus:    %u\n", plan->cpus);
	if (label)
		(void)fprintf(out, "# label:   %s\n", label);
	(void)fputs("# command:", out);
	for (size_t i = 0; i < plan->argv.count; i++) {
		(void)fputc(' ', out);
		shell_quote(plan->argv.items[i], out);
	}
	(void)fputc('\n', out);
	print_initrd(plan, prepared, out);
	print_monitor(plan, prepared, monitor, monitor_argv, label, out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -(errno ? errno : EIO);
}
