/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/cmdline.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/abi.h"
#include "core/cleanup.h"
#include "core/util.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

/* In this order: the kernel acts on each early parameter as it comes to it. */
static const struct item {
	const char *text;
	bool unless_verbose;
	const char *reason;
} items[] = {
	{"quiet", true,
	 "no more than errors; before earlycon, whose registration replays the log so far"},
	{"loglevel=3", true,
	 "nor errors, but what is worse: there are always two (no PCI, no console), each byte of "
	 "which is two "
	 "exits"},
	{"earlycon=uart8250,io," STRING(SNUG_PORT_EARLY_CONSOLE), false,
	 "the kernel's console; earlyprintk would do as well, and say where KASLR gets its random "
	 "numbers from, in 152 exits, quiet or not"},
	{"keep_bootcon", false,
	 "it stays: a port of the virtio console for it would be two queues more to set up, and a "
	 "panic's "
	 "words would depend on them"},
	{"8250.nr_uarts=0", false, "there is no UART: no probing for four of them"},
	{"pci=off", false, "there is no PCI: no probing for a bus"},
	{"reboot=b", false,
	 "by the reset vector: a kernel without ACPI would ask a keyboard controller first, for "
	 "seconds"},
	{"cryptomgr.notests", false,
	 "no self-tests of every cipher: a fifth of the kernel's own time, each time the same"},
	{"noreplace-smp", false,
	 "lock prefixes stay: patching each of them out, as is done with one processor, takes "
	 "longer "
	 "than they do in a short run"},
	{"panic=-1", false, "a panic resets at once, which ends the VM"},
	{"random.trust_cpu=on", false,
	 "RDRAND seeds the generator of kernels that take no seed from a loader, before 6.0"},
};

char *cmdline_make(const char *const *append, size_t count, const struct cmdline_options *options)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	const char *separator = "";
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		if (items[i].unless_verbose && options->verbose)
			continue;
		(void)fprintf(out, "%s%s", separator, items[i].text);
		separator = " ";
	}
	if (!options->kaslr)
		(void)fputs(" nokaslr", out);
	/* All of the log is read, at the end. */
	if (options->initcalls)
		(void)fputs(" initcall_debug log_buf_len=4M", out);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, " %s", append[i]);
	if (fclose(out) != 0)
		return NULL;
	return steal_ptr(&line);
}
