/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module directory as depmod makes it, of object files the assembler makes: symbols that one
 * exports and another needs, as in the kernel's own.
 */
#ifndef TESTS_UNIT_FAKE_MODULES_H
#define TESTS_UNIT_FAKE_MODULES_H

#include "tests/unit/tree.h"

struct fake_module {
	const char *name;
	const char *exports; /* one symbol, or NULL */
	const char *needs[3];
	const char *softdep; /* "pre: NAME", or NULL */
};

static const struct fake_module fake_9p[] = {
	{"9p", NULL, {"p9_client", "netfs_read"}, NULL},
	{"9pnet", "p9_client", {NULL}, NULL},
	{"9pnet_virtio", NULL, {"p9_client", "virtio_bus"}, NULL},
	{"crc_test", NULL, {NULL}, NULL},
	{"netfs", "netfs_read", {NULL}, NULL},
	{"overlay", NULL, {NULL}, "pre: crc_test"},
	{"virtio", "virtio_bus", {"vring"}, NULL},
	{"virtio_console", NULL, {"virtio_bus", "vring"}, NULL},
	{"virtio_mmio", NULL, {"virtio_bus", "vring"}, NULL},
	{"virtio_ring", "vring", {NULL}, NULL},
};

static inline int fake_modules_available(void)
{
	return have_program("as") && have_program("depmod");
}

static inline void fake_module_write(struct tree *tree, const char *dir,
				     const struct fake_module *module)
{
	char source[1024], below[PATH_MAX], command[3 * PATH_MAX];
	int n = snprintf(source, sizeof(source),
			 ".section .modinfo,\"a\"\n.asciz \"license=GPL\"\n%s%s%s",
			 module->softdep ? ".asciz \"softdep=" : "",
			 module->softdep ? module->softdep : "", module->softdep ? "\"\n" : "");

	if (module->exports)
		n += snprintf(source + n, sizeof(source) - (size_t)n,
			      ".section __ksymtab_strings,\"a\"\n.asciz \"%s\"\n", module->exports);
	n += snprintf(source + n, sizeof(source) - (size_t)n, ".data\n");
	for (int i = 0; i < 3 && module->needs[i]; i++)
		n += snprintf(source + n, sizeof(source) - (size_t)n, ".quad %s\n",
			      module->needs[i]);
	tree_write(tree, "/source.s", source, (size_t)n);
	FORMAT(below, "%s/kernel", dir);
	tree_mkdir(tree, below);
	FORMAT(command, "as -o %s%s/%s.ko %s/source.s", tree->root, below, module->name,
	       tree->root);
	assert_int_equal(system(command), 0);
}

static inline void fake_modules_index(struct tree *tree, const char *base, const char *version)
{
	char command[2 * PATH_MAX];

	FORMAT(command, "PATH=$PATH:/usr/sbin:/sbin depmod -b %s%s %s 2>/dev/null", tree->root,
	       base, version);
	assert_int_equal(system(command), 0);
}

/*
 * Makes tree/BASE/lib/modules/VERSION with the modules of fake_9p but for the one called without
 * (NULL: all); builtin: modules.builtin's text, or NULL.
 */
static inline void fake_modules_make(struct tree *tree, const char *base, const char *version,
				     const char *without, const char *builtin)
{
	char dir[PATH_MAX], file[PATH_MAX + 32];

	FORMAT(dir, "%s/lib/modules/%s", base, version);
	tree_mkdir(tree, dir);
	for (size_t i = 0; i < sizeof(fake_9p) / sizeof(fake_9p[0]); i++) {
		if (!without || strcmp(without, fake_9p[i].name) != 0)
			fake_module_write(tree, dir, &fake_9p[i]);
	}
	FORMAT(file, "%s/modules.builtin", dir);
	if (builtin)
		tree_write(tree, file, builtin, strlen(builtin));
	fake_modules_index(tree, base, version);
}

#endif
