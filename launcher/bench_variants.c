/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/bench_variants.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wordexp.h>

#include "boot/kernel_image.h"
#include "core/cleanup.h"
#include "core/log.h"

static const char *wordexp_reason(int err)
{
	switch (err) {
	case WRDE_BADCHAR:
		return "has a character that means something else to a shell; quote it";
	case WRDE_BADVAL:
		return "names a variable that is not set";
	case WRDE_CMDSUB:
		return "has a command to be run in it";
	default:
		return "has a quote or a bracket that is not closed";
	}
}

static int add_words(struct variant *variant, const char *what)
{
	wordexp_t expanded;
	int err = wordexp(what, &expanded, WRDE_NOCMD | WRDE_UNDEF);

	if (err) {
		if (err == WRDE_NOSPACE)
			return -ENOMEM;
		log_error("--vs: '%s' %s", what, wordexp_reason(err));
		return -EINVAL;
	}
	for (size_t i = 0; i < expanded.we_wordc; i++)
		strlist_add(&variant->words, expanded.we_wordv[i]);
	wordfree(&expanded);
	return variant->words.error;
}

/* 0: it is a kernel; -ENOEXEC, with *why: it is not; else it cannot be read, which was logged. */
static int look_for_kernel(const char *file, const char **why)
{
	struct kernel_image image;
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno == EACCES && access(file, X_OK) == 0) {
		*why = "cannot be read"; /* but executed */
		return -ENOEXEC;
	}
	if (fd < 0) {
		int err = -errno;
		log_error("--vs: %s cannot be opened: %s", file, strerror(-err));
		return err;
	}
	return kernel_image_read(fd, &image, why) == 0 ? 0 : -ENOEXEC;
}

/* A kernel first: some distributions have theirs executable. */
static int use_file(struct variant *variant, const char *file, const struct stat *st)
{
	const char *why;

	if (S_ISDIR(st->st_mode)) {
		log_error("--vs: %s is a directory; give a kernel, or a program", file);
		return -EISDIR;
	}
	if (!S_ISREG(st->st_mode)) {
		log_error("--vs: %s is no regular file; give a kernel, or a program", file);
		return -EINVAL;
	}
	int err = look_for_kernel(file, &why);
	if (!err) {
		strlist_add(&variant->words, "-k");
		strlist_add(&variant->words, file);
		return variant->words.error;
	}
	if (err == -ENOEXEC && access(file, X_OK) == 0) {
		variant->snug = file;
		return 0;
	}
	if (err == -ENOEXEC)
		log_error("--vs: %s is neither a kernel (it %s) nor a program", file, why);
	return err;
}

static int apply(struct variant *variant, const char *what)
{
	struct stat st;
	const bool is_file = stat(what, &st) == 0;
	const int err = is_file ? 0 : -errno;

	variant->label = what;
	if (what[strspn(what, " \t\n")] != '-') {
		if (is_file)
			return use_file(variant, what, &st);
		log_error("--vs: %s: %s; options begin with '-', as in --vs '--kaslr=off'", what,
			  strerror(-err));
		return err;
	}
	if (is_file) {
		log_error("--vs: '%s' is a file as well as an option; write ./%s for the file",
			  what, what);
		return -EINVAL;
	}
	return add_words(variant, what);
}

static int check_options(const struct variant *variant)
{
	const struct options *options = &variant->options;
	/* Behind "snug", "run" and the words, and the "--" that ends them. */
	char *const *command = variant->argv.items + 3 + variant->words.count;

	if (options->command != COMMAND_RUN || options->dry_run) {
		log_error("--vs: with '%s' nothing would be run", variant->label);
		return -EINVAL;
	}
	if (options->argv == command)
		return 0;
	if (options->argv < command && strcmp(options->argv[-1], "--") != 0)
		log_error("--vs: '%s': '%s' is not an option", variant->label, options->argv[0]);
	else
		log_error("--vs: '%s': only options, without '--'", variant->label);
	return -EINVAL;
}

static int parse_argv(struct variant *variant)
{
	const struct strlist *argv = &variant->argv;

	return argv->error ? argv->error
			   : options_parse(&variant->options, (int)argv->count, argv->items);
}

/* As "snug run" would; the words alone first, so that no value that is missing is taken from behind. */
static int parse(struct variant *variant, char *const *command)
{
	struct strlist *argv = &variant->argv;

	strlist_add(argv, "snug");
	strlist_add(argv, "run");
	for (size_t i = 0; i < variant->words.count; i++)
		strlist_add(argv, variant->words.items[i]);
	int err = parse_argv(variant);
	if (err)
		return err;
	options_free(&variant->options);
	strlist_add(argv, "--");
	for (; *command; command++)
		strlist_add(argv, *command);
	err = parse_argv(variant);
	return err ? err : check_options(variant);
}

static int make(struct variant *variant, const struct options *options, const char *what)
{
	const struct strlist *run = &options->bench.run;
	int err = 0;

	for (size_t i = 0; i < run->count; i++)
		strlist_add(&variant->words, run->items[i]);
	if (variant->words.error)
		return variant->words.error;
	if (what)
		err = apply(variant, what);
	return err ? err : parse(variant, options->argv);
}

int variants_make(struct variants *variants, const struct options *options)
{
	const struct bench_options *bench = &options->bench;

	*variants = (struct variants){0};
	variants->items[variants->count++].label = "as given";
	int err = make(&variants->items[0], options, NULL);
	for (size_t i = 0; i < bench->vs_count && !err; i++)
		err = make(&variants->items[variants->count++], options, bench->vs[i]);
	return err;
}

void variants_free(struct variants *variants)
{
	for (size_t i = 0; i < variants->count; i++) {
		options_free(&variants->items[i].options);
		strlist_free(&variants->items[i].argv);
		strlist_free(&variants->items[i].words);
	}
	*variants = (struct variants){0};
}
