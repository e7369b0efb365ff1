/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include <errno.h>

#include "core/confine_layers.h"
#include "core/util.h"
#include "launcher/options.h"
#include "launcher/suggest.h"

#define ARGS_MAX 20

/* Splits at single spaces: enough for what is typed here. */
static int parse(struct options *options, char *line)
{
	static char *argv[ARGS_MAX + 2];
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t) "snug";
	for (char *word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_parse(options, argc, argv);
}

#define parse_ok(options, text)                               \
	do {                                                  \
		static char line_[] = text;                   \
		assert_int_equal(parse((options), line_), 0); \
	} while (0)

static void defaults(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run");
	assert_int_equal(options.command, COMMAND_RUN);
	assert_int_equal(options.memory, 0);
	assert_null(options.kernel);
	assert_null(options.user);
	assert_false(options.dry_run || options.timeline.any || options.verbose);
	assert_null(options.argv[0]);
	options_free(&options);
}

static void every_option_long_and_short(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options,
		 "run -m 2G -c 4 -kK -e A=1 -eB -u root -w/d --modules=M --append x=y cmd");
	assert_int_equal(options.memory, GIB(2));
	assert_int_equal(options.cpus, 4);
	assert_string_equal(options.kernel, "K");
	assert_string_equal(options.modules, "M");
	assert_string_equal(options.user, "root");
	assert_string_equal(options.workdir, "/d");
	assert_int_equal(options.env.count, 2);
	assert_string_equal(options.env.items[0], "A=1");
	assert_string_equal(options.env.items[1], "B");
	assert_string_equal(options.append.items[0], "x=y");
	assert_string_equal(options.argv[0], "cmd");
	options_free(&options);

	parse_ok(&options,
		 "run --memory=64m --cpus=64 --kernel K --env=A= --user 7:8 --workdir=d --dry-run "
		 "--timeline --verbose --no-confine caps --no-confine=landlock,limits");
	assert_int_equal(options.memory, MIB(64));
	assert_int_equal(options.cpus, 64);
	assert_string_equal(options.kernel, "K");
	assert_string_equal(options.env.items[0], "A=");
	assert_string_equal(options.user, "7:8");
	assert_string_equal(options.workdir, "d");
	assert_true(options.dry_run && options.timeline.table && options.verbose);
	assert_int_equal(options.no_confine,
			 1U << CONFINE_CAPS | 1U << CONFINE_LANDLOCK | 1U << CONFINE_LIMITS);
	options_free(&options);
}

static void time_and_terminal(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run true");
	assert_int_equal(options.timeout_ms, 0);
	assert_int_equal(options.tty, STDIO_TTY_AUTO);
	options_free(&options);
	parse_ok(&options, "run --timeout 1.5m -t true");
	assert_int_equal(options.timeout_ms, 90000);
	assert_int_equal(options.tty, STDIO_TTY_ALWAYS);
	options_free(&options);
	parse_ok(&options, "run -t --no-tty true");
	assert_int_equal(options.tty, STDIO_TTY_NEVER);
	options_free(&options);
}

static void limits_and_names(void **state)
{
	static char longest[] =
		"run --hostname 123456789-123456789-123456789-123456789-123456789-1234.6789-1234";
	struct options options;

	(void)state;
	parse_ok(&options, "run --pids 1 --overlay-size=64m --hostname A.b-1.2");
	assert_int_equal(options.pids, 1);
	assert_int_equal(options.overlay_size.bytes, MIB(64));
	assert_int_equal(options.overlay_size.percent, 0);
	assert_string_equal(options.hostname, "A.b-1.2");
	options_free(&options);
	/* The last one counts, whatever its form. */
	parse_ok(&options, "run --overlay-size=64m --overlay-size 100% --pids 4194304");
	assert_int_equal(options.pids, 4194304);
	assert_int_equal(options.overlay_size.bytes, 0);
	assert_int_equal(options.overlay_size.percent, 100);
	options_free(&options);
	assert_int_equal(parse(&options, longest), 0);
	assert_int_equal(strlen(options.hostname), 64);
	options_free(&options);
}

static void where_the_status_goes(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run cmd");
	assert_false(options.json_status.any);
	options_free(&options);
	parse_ok(&options, "run --json-status f cmd");
	assert_true(options.json_status.any);
	assert_string_equal(options.json_status.file, "f");
	options_free(&options);
	parse_ok(&options, "run --json-status-fd=7 cmd");
	assert_true(options.json_status.any);
	assert_null(options.json_status.file);
	assert_int_equal(options.json_status.fd, 7);
	options_free(&options);
}

static void where_the_timeline_goes(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run --timeline=a.json --timeline=b/c.svg cmd");
	assert_true(options.timeline.any);
	assert_false(options.timeline.table || options.timeline.initcalls);
	assert_string_equal(options.timeline.json, "a.json");
	assert_string_equal(options.timeline.svg, "b/c.svg");
	assert_string_equal(options.argv[0], "cmd");
	options_free(&options);
	/* The next word is not its value. */
	parse_ok(&options, "run --timeline x.json");
	assert_true(options.timeline.table);
	assert_null(options.timeline.json);
	assert_string_equal(options.argv[0], "x.json");
	options_free(&options);
	parse_ok(&options, "run --timeline=initcalls cmd");
	assert_true(options.timeline.table && options.timeline.initcalls);
	options_free(&options);
}

static void who_unpacks_the_kernel_and_where_it_is(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run");
	assert_int_equal(options.boot, BOOT_DIRECT);
	assert_false(options.no_kaslr);
	options_free(&options);
	parse_ok(&options, "run --boot=bzimage --kaslr off");
	assert_int_equal(options.boot, BOOT_BZIMAGE);
	assert_true(options.no_kaslr);
	options_free(&options);
	/* The last one counts. */
	parse_ok(&options, "run --boot bzimage --boot direct --kaslr=off --kaslr=on");
	assert_int_equal(options.boot, BOOT_DIRECT);
	assert_false(options.no_kaslr);
	options_free(&options);
}

static void assert_mount(const struct mount_option *got, enum mount_kind kind, const char *src,
			 const char *dst, bool rw, enum mount_cache cache)
{
	assert_int_equal(got->kind, kind);
	assert_true((got->src == NULL) == (src == NULL) && (got->dst == NULL) == (dst == NULL));
	if (src)
		assert_string_equal(got->src, src);
	if (dst)
		assert_string_equal(got->dst, dst);
	if (kind != MOUNT_VOLUME)
		return;
	assert_int_equal(got->rw, rw);
	assert_int_equal(got->cache, cache);
}

static void volumes_in_every_form(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options,
		 "run -v a -va:/b --volume=a:rw --volume a:/b:ro -v ./a:/b/c:rw,cache=none "
		 "-v /a:cache=mmap -v a:cache=loose,rw -v a:/rw");
	const struct mount_option *got = options.mounts.items;
	assert_int_equal(options.mounts.count, 8);
	assert_mount(&got[0], MOUNT_VOLUME, "a", NULL, false, CACHE_LOOSE);
	assert_mount(&got[1], MOUNT_VOLUME, "a", "/b", false, CACHE_LOOSE);
	assert_mount(&got[2], MOUNT_VOLUME, "a", NULL, true, CACHE_MMAP);
	assert_mount(&got[3], MOUNT_VOLUME, "a", "/b", false, CACHE_LOOSE);
	assert_mount(&got[4], MOUNT_VOLUME, "./a", "/b/c", true, CACHE_NONE);
	assert_mount(&got[5], MOUNT_VOLUME, "/a", NULL, false, CACHE_MMAP);
	assert_mount(&got[6], MOUNT_VOLUME, "a", NULL, true, CACHE_LOOSE);
	assert_mount(&got[7], MOUNT_VOLUME, "a", "/rw", false, CACHE_LOOSE);
	assert_string_equal(got[7].option, "volume");
	options_free(&options);
	parse_ok(&options, "run -v a:z -v a:/b:rw,Z -v a:/c:Z,ro");
	assert_int_equal(options.mounts.items[0].relabel, RELABEL_SHARED);
	assert_int_equal(options.mounts.items[1].relabel, RELABEL_PRIVATE);
	assert_true(options.mounts.items[1].rw);
	assert_int_equal(options.mounts.items[2].relabel, RELABEL_PRIVATE);
	options_free(&options);
}

static void which_label(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run");
	assert_int_equal(options.security.source, SECURITY_DYNAMIC);
	options_free(&options);
	/* The last one counts, all of it. */
	parse_ok(&options, "run --security=static,label=a:b:c:s0:c1,c2 --security=none");
	assert_int_equal(options.security.source, SECURITY_NONE);
	assert_null(options.security.label);
	options_free(&options);
	parse_ok(&options, "run --security static,label=a:b:c:s0:c1,c2");
	assert_int_equal(options.security.source, SECURITY_STATIC);
	assert_string_equal(options.security.label, "a:b:c:s0:c1,c2");
	options_free(&options);
	parse_ok(&options, "run --security=inherit");
	assert_int_equal(options.security.source, SECURITY_INHERIT);
	options_free(&options);
	parse_ok(&options, "run --keep-overlay kept");
	assert_string_equal(options.keep_overlay, "kept");
	options_free(&options);
	parse_ok(&options, "apply -y -n --force -- kept /a /b");
	assert_int_equal(options.command, COMMAND_APPLY);
	assert_true(options.yes && options.dry_run && options.force);
	assert_string_equal(options.argv[0], "kept");
	assert_string_equal(options.argv[2], "/b");
	options_free(&options);
	parse_ok(&options, "security");
	assert_int_equal(options.command, COMMAND_SECURITY);
	assert_int_equal(options.security_action, SECURITY_SHOW);
	options_free(&options);
	parse_ok(&options, "security mend");
	assert_int_equal(options.security_action, SECURITY_MEND);
	options_free(&options);
}

/* In one list with the volumes: no place is taken twice. */
static void other_mounts_and_hidden_paths(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run --rw a:/b:ro --tmpfs=/t -v a --overlay / --hide x --hide=y:z "
			   "--no-default-hide");
	const struct mount_option *got = options.mounts.items;
	assert_int_equal(options.mounts.count, 4);
	assert_mount(&got[0], MOUNT_VOLUME, "a:/b:ro", NULL, true, CACHE_MMAP);
	assert_mount(&got[1], MOUNT_TMPFS, NULL, "/t", false, CACHE_LOOSE);
	assert_mount(&got[2], MOUNT_VOLUME, "a", NULL, false, CACHE_LOOSE);
	assert_mount(&got[3], MOUNT_OVERLAY, NULL, "/", false, CACHE_LOOSE);
	assert_string_equal(got[0].option, "rw");
	assert_int_equal(options.hide.count, 2);
	assert_string_equal(options.hide.items[1], "y:z");
	assert_true(options.no_default_hide);
	options_free(&options);
}

static void options_end_at_the_command(void **state)
{
	struct options options;

	(void)state;
	parse_ok(&options, "run ls --dry-run -m 1");
	assert_false(options.dry_run);
	assert_string_equal(options.argv[0], "ls");
	assert_string_equal(options.argv[1], "--dry-run");
	assert_string_equal(options.argv[3], "1");
	assert_null(options.argv[4]);
	options_free(&options);

	parse_ok(&options, "run --dry-run -- -x -- y");
	assert_true(options.dry_run);
	assert_string_equal(options.argv[0], "-x");
	assert_string_equal(options.argv[1], "--");
	options_free(&options);

	parse_ok(&options, "run - x");
	assert_string_equal(options.argv[0], "-");
	options_free(&options);
}

static void help_and_version(void **state)
{
	static const struct {
		char line[24];
		enum command command;
	} rows[] = {
		{"help", COMMAND_HELP},
		{"--help", COMMAND_HELP},
		{"-h", COMMAND_HELP},
		{"help run", COMMAND_HELP_RUN},
		{"run -h", COMMAND_HELP_RUN},
		{"run --help -m", COMMAND_HELP_RUN},
		{"version", COMMAND_VERSION},
		{"--version", COMMAND_VERSION},
		{"help help", COMMAND_HELP},
		{"help security", COMMAND_HELP_SECURITY},
		{"help diff", COMMAND_HELP_DIFF},
		{"diff -h", COMMAND_HELP_DIFF},
		{"help apply", COMMAND_HELP_APPLY},
		{"apply -y --help", COMMAND_HELP_APPLY},
		{"security -h", COMMAND_HELP_SECURITY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[24], *text = NULL;
		size_t size = 0;
		struct options options;
		FILE *out = open_memstream(&text, &size);
		(void)strcpy(line, rows[i].line);
		assert_int_equal(parse(&options, line), 0);
		assert_int_equal(options.command, rows[i].command);
		if (options.command != COMMAND_VERSION)
			assert_int_equal(options_print_help(options.command, out), 0);
		(void)fclose(out);
		assert_true(options.command == COMMAND_VERSION || strstr(text, "snug"));
		if (options.command == COMMAND_HELP_RUN)
			assert_contains(text, "--workdir=DIR");
		free(text);
		options_free(&options);
	}
}

/* A screen: 80 columns, and of snug run, which has the most to say, some 50 lines. */
static void help_fits_a_screen(void **state)
{
	static const enum command commands[] = {
		COMMAND_HELP,          COMMAND_HELP_RUN,  COMMAND_HELP_KERNEL, COMMAND_HELP_BENCH,
		COMMAND_HELP_SECURITY, COMMAND_HELP_DIFF, COMMAND_HELP_APPLY};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char *text = NULL, *rest;
		size_t size = 0, lines = 0;
		FILE *out = open_memstream(&text, &size);
		assert_int_equal(options_print_help(commands[i], out), 0);
		(void)fclose(out);
		rest = text;
		for (char *line = strsep(&rest, "\n"); rest; line = strsep(&rest, "\n"), lines++) {
			if (strlen(line) > 80)
				fail_msg("%zu columns: %s", strlen(line), line);
		}
		assert_in_range(lines, 1, 52);
		free(text);
	}
}

static void help_for_a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(options_print_help(COMMAND_HELP, full), -ENOSPC);
	(void)fclose(full);
}

static void mistakes_are_one_line_that_helps(void **state)
{
	static const struct {
		char line[48];
		const char *says;
	} rows[] = {
		{"", "snug help"},
		{"rnu", "did you mean 'snug run'"},
		{"make test", "snug run -- make"},
		{"--dry-run", "snug run --dry-run"},
		{"run --memroy 1", "did you mean --memory?"},
		{"run -c 0", "--cpus: '0' is not a number from 1 to 64"},
		{"run --cpus=65 true", "--cpus: '65' is not"},
		{"run --cpus=2x true", "--cpus: '2x' is not"},
		{"run --cpus= true", "--cpus: '' is not"},
		{"run --Dry-run", "did you mean --dry-run?"},
		{"run --nonsense", "unknown option '--nonsense'"},
		{"run -x", "unknown option '-x'"},
		{"run -v", "needs a value: SRC[:DST][:OPT]"},
		{"run -v :/b", "':/b' begins with an empty part"},
		{"run -v a:", "has an empty part"},
		{"run -v a::rw", "has an empty part"},
		{"run -v a:/b:", "has an empty part"},
		{"run -v a:/b:ro:x", "has more than three parts"},
		{"run -v a:b", "'b' is not one of the options ro, rw"},
		{"run -v a:RW", "a path in the VM is absolute"},
		{"run -v a:b:ro", "second part that is no absolute path"},
		{"run -v a:ro:rw", "second part that is no absolute path"},
		{"run -v a:/b:/c", "'/c' is not one of the options"},
		{"run -v a:/b:ro,rw", "two options of one kind"},
		{"run -v a:rw,rw", "two options of one kind"},
		{"run -v a:cache=none,cache=mmap", "two options of one kind"},
		{"run -v a:cache=", "'cache=' is not one of the options"},
		{"run -v a:cache=fscache", "cache=none, cache=mmap, cache=loose"},
		{"run -v a:z,Z", "two options of one kind"},
		{"run -v a:/b:rw,", "has an empty option"},
		{"run -v a:/b:,rw", "has an empty option"},
		{"run --volume=", "begins with an empty part"},
		{"run --rw=", "empty"},
		{"run --tmpfs=", "empty"},
		{"run --overlay=", "empty"},
		{"run --hide=", "empty"},
		{"run --keep-overlay", "needs a value: DIR"},
		{"diff", "diff: which directory?"},
		{"diff kept /tmp", "unexpected '/tmp'"},
		{"diff --yes kept", "unknown option '--yes'"},
		{"apply -y", "apply: which directory?"},
		{"apply kept tmp/file", "'tmp/file' is not a path as"},
		{"apply kept /tmp/", "'/tmp/' is not a path as"},
		{"run --security=strict", "'strict' is none of dynamic, static,label="},
		{"run --security=static", "'static' is none of"},
		{"run --security=static,label=", "is none of"},
		{"run --security=", "'' is none of"},
		{"run --security", "needs a value: WHAT"},
		{"security label", "see 'snug help security'"},
		{"security shwo", "did you mean 'show'?"},
		{"security mend now", "unexpected 'now'"},
		{"run --hide", "needs a value: PATH"},
		{"run --json-status-fd", "needs a value: FD"},
		{"run --json-status-fd=x", "'x' is not a descriptor's number"},
		{"run --json-status-fd=-1", "'-1' is not"},
		{"run --json-status-fd=1.", "'1.' is not"},
		{"run --json-status-fd=4294967296", "'4294967296' is not"},
		{"run --json-status=", "empty"},
		{"bench --json-status f true", "bench: --json-status is of one run"},
		{"run --no-default-hide=1", "takes no value"},
		{"run --no-hide", "did you mean"},
		{"run -m", "needs a value: SIZE"},
		{"run --env", "needs a value: K[=V]"},
		{"run --dry-run=yes", "takes no value"},
		{"run --mem 1G", "did you mean --memory?"},
		{"run -m 512", "did you mean 512M?"},
		{"run -m 4k", "whole number of MiB"},
		{"run -m 0", "not possible"},
		{"run -m 1500K", "whole number of MiB"},
		{"run -m 12Q", "not a size"},
		{"run -m -5", "not a size"},
		{"run -m 99999999999999999999", "not possible"},
		{"run -m 99999999999G", "not possible"},
		{"run -m 1MM", "not a size"},
		{"run -e =x", "names no variable"},
		{"run --pids 0", "--pids: '0' is not a number from 1 to 4194304"},
		{"run --pids 4194305", "--pids: '4194305' is not"},
		{"run --pids 99999999999999999999", "--pids: '9999"},
		{"run --pids=5x", "--pids: '5x' is not"},
		{"run --pids=", "--pids: '' is not"},
		{"run --pids", "needs a value: N"},
		{"run --overlay-size 0", "'0' is neither a size nor a part"},
		{"run --overlay-size 0%", "'0%' is neither"},
		{"run --overlay-size 101%", "'101%' is neither"},
		{"run --overlay-size 5%%", "'5%%' is neither"},
		{"run --overlay-size %", "'%' is neither"},
		{"run --overlay-size=", "'' is neither"},
		{"run --overlay-size 512", "'512' is less than 1M"},
		{"run --overlay-size 99999999999G", "is neither"},
		{"run --hostname=", "--hostname: '' is no host name"},
		{"run --hostname -x", "'-x' is no host name"},
		{"run --hostname a-", "'a-' is no host name"},
		{"run --hostname a..b", "'a..b' is no host name"},
		{"run --hostname .a", "'.a' is no host name"},
		{"run --hostname a.", "'a.' is no host name"},
		{"run --hostname a_b", "'a_b' is no host name"},
		{"run --env-file=", "empty"},
		{"run --env-file", "needs a value: FILE"},
		{"run --clearenv=1", "takes no value"},
		{"run --config=", "empty"},
		{"run --config /nonexistent", "--config: /nonexistent: No such"},
		{"run --kernel=", "empty"},
		{"run --boot=grub", "--boot: 'grub' is neither 'direct' nor 'bzimage'"},
		{"run --boot=", "neither 'direct' nor 'bzimage'"},
		{"run --boot direct,bzimage", "neither 'direct' nor 'bzimage'"},
		{"run --boot", "needs a value: direct|bzimage"},
		{"run --timeline= cmd", "--timeline: '' is neither 'initcalls' nor the name of"},
		{"run --timeline=.json cmd", "'.json' is neither"},
		{"run --timeline=x.png cmd", "'x.png' is neither"},
		{"run --kaslr=yes", "--kaslr: 'yes' is neither 'on' nor 'off'"},
		{"run --kaslr=ON", "neither 'on' nor 'off'"},
		{"run --kaslr", "needs a value: on|off"},
		{"run --no-kaslr", "did you mean --kaslr?"},
		{"help rnu", "did you mean"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[48];
		struct captured captured;
		struct options options;
		(void)strcpy(line, rows[i].line);
		stderr_begin(&captured);
		int err = parse(&options, line);
		stderr_end(&captured);
		assert_true(err == -EINVAL || err == -ENOENT);
		assert_one_line(captured.text);
		assert_contains(captured.text, rows[i].says);
		options_free(&options);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} rows[] = {
		{"1", 0, 1},
		{"1K", 0, 1024},
		{"3m", 0, MIB(3)},
		{"2G", 0, GIB(2)},
		{"18446744073709551615", 0, UINT64_MAX},
		{"17179869183G", 0, GIB(17179869183)},
		{"17179869184G", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"0", -ERANGE, 0},
		{"0G", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1.5G", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 0;
		assert_int_equal(size_parse(rows[i].text, &bytes), rows[i].err);
		if (!rows[i].err)
			assert_int_equal(bytes, rows[i].bytes);
	}
}

static void suggestions(void **state)
{
	static const char *const words[] = {"memory", "kernel", "modules", "run"};
	char longer[200];

	(void)state;
	assert_string_equal(suggest("memroy", words, 4), "memory");
	assert_string_equal(suggest("kernl", words, 4), "kernel");
	assert_string_equal(suggest("module", words, 4), "modules");
	assert_string_equal(suggest("rn", words, 4), "run");
	assert_string_equal(suggest("memory", words, 4), "memory");
	assert_null(suggest("xyz", words, 4));
	assert_null(suggest("", words, 3));
	memset(longer, 'm', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(suggest(longer, words, 4));
}

static void environment_lists(void **state)
{
	struct strlist list = {0};

	(void)state;
	strlist_setenv(&list, "A", "1");
	strlist_setenv(&list, "AB", "2");
	strlist_setenv(&list, "C", "3");
	strlist_setenv(&list, "A", "4");
	assert_int_equal(list.count, 3);
	assert_string_equal(strlist_getenv(&list, "A"), "4");
	assert_string_equal(strlist_getenv(&list, "AB"), "2");
	assert_null(strlist_getenv(&list, "B"));
	strlist_unsetenv(&list, "AB");
	strlist_unsetenv(&list, "nothing");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "C=3");
	assert_null(list.items[2]);
	strlist_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_option_long_and_short),
		cmocka_unit_test(time_and_terminal),
		cmocka_unit_test(limits_and_names),
		cmocka_unit_test(where_the_status_goes),
		cmocka_unit_test(where_the_timeline_goes),
		cmocka_unit_test(who_unpacks_the_kernel_and_where_it_is),
		cmocka_unit_test(volumes_in_every_form),
		cmocka_unit_test(which_label),
		cmocka_unit_test(other_mounts_and_hidden_paths),
		cmocka_unit_test(options_end_at_the_command),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(help_fits_a_screen),
		cmocka_unit_test(help_for_a_full_disk_is_an_error),
		cmocka_unit_test(mistakes_are_one_line_that_helps),
		cmocka_unit_test(sizes),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(environment_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
