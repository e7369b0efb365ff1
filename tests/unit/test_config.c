/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's command line, good and bad. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <getopt.h>

#include "core/confine_layers.h"
#include "core/util.h"
#include "vmm/config.h"

static struct config config;
static struct captured captured;
/* The options that may not be missing; 0 to 2 are open descriptors in any test. */
#define NEEDED "--kvm=0", "--kernel=1", "--memory=268435456"
#define WORDS  32

/* Never used twice: getopt keeps a pointer into the words of the time before. */
static char storage[65536];
static char *at = storage;

/* Parses the words, up to a NULL, as a program's arguments; what it says goes into captured. */
static int parse(const char *const *words)
{
	char *argv[WORDS + 2] = {(char[]){"snug-monitor"}};
	int argc = 1, r;

	for (; *words; words++) {
		size_t len = strlen(*words) + 1;

		assert_true(argc <= WORDS && at + len <= storage + sizeof(storage));
		argv[argc++] = memcpy(at, *words, len);
		at += len;
	}
	optind = 1;
	stderr_begin(&captured);
	r = config_parse(&config, argc, argv);
	stderr_end(&captured);
	return r;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void the_least(void **state)
{
	(void)state;
	assert_int_equal(PARSE(NEEDED), 0);
	assert_string_equal(captured.text, "");
	assert_int_equal(config.kvm_fd, 0);
	assert_int_equal(config.kernel_fd, 1);
	assert_int_equal(config.vmlinux_fd, -1);
	assert_false(config.no_kaslr);
	assert_int_equal(config.initrd_count, 0);
	assert_int_equal(config.memory, MIB(256));
	assert_int_equal(config.cpus, 1);
	assert_string_equal(config.cmdline, "");
	assert_int_equal(config.no_confine, 0);
	assert_int_equal(config.parent, 0);
	assert_non_null(config.kernel_name);
	assert_int_equal(config.share_count, 0);
	assert_false(config.console || config.tty || config.verbose);
}

static void everything(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--kernel", "1", "--kvm=0", "--memory", "1048576", "--initrd=2",
			       "--kernel-name=/boot/a kernel", "--vmlinux=2", "--no-kaslr",
			       "--cmdline=quiet x=\"y z\"", "--share=root:0", "--share=b:1",
			       "--proc-fd=2", "--console", "--tty", "--timeline=1", "--parent=77",
			       "--no-confine=caps,limits", "--no-confine=seccomp", "--keep=0",
			       "--keep=1", "--result=2", "--verbose"),
			 0);
	assert_int_equal(config.vmlinux_fd, 2);
	assert_true(config.no_kaslr);
	assert_int_equal(config.initrd_count, 1);
	assert_int_equal(config.initrd_fds[0], 2);
	assert_int_equal(config.memory, MIB(1));
	assert_string_equal(config.kernel_name, "/boot/a kernel");
	assert_string_equal(config.cmdline, "quiet x=\"y z\"");
	assert_int_equal(config.share_count, 2);
	assert_int_equal(config.shares[0].tag_len, 4);
	assert_memory_equal(config.shares[0].tag, "root", 4);
	assert_int_equal(config.shares[0].exports[0].fd, 0);
	assert_int_equal(config.shares[1].tag_len, 1);
	assert_int_equal(config.shares[1].exports[0].fd, 1);
	assert_int_equal(config.timeline_fd, 1);
	assert_int_equal(config.result_fd, 2);
	assert_int_equal(config.parent, 77);
	assert_int_equal(config.no_confine,
			 1U << CONFINE_CAPS | 1U << CONFINE_LIMITS | 1U << CONFINE_SECCOMP);
	assert_true(config.console && config.tty && config.verbose);
}

static void missing_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--kernel=1", "--memory=1048576"), -EINVAL);
	assert_contains(captured.text, "--kvm=FD is missing");
	assert_int_equal(PARSE("--kvm=1", "--memory=1048576"), -EINVAL);
	assert_contains(captured.text, "--kernel=FD is missing");
	assert_int_equal(PARSE("--kvm=1", "--kernel=1"), -EINVAL);
	assert_contains(captured.text, "--memory=BYTES is missing");
	assert_one_line(captured.text);
}

static void bad_values(void **state)
{
	static const char *const bad[] = {
		"--kvm=",
		"--kvm=x",
		"--kvm=-1",
		"--kvm=+0",
		"--kvm= 0",
		"--kvm=0 ",
		"--kvm=0x0",
		"--kvm=4000",       /* not open */
		"--kvm=2147483648", /* no int */
		"--kvm=4294967296", /* 0 once more, if it were cut */
		"--kvm=18446744073709551616",
		"--kernel=4000",
		"--vmlinux=",
		"--vmlinux=-1",
		"--vmlinux=4000",
		"--no-kaslr=1",
		"--initrd=4000",
		"--memory=0",
		"--cpus=0",
		"--cpus=65",
		"--cpus=two",
		"--memory=1",
		"--memory=1048575",
		"--memory=1048577",
		"--memory=1M",
		"--memory=-1048576",
		"--memory=1099512676352", /* 1 TiB + 1 MiB */
		"--memory=18446744073708503040",
		"--memory=18446744073709551616",
		"--parent=",
		"--parent=0",
		"--parent=-1",
		"--parent=2147483648",
		"--no-confine=",
		"--no-confine=all",
		"--no-confine=caps,",
		"--share=",
		"--share=root",
		"--share=:0",
		"--share=root:",
		"--share=root:4000",
		"--share=a:b:0",
		"--export=a:0",
		"--export=/n:0",
		"--export=a/:0",
		"--export=a/n",
		"--export=a/n:",
		"--export=a/n:4000",
		"--export=a/n:0:",
		"--export=a/n:0:rx",
		"--export=a/n:0:rw,",
		"--export=a/..:0",
		"--export=a/n/m:0",
		"--hide=0",
		"--hide=0:",
		"--hide=x:y",
		"--hide=4000:y",
		"--hide=0:a//b",
		"--hide=0:a/",
		"--hide-new=0:/",
		"--hide-new=0",
		"--proc-fd=4000",
		"--keep=4000",
		"--timeline",
		"--timeline=",
		"--timeline=99",
		"--result=4000",
		"--console=1",
		"--nonsense",
		"--nonsense=1",
		"-k",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(PARSE(NEEDED, bad[i], "--console"), -EINVAL);
		assert_contains(captured.text, "bad option: ");
		assert_contains(captured.text, bad[i]);
		assert_one_line(captured.text);
	}
	assert_int_equal(PARSE(NEEDED, "--cmdline"), -EINVAL);
	assert_contains(captured.text, "bad option: --cmdline");
}

static void the_largest_memory(void **state)
{
	(void)state;
	assert_int_equal(PARSE(NEEDED, "--memory=1099511627776"), 0);
	assert_int_equal(config.memory, GIB(1024));
}

static void arguments(void **state)
{
	(void)state;
	assert_int_equal(PARSE(NEEDED, "word", "--console"), -EINVAL);
	assert_contains(captured.text, "unexpected argument: word");
	assert_one_line(captured.text);
	assert_int_equal(PARSE(NEEDED, "--", "--console"), -EINVAL);
	assert_contains(captured.text, "unexpected argument: --console");
	assert_int_equal(PARSE(NEEDED, "--"), 0);
}

/* 65,537 bytes: 1, if it were cut to the 16 bits the device has for it. */
static void an_endless_tag(void **state)
{
	static char share[sizeof("--share=") + 65537 + sizeof(":0")] = "--share=";
	char *argv[] = {(char[]){"snug-monitor"}, (char[]){"--kvm=0"}, share, NULL};

	(void)state;
	memset(share + strlen("--share="), 't', 65537);
	memcpy(share + strlen("--share=") + 65537, ":0", 3);
	optind = 1;
	stderr_begin(&captured);
	int r = config_parse(&config, 3, argv);
	stderr_end(&captured);
	assert_int_equal(r, -EINVAL);
	assert_contains(captured.text, "bad option: --share=ttt");
}

/* The last bad word of a list that is one too long. */
static void assert_one_too_many(const char **words, const char *word)
{
	unsigned n = 0;

	while (words[n])
		n++;
	words[n] = word;
	words[n + 1] = NULL;
	assert_int_equal(parse(words), -EINVAL);
	assert_contains(captured.text, "bad option: ");
}

static void as_many_as_fit(void **state)
{
	static char tags[CONFIG_SHARES_MAX][32];
	const char *words[WORDS + 1] = {NEEDED, "--proc-fd=0"};
	unsigned n = 4;

	(void)state;
	for (unsigned i = 0; i < CONFIG_SHARES_MAX; i++) {
		(void)snprintf(tags[i], sizeof(tags[i]), "--share=t%u:0", i);
		words[n++] = tags[i];
	}
	assert_int_equal(parse(words), 0);
	assert_int_equal(config.share_count, CONFIG_SHARES_MAX);
	assert_one_too_many(words, "--share=t:0");
}

static void exports_are_grouped_by_share(void **state)
{
	const struct config_share *share = config.shares;

	(void)state;
	assert_int_equal(PARSE(NEEDED, "--proc-fd=0", "--share=root:0", "--export=a/0:0:rw,direct",
			       "--export=b/0:1", "--export=a/1:2:direct", "--share=z:1",
			       "--export=b/x:2:rw"),
			 0);
	assert_int_equal(config.share_count, 4);
	assert_int_equal(config.export_count, 6);
	assert_int_equal(share[0].export_count, 1);
	assert_string_equal(share[0].exports[0].name, "");
	assert_false(share[0].exports[0].writable || share[0].exports[0].direct);
	assert_int_equal(share[1].export_count, 2);
	assert_string_equal(share[1].exports[0].name, "0");
	assert_true(share[1].exports[0].writable && share[1].exports[0].direct);
	assert_string_equal(share[1].exports[1].name, "1");
	assert_int_equal(share[1].exports[1].fd, 2);
	assert_true(!share[1].exports[1].writable && share[1].exports[1].direct);
	assert_int_equal(share[2].export_count, 2);
	assert_int_equal(share[2].exports[0].fd, 1);
	assert_string_equal(share[2].exports[1].name, "x");
	assert_true(share[2].exports[1].writable && !share[2].exports[1].direct);
	assert_memory_equal(share[2].tag, "b", share[2].tag_len);
	assert_int_equal(share[3].export_count, 1);
	assert_int_equal(share[3].exports[0].fd, 1);
}

static void hidden_entries(void **state)
{
	(void)state;
	assert_int_equal(PARSE(NEEDED, "--hide=0:.ssh/a:b", "--hide-new=1:c"), 0);
	assert_int_equal(config.hide_count, 3);
	assert_int_equal(config.hides[0].dir_fd, 0);
	assert_string_equal(config.hides[0].name, ".ssh");
	assert_string_equal(config.hides[1].name, "a:b");
	assert_int_equal(config.hides[1].dir_fd, 0);
	assert_false(config.hides[1].absent);
	assert_int_equal(config.hides[2].dir_fd, 1);
	assert_string_equal(config.hides[2].name, "c");
	assert_true(config.hides[2].absent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least),
		cmocka_unit_test(everything),
		cmocka_unit_test(missing_options),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(the_largest_memory),
		cmocka_unit_test(arguments),
		cmocka_unit_test(an_endless_tag),
		cmocka_unit_test(as_many_as_fit),
		cmocka_unit_test(hidden_entries),
		cmocka_unit_test(exports_are_grouped_by_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
