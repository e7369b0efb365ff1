/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree.h"

#include "core/util.h"
#include "report/manifest.h"

static void put(struct tree *tree, const char *file, const char *text)
{
	tree_write(tree, file, text, strlen(text));
}

static void all_of_it(void **state)
{
	struct manifest manifest;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	put(&tree, "/proc/cpuinfo",
	    "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 1\nmodel name\t: A CPU @ 3GHz\n"
	    "flags\t\t: fpu hypervisor nx\nbugs\t\t:\n\nprocessor\t: 1\nmodel name\t: another\n");
	put(&tree, "/proc/meminfo",
	    "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\n");
	put(&tree, "/proc/loadavg", "1.25 0.50 0.25 1/100 1234\n");
	put(&tree, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
	put(&tree, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	tree_mkdir(&tree, "/sys/module/kvm_intel");
	manifest_read(&manifest, tree.root);
	assert_string_equal(manifest.cpu, "A CPU @ 3GHz");
	assert_true(manifest.is_guest && !manifest.is_pvm);
	assert_string_equal(manifest.kvm, "kvm_intel");
	assert_string_equal(manifest.governor, "powersave");
	assert_string_equal(manifest.thp, "madvise");
	assert_int_equal(manifest.memory, MIB(16));
	assert_int_equal(manifest.memory_available, MIB(8));
	assert_true(manifest.has_load && manifest.load > 1.24 && manifest.load < 1.26);
	assert_true(manifest.cpus >= 1);
	assert_int_equal(strlen(manifest.date), 20);
	assert_int_equal(manifest.date[19], 'Z');
	assert_true(manifest.host_kernel[0] != '\0');
	/* PVM is loaded besides another. */
	tree_mkdir(&tree, "/sys/module/kvm_pvm");
	manifest_read(&manifest, tree.root);
	assert_string_equal(manifest.kvm, "kvm_pvm");
	assert_true(manifest.is_pvm);
	tree_remove(&tree);
}

static void nothing_of_it(void **state)
{
	struct manifest manifest;

	(void)state;
	manifest_read(&manifest, "/no/such/root");
	assert_string_equal(manifest.cpu, "");
	assert_string_equal(manifest.governor, "");
	assert_string_equal(manifest.thp, "");
	assert_string_equal(manifest.kvm, "");
	assert_false(manifest.has_load || manifest.is_guest || manifest_is_busy(&manifest));
	assert_int_equal(manifest.memory, 0);
}

static void what_is_odd(void **state)
{
	struct manifest manifest;
	struct tree tree;
	char name[400];

	(void)state;
	tree_make(&tree);
	memset(name, 'x', sizeof(name));
	memcpy(name, "model name : ", 13);
	name[sizeof(name) - 1] = '\0';
	put(&tree, "/proc/cpuinfo", name); /* long, and without a newline */
	put(&tree, "/proc/meminfo", "MemTotal\nMemTotalX: 1 kB\n");
	put(&tree, "/proc/loadavg", "");
	put(&tree, "/sys/kernel/mm/transparent_hugepage/enabled", "always");
	manifest_read(&manifest, tree.root);
	assert_int_equal(strlen(manifest.cpu), sizeof(manifest.cpu) - 1);
	assert_int_equal(manifest.memory, 0);
	assert_false(manifest.has_load);
	assert_string_equal(manifest.thp, "");
	put(&tree, "/proc/cpuinfo", "flags : nohypervisor hypervisor2\n");
	manifest_read(&manifest, tree.root);
	assert_false(manifest.is_guest);
	tree_remove(&tree);
}

static void busy_is_more_than_half(void **state)
{
	struct manifest manifest = {.has_load = true, .cpus = 4, .load = 2};

	(void)state;
	assert_false(manifest_is_busy(&manifest));
	manifest.load = 2.01;
	assert_true(manifest_is_busy(&manifest));
	manifest.has_load = false;
	assert_false(manifest_is_busy(&manifest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(nothing_of_it),
		cmocka_unit_test(what_is_odd),
		cmocka_unit_test(busy_is_more_than_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
