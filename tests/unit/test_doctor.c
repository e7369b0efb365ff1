/* SPDX-License-Identifier: Apache-2.0 */
/* snug doctor: findings, and checks of hosts made of files. What real hosts have, tests/system looks at. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <sys/resource.h>

#include "core/util.h"
#include "launcher/facts.h"
#include "launcher/finding.h"
#include "launcher/options.h"
#include "report/facts.h"

/* --- findings --------------------------------------------------------------------------------------- */

static void the_first_of_the_worst_is_told(void **state)
{
	struct finding finding = {.verdict = VERDICT_OK};

	(void)state;
	finding_warn(&finding, "mend %s", "first %d", 1);
	finding_warn(&finding, "mend that", "second");
	finding_ok(&finding, "fine");
	assert_int_equal(finding.verdict, VERDICT_WARN);
	assert_string_equal(finding.text, "first 1");
	assert_string_equal(finding.cure, "mend %s");
	finding_fail(&finding, "mend all", "worse");
	finding_fail(&finding, "", "also");
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_string_equal(finding.text, "worse");
	assert_string_equal(finding.cure, "mend all");
	finding_add(&finding, "and %s", "more");
	assert_string_equal(finding.text, "worse; and more");
}

static void a_message_becomes_a_finding(void **state)
{
	struct finding finding = {.verdict = VERDICT_OK};

	(void)state;
	finding_message(&finding, VERDICT_WARN, "snug: warning: so; do that" SEE_DOCTOR("kernel"),
			"else");
	assert_string_equal(finding.text, "so");
	assert_string_equal(finding.cure, "do that");
	finding_message(&finding, VERDICT_FAIL, "snug: not so" SEE_DOCTOR("selinux"), "else");
	assert_string_equal(finding.text, "not so");
	assert_string_equal(finding.cure, "else");
}

static void long_texts_are_cut(void **state)
{
	struct finding finding = {.verdict = VERDICT_OK};
	char text[2 * sizeof(finding.text)];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	finding_fail(&finding, text, "%s", text);
	finding_add(&finding, "%s", text);
	assert_int_equal(strlen(finding.text), sizeof(finding.text) - 1);
	assert_int_equal(strlen(finding.cure), sizeof(finding.cure) - 1);
}

/* --- facts ------------------------------------------------------------------------------------------ */

struct read_fact {
	char name[16], value[64];
	int count;
};

static int take(void *context, const char *name, char *value)
{
	struct read_fact *fact = context;

	FORMAT(fact->name, "%s", name);
	FORMAT(fact->value, "%s", facts_decode(value));
	return ++fact->count == 3 ? -ECANCELED : 0;
}

static void facts_are_read_as_they_were_written(void **state)
{
	static const char text[] = "a b\n\x1b%41\xff=\"\\";
	struct read_fact fact = {.count = 0};
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	facts_add(file, "empty", "");
	facts_add(file, "text", text);
	rewind(file);
	assert_int_equal(facts_read(file, take, &fact), 0);
	assert_int_equal(fact.count, 2);
	assert_string_equal(fact.name, "text");
	assert_string_equal(fact.value, text);
	/* What nobody writes. */
	(void)fputs("no value\nx=%4\nnot=read\n", file);
	rewind(file);
	fact.count = 0;
	assert_int_equal(facts_read(file, take, &fact), -ECANCELED);
	assert_int_equal(fclose(file), 0);
	char cut[] = "%4";
	assert_string_equal(facts_decode(cut), "%4");
}

/* --- hosts ------------------------------------------------------------------------------------------ */

static void hosts_without_kvm(void **state)
{
	struct tree tree;
	struct finding finding = {.verdict = VERDICT_OK};

	(void)state;
	tree_make(&tree);
	const struct host host = {.root = tree.root};
	assert_int_equal(check_kvm(&host, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "/dev/kvm does not exist");
	assert_contains(finding.cure, "modprobe kvm_intel");
	/* What is no KVM, as the device of a host that lacks the rest. */
	tree_write(&tree, "/dev/kvm", "", 0);
	finding = (struct finding){.verdict = VERDICT_OK};
	assert_int_equal(check_kvm(&host, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "speaks version -1");
	tree_mkdir(&tree, "/sys/module/kvm_pvm");
	finding = (struct finding){.verdict = VERDICT_OK};
	assert_int_equal(check_kvm(&host, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "PVM");
	assert_string_equal(finding.cure, "use a host with kvm_intel or kvm_amd");
	tree_remove(&tree);
}

static char *const nothing[] = {NULL};

static void hosts_without_a_kernel(void **state)
{
	const struct caller caller = {.environ = nothing};
	struct tree tree;
	struct finding finding = {.verdict = VERDICT_OK};

	(void)state;
	tree_make(&tree);
	const struct host host = {.root = tree.root};
	assert_int_equal(check_kernel(&host, &caller, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "/boot has no vmlinuz-*");
	assert_contains(finding.cure, "linux-image-amd64");
	tree_write(&tree, "/boot/vmlinuz-6.1.0", "no kernel", 9);
	finding = (struct finding){.verdict = VERDICT_OK};
	assert_int_equal(check_kernel(&host, &caller, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "/boot/vmlinuz-6.1.0 ");
	tree_remove(&tree);
}

static void places_for_a_cache(void **state)
{
	struct tree tree;
	struct finding finding = {.verdict = VERDICT_OK};
	char variable[128];
	char *const environment[] = {variable, NULL};
	const struct caller caller = {.environ = environment};

	(void)state;
	tree_make(&tree);
	FORMAT(variable, "XDG_CACHE_HOME=%s", tree.root);
	finding = (struct finding){.verdict = VERDICT_OK};
	assert_int_equal(check_cache(&caller, &finding), 0);
	assert_contains(finding.text, tree.root);
	/* Others may write there. */
	assert_int_equal(chmod(tree_path(&tree, "/snug"), 0777), 0);
	finding = (struct finding){.verdict = VERDICT_OK};
	assert_int_equal(check_cache(&caller, &finding), 0);
	assert_int_equal(finding.verdict, VERDICT_WARN);
	assert_contains(finding.text, "/snug can be written by others; kernels are unpacked anew");
	assert_string_equal(finding.cure, "try chmod go-w on it");
	tree_remove(&tree);
}

static void user_namespaces(void **state)
{
	struct tree tree;
	struct finding finding = {.verdict = VERDICT_OK};

	(void)state;
	tree_make(&tree);
	const struct host host = {.root = tree.root};
	check_userns(&host, &finding);
	assert_contains(finding.text, "the kernel has none");
	tree_write(&tree, "/proc/self/ns/user", "", 0);
	tree_write(&tree, "/proc/sys/user/max_user_namespaces", "0\n", 2);
	finding = (struct finding){.verdict = VERDICT_OK};
	check_userns(&host, &finding);
	assert_contains(finding.text, "max_user_namespaces is 0");
	tree_write(&tree, "/proc/sys/user/max_user_namespaces", "15000\n", 6);
	finding = (struct finding){.verdict = VERDICT_OK};
	check_userns(&host, &finding);
	assert_string_equal(finding.text, "there are, and snug needs none");
	assert_int_equal(finding.verdict, VERDICT_OK);
	tree_remove(&tree);
}

/* --- resources -------------------------------------------------------------------------------------- */

static struct finding with_limit(int resource, rlim_t to)
{
	const struct host host = {.root = "", .ram = MIB(4096)};
	struct finding finding = {.verdict = VERDICT_OK};
	struct rlimit before, limit;

	assert_int_equal(getrlimit((unsigned)resource, &before), 0);
	limit = before;
	limit.rlim_cur = to;
	assert_int_equal(setrlimit((unsigned)resource, &limit), 0);
	check_limits(&host, &finding);
	assert_int_equal(setrlimit((unsigned)resource, &before), 0);
	return finding;
}

static void limits_that_are_too_low(void **state)
{
	(void)state;
	struct finding finding = with_limit(RLIMIT_FSIZE, MIB(1));
	assert_int_equal(finding.verdict, VERDICT_WARN);
	assert_contains(finding.text, "files of 1 MiB at most");
	finding = with_limit(RLIMIT_DATA, MIB(516));
	assert_int_equal(finding.verdict, VERDICT_FAIL);
	assert_contains(finding.text, "516 MiB, and a run takes 520");
	assert_contains(finding.cure, "-m");
	/* The soft one is raised. */
	finding = with_limit(RLIMIT_NOFILE, 64);
	assert_int_equal(finding.verdict, VERDICT_OK);
}

static struct finding memory_of(struct tree *tree)
{
	const struct host host = {.root = tree->root, .ram = MIB(4096)};
	struct finding finding = {.verdict = VERDICT_OK};

	check_memory(&host, &finding);
	return finding;
}

static void write_text(struct tree *tree, const char *below, const char *text)
{
	tree_write(tree, below, text, strlen(text));
}

static void memory_that_is_there(void **state)
{
	struct tree tree;

	(void)state;
	tree_make(&tree);
	struct finding finding = memory_of(&tree);
	assert_int_equal(finding.verdict, VERDICT_OK);
	assert_string_equal(finding.text,
			    "4096 MiB, of which a VM may use 512 unless -m says otherwise");
	write_text(&tree, "/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\n");
	finding = memory_of(&tree);
	assert_int_equal(finding.verdict, VERDICT_OK);
	assert_contains(finding.text, "1024 MiB are available");
	write_text(&tree, "/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 102400 kB\n");
	finding = memory_of(&tree);
	assert_int_equal(finding.verdict, VERDICT_WARN);
	assert_contains(finding.text, "100 MiB are available, and a VM may take 512");
	/* The group above is the narrower one. */
	write_text(&tree, "/proc/self/cgroup", "0::/a.slice/b.scope\n");
	write_text(&tree, "/sys/fs/cgroup/a.slice/memory.max", "67108864\n");
	write_text(&tree, "/sys/fs/cgroup/a.slice/b.scope/memory.max", "max\n");
	finding = memory_of(&tree);
	assert_int_equal(finding.verdict, VERDICT_WARN);
	assert_contains(finding.text, "/a.slice may have 64 MiB");
	write_text(&tree, "/proc/self/cgroup", "0::/\n");
	finding = memory_of(&tree);
	assert_contains(finding.text, "100 MiB are available");
	tree_remove(&tree);
}

/* --- the command line ------------------------------------------------------------------------------- */

#define TEXT(text) ((char *)(uintptr_t)(text))

static int parse(struct options *options, char *a, char *b)
{
	static char *argv[] = {NULL, NULL, NULL, NULL, NULL}; /* the options point there */

	argv[0] = TEXT("snug");
	argv[1] = TEXT("doctor");
	argv[2] = a;
	argv[3] = b;
	return options_parse(options, a ? b ? 4 : 3 : 2, argv);
}
static void its_command_line(void **state)
{
	struct captured captured;
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, NULL, NULL), 0);
	assert_int_equal(options.command, COMMAND_DOCTOR);
	assert_false(options.doctor_json);
	assert_null(options.argv[0]);
	options_free(&options);
	assert_int_equal(parse(&options, TEXT("--json"), TEXT("kvm")), 0);
	assert_true(options.doctor_json);
	assert_string_equal(options.argv[0], "kvm");
	options_free(&options);
	assert_int_equal(parse(&options, TEXT("--help"), NULL), 0);
	assert_int_equal(options.command, COMMAND_HELP_DOCTOR);
	options_free(&options);
	stderr_begin(&captured);
	assert_int_equal(parse(&options, TEXT("kvm"), TEXT("lankdock")), -EINVAL);
	stderr_end(&captured);
	options_free(&options);
	assert_one_line(captured.text);
	assert_contains(captured.text, "unknown check 'lankdock'; did you mean 'landlock'?");
	stderr_begin(&captured);
	assert_int_equal(parse(&options, TEXT("--all"), NULL), -EINVAL);
	stderr_end(&captured);
	options_free(&options);
	assert_one_line(captured.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_the_worst_is_told),
		cmocka_unit_test(a_message_becomes_a_finding),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(facts_are_read_as_they_were_written),
		cmocka_unit_test(hosts_without_kvm),
		cmocka_unit_test(hosts_without_a_kernel),
		cmocka_unit_test(places_for_a_cache),
		cmocka_unit_test(user_namespaces),
		cmocka_unit_test(limits_that_are_too_low),
		cmocka_unit_test(memory_that_is_there),
		cmocka_unit_test(its_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
