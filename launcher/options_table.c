/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/options_table.h"

#include <errno.h>
#include <stdio.h>

#include "core/confine_layers.h"
#include "core/util.h"
#include "launcher/options.h"

/*
 * A line each, of what fits beside the names in 80 columns: snug.1 says the rest. The unit tests measure.
 */
const struct option_def option_defs[] = {
	{OPTION_MEMORY, 'm', "memory", "SIZE",
	 "the VM's RAM (default: 512M, half a smaller host's)"},
	{OPTION_CPUS, 'c', "cpus", "N", "the VM's processors (default: 1, starts fastest)"},
	{OPTION_PIDS, 0, "pids", "N", "at most N processes and threads of CMD at a time"},
	{OPTION_KERNEL, 'k', "kernel", "FILE", "a bzImage (default: snug's own, or from /boot)"},
	{OPTION_MODULES, 0, "modules", "DIR", "the kernel's modules (default: those beside it)"},
	{OPTION_BOOT, 0, "boot", "direct|bzimage",
	 "direct: unpacked once, kept; bzimage: each time"},
	{OPTION_KASLR, 0, "kaslr", "on|off", "kernel at random addresses (default: on)"},
	{OPTION_APPEND, 0, "append", "STR", "more kernel parameters"},
	{OPTION_ENV, 'e', "env", "K[=V]", "set K in the environment, or pass on your own"},
	{OPTION_ENV_FILE, 0, "env-file", "FILE", "the same for each line of FILE; -e is stronger"},
	{OPTION_CLEARENV, 0, "clearenv", NULL, "pass nothing else on, but PATH, HOME and SNUG"},
	{OPTION_USER, 'u', "user", "USER", "run as root, NAME or UID[:GID] (default: as you)"},
	{OPTION_WORKDIR, 'w', "workdir", "DIR", "run in DIR (default: the current directory)"},
	{OPTION_HOSTNAME, 0, "hostname", "NAME", "the VM's name (default: snug)"},
	{OPTION_TTY, 't', "tty", NULL, "give CMD a terminal, whatever the streams are"},
	{OPTION_NO_TTY, 'T', "no-tty", NULL, "give it none"},
	{OPTION_TIMEOUT, 0, "timeout", "TIME", "end CMD after TIME, as 30s, 5m, 1.5h: 124"},
	{OPTION_VOLUME, 'v', "volume", "SRC[:DST][:OPT]",
	 "the host's SRC at DST; OPT: ro (default), rw, Z, ..."},
	{OPTION_RW, 0, "rw", "DIR", "let CMD write to the host's directory DIR"},
	{OPTION_TMPFS, 0, "tmpfs", "DIR", "an empty directory, in memory"},
	{OPTION_OVERLAY, 0, "overlay", "DIR", "let CMD write below DIR, and throw it away"},
	{OPTION_OVERLAY_SIZE, 0, "overlay-size", "SIZE|N%",
	 "what may be written there (default: half the RAM)"},
	{OPTION_KEEP_OVERLAY, 0, "keep-overlay", "DIR", "keep in DIR what would be thrown away"},
	{OPTION_SECURITY, 0, "security", "WHAT", "the SELinux label: dynamic (default), none, ..."},
	{OPTION_HIDE, 0, "hide", "PATH", "the host's PATH is empty to CMD"},
	{OPTION_NO_DEFAULT_HIDE, 0, "no-default-hide", NULL,
	 "show ~/.ssh, ~/.aws and other credentials"},
	{OPTION_DRY_RUN, 0, "dry-run", NULL, "show what would be run, and run nothing"},
	{OPTION_TIMELINE, 0, "timeline", "[=FILE]",
	 "show where the time went; FILE: a .json or .svg"},
	{OPTION_JSON_STATUS, 0, "json-status", "FILE",
	 "how it went, to FILE, for a program to read"},
	{OPTION_JSON_STATUS_FD, 0, "json-status-fd", "FD", "the same, to a descriptor"},
	{OPTION_NO_CONFINE, 0, "no-confine", "LAYER", "without " CONFINE_LAYER_LIST},
	{OPTION_CONFIG, 0, "config", "FILE", "options from FILE, one a line: memory=1G"},
	{OPTION_VERBOSE, 0, "verbose", NULL, "show the kernel's messages on standard error"},
	{OPTION_HELP, 'h', "help", NULL, "show this text"},
};
const size_t option_def_count = ARRAY_SIZE(option_defs);

/* Before which option the help has which heading: a group is what follows, up to the next one. */
static const struct {
	enum option_id first;
	const char *title;
} headings[] = {
	{OPTION_MEMORY, "The VM"},     {OPTION_ENV, "The command"},   {OPTION_VOLUME, "Files"},
	{OPTION_SECURITY, "Security"}, {OPTION_DRY_RUN, "Diagnosis"},
};

const struct option_def bench_option_defs[] = {
	{OPTION_RUNS, 0, "runs", "N", "runs of each variant, 1 to 10000 (default: 20)"},
	{OPTION_WARMUP, 0, "warmup", "N", "runs before, which do not count (default: 1)"},
	{OPTION_VS, 0, "vs", "WHAT",
	 "compare with a kernel (bzImage), another snug, or\n"
	 "more options of 'snug run'; may be repeated"},
	{OPTION_CACHE, 0, "cache", "warm|cold|empty",
	 "warm (default); cold: snug's files are not in the\n"
	 "page cache; empty: no kernel is unpacked yet;\n"
	 "several, joined by commas, are compared"},
	{OPTION_STAGES, 0, "stages", NULL, "also compare the stages (snug run --timeline)"},
	{OPTION_JSON, 0, "json", "FILE", "write all of it to FILE, each run's time too"},
};
const size_t bench_option_def_count = ARRAY_SIZE(bench_option_defs);

static const char help_snug[] =
	"snug runs one command in a virtual machine of its own, on this machine's files.\n"
	"\n"
	"  snug run [OPTIONS] [--] [CMD ARG...]    run CMD, or your shell\n"
	"  snug kernel [list|info|add|prune]       kernels: which there are, and are kept\n"
	"  snug bench [OPTIONS] [--] CMD [ARG...]  how long runs take, compared with what\n"
	"  snug security [show|mend]               the SELinux label a run would get\n"
	"  snug diff DIR                           what a run kept (--keep-overlay)\n"
	"  snug apply [OPTIONS] DIR [PATH...]      ... and do the same on the host\n"
	"  snug doctor [--json] [CHECK...]         can this host run VMs; if not, why\n"
	"  snug help [COMMAND]                     this text, or a command's\n"
	"  snug version                            the version, and where its parts are\n";

static const char help_run_head[] =
	"snug run [OPTIONS] [--] [CMD ARG...]\n"
	"\n"
	"Runs CMD (default: your shell) in a VM, on the host's files, to read. What it\n"
	"writes to /tmp, /home and your home is thrown away. To keep something: --rw DIR.\n"
	"\n";

static const char help_run_tail[] =
	"\n"
	"Options of files may be repeated; so may --append, --env and --hide.\n"
	"Environment: PATH, HOME, USER, LOGNAME, SHELL, TERM, COLORTERM, NO_COLOR, LANG,\n"
	"LANGUAGE, LC_*, TZ, EDITOR, VISUAL, PAGER are passed on; SNUG=1 is added.\n"
	"Exit status: CMD's, 128+N by signal N; 124 timeout; 125 snug; 126, 127 not run.\n";

static const char help_kernel[] =
	"snug kernel list           snug's own kernel and those in /boot: can they be run\n"
	"                           and are they unpacked; *: what is run by default\n"
	"snug kernel info FILE...   more of a kernel\n"
	"snug kernel add FILE...    unpack a kernel now, and not when it is first run\n"
	"snug kernel prune [--all]  remove what is kept of kernels that are not in this\n"
	"                           list (any more), or of all\n"
	"\n"
	"Unpacked kernels are kept in $XDG_CACHE_HOME/snug, or ~/.cache/snug.\n";

static const char help_security[] =
	"snug security show   the SELinux label that a run would get now, or why it would\n"
	"                     get none\n"
	"snug security mend   take back the labels that -v DIR:z and -v DIR:Z gave, where\n"
	"                     runs were killed before they could; the next run does, too\n";

static const char help_doctor[] =
	"snug doctor [--json] [CHECK...]\n"
	"\n"
	"Says of each CHECK, or of all, whether it is ok, whether runs lack something\n"
	"(warn) or fail, and then what mends it. Failures of 'snug run' name their check.\n"
	"\n"
	"  kvm       /dev/kvm: there, permitted, and of a kind that runs Linux\n"
	"  kernel    which kernel runs by default, and how it has 9p and virtio\n"
	"  cache     where unpacked kernels are kept\n"
	"  programs  the parts of snug\n"
	"  selinux   the label that a run would get\n"
	"  landlock  what Landlock holds the monitor to\n"
	"  seccomp   system call filters\n"
	"  userns    user namespaces, which snug can do without\n"
	"  limits    the caller's resource limits\n"
	"  memory    whether there is enough for a VM\n"
	"\n"
	"      --json  one JSON object, for a program\n"
	"\n"
	"Exit status: 0; 1 a run would fail; 125 snug doctor failed.\n";

static const char help_diff[] =
	"snug diff DIR   what CMD added (A), modified (M) and deleted (D) in a run with\n"
	"                --keep-overlay=DIR\n"
	"\n"
	"Exit status: 0; 125 DIR is incomplete, or not what snug writes.\n";

static const char help_apply[] =
	"snug apply [OPTIONS] DIR [PATH...]\n"
	"\n"
	"Makes the changes that 'snug diff DIR' shows on the host, those at and below the\n"
	"PATHs or all, after showing them and asking.\n"
	"\n"
	"  -y, --yes                do not ask\n"
	"  -n, --dry-run            only show\n"
	"      --force              also where the host's file has changed meanwhile\n"
	"\n"
	"No symbolic link is followed; files become yours, and never set-user-ID.\n"
	"Exit status: 0; 125 something could not be read or was not changed.\n";

static const char help_bench_head[] =
	"snug bench [OPTIONS] [OPTIONS of snug run] [--] CMD [ARG...]\n"
	"\n"
	"Times whole runs of CMD, from starting snug to its end, and compares variants:\n"
	"each round has one run of every variant, in random order. A run that ends\n"
	"otherwise than the first one ends the benchmark.\n"
	"\n";

static const char help_bench_tail[] =
	"\n"
	"Options of snug run are those of every variant; 'snug help run' lists them.\n"
	"Ratios are of medians, against the first variant, in brackets their 95 %\n"
	"bootstrap interval.\n"
	"Exit status: 0; 125 a run, or the benchmark, failed; 128+N ended by signal N.\n"
	"\n"
	"  snug bench -- true\n"
	"  snug bench --vs '--kaslr=off' --vs '--boot=bzimage' -- true\n"
	"  snug bench --cache=warm,cold --vs ./vmlinuz-6.12 --json=times.json -- true\n";

bool options_value_is_optional(const struct option_def *def)
{
	return def->value && def->value[0] == '[';
}

/* Those of most options fit; the text begins a blank after. */
#define NAMES_WIDTH 25

static void print_option(const struct option_def *def, FILE *out)
{
	char names[64];
	int n = snprintf(names, sizeof(names), "%c%c%s --%s", def->letter ? '-' : ' ',
			 def->letter ? def->letter : ' ', def->letter ? "," : " ", def->name);

	if (def->value && n > 0 && (size_t)n < sizeof(names))
		n += snprintf(names + n, sizeof(names) - (size_t)n, "%s%s",
			      options_value_is_optional(def) ? "" : "=", def->value);
	/* A line of its own for long names; a help text of more lines goes on below its first. */
	(void)fprintf(out, n > NAMES_WIDTH ? "  %s\n  %*s " : "  %s%*s ", names,
		      n > NAMES_WIDTH ? NAMES_WIDTH : NAMES_WIDTH - n, "");
	for (const char *c = def->help; *c; c++) {
		if (*c == '\n')
			(void)fprintf(out, "\n  %*s ", NAMES_WIDTH, "");
		else
			(void)fputc(*c, out);
	}
	(void)fputc('\n', out);
}

static void print_options(const struct option_def *defs, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(headings); j++) {
			if (headings[j].first == defs[i].id)
				(void)fprintf(out, "%s:\n", headings[j].title);
		}
		print_option(&defs[i], out);
	}
}

int options_print_help(enum command command, FILE *out)
{
	if (command == COMMAND_HELP_KERNEL) {
		(void)fputs(help_kernel, out);
	} else if (command == COMMAND_HELP_SECURITY) {
		(void)fputs(help_security, out);
	} else if (command == COMMAND_HELP_DOCTOR) {
		(void)fputs(help_doctor, out);
	} else if (command == COMMAND_HELP_DIFF) {
		(void)fputs(help_diff, out);
	} else if (command == COMMAND_HELP_APPLY) {
		(void)fputs(help_apply, out);
	} else if (command == COMMAND_HELP_BENCH) {
		(void)fputs(help_bench_head, out);
		print_options(bench_option_defs, bench_option_def_count, out);
		(void)fputs(help_bench_tail, out);
	} else if (command == COMMAND_HELP) {
		(void)fputs(help_snug, out);
	} else {
		(void)fputs(help_run_head, out);
		print_options(option_defs, option_def_count, out);
		(void)fputs(help_run_tail, out);
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : -errno;
}
