/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/mount_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"

const char *const cache_names[CACHE_COUNT] = {
	[CACHE_LOOSE] = "loose",
	[CACHE_MMAP] = "mmap",
	[CACHE_NONE] = "none",
};

static int bad(const char *text, const char *what)
{
	log_error("--volume: '%s' %s; write SRC[:DST][:OPT,...], as in ./data:/data:rw", text,
		  what);
	return -EINVAL;
}

/* text is taken over. 0 or -ENOMEM. */
static int append(struct mount_options *options, struct mount_option option, char **text)
{
	struct mount_option *items =
		reallocarray(options->items, options->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	option.text = steal_ptr(text);
	options->items = items;
	items[options->count++] = option;
	return 0;
}

/* What the OPTs say, and which kinds of them there were. */
struct opts {
	bool rw, has_mode;
	enum mount_cache cache;
	bool has_cache;
	enum mount_relabel relabel;
};

/* One OPT. 0, -EINVAL: none; -EEXIST: its like was given before. */
static int take_opt(struct opts *opts, const char *opt)
{
	if (strcmp(opt, "ro") == 0 || strcmp(opt, "rw") == 0) {
		if (opts->has_mode)
			return -EEXIST;
		opts->has_mode = true;
		opts->rw = opt[1] == 'w';
		return 0;
	}
	if (strcmp(opt, "z") == 0 || strcmp(opt, "Z") == 0) {
		if (opts->relabel != RELABEL_NONE)
			return -EEXIST;
		opts->relabel = opt[0] == 'z' ? RELABEL_SHARED : RELABEL_PRIVATE;
		return 0;
	}
	if (strncmp(opt, "cache=", strlen("cache=")) != 0)
		return -EINVAL;
	for (unsigned i = 0; i < CACHE_COUNT; i++) {
		if (strcmp(opt + strlen("cache="), cache_names[i]) != 0)
			continue;
		if (opts->has_cache)
			return -EEXIST;
		opts->has_cache = true;
		opts->cache = (enum mount_cache)i;
		return 0;
	}
	return -EINVAL;
}

static int take_opts(struct opts *opts, const char *text, char *list)
{
	for (char *opt; (opt = strsep(&list, ","));) {
		int err = take_opt(opts, opt);

		if (err == -EEXIST)
			return bad(text, "has two options of one kind");
		if (err && opt[0] == '\0')
			return bad(text, "has an empty option");
		if (err) {
			log_error("--volume: '%s': '%s' is not one of the options ro, rw, z, "
				  "Z, cache=none, cache=mmap, cache=loose; and a path in the VM is "
				  "absolute",
				  text, opt);
			return err;
		}
	}
	return 0;
}

/* Cuts text, which is changed, at its colons. 0, or -EINVAL after having logged. */
static int split(const char *typed, char *text, char *fields[3])
{
	size_t count = 0;

	for (char *field; (field = strsep(&text, ":"));) {
		if (count == 3)
			return bad(typed, "has more than three parts");
		if (field[0] == '\0')
			return bad(typed,
				   count ? "has an empty part" : "begins with an empty part");
		fields[count++] = field;
	}
	return 0;
}

int mount_options_add_volume(struct mount_options *options, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *fields[3] = {NULL};
	struct opts opts = {0};

	if (!copy)
		return -ENOMEM;
	int err = split(text, copy, fields);
	if (err)
		return err;
	const char *dst = fields[1] && fields[1][0] == '/' ? fields[1] : NULL;
	if (fields[2] && !dst)
		return bad(text, "has a second part that is no absolute path");
	char *list = dst ? fields[2] : fields[1];
	err = list ? take_opts(&opts, text, list) : 0;
	if (err)
		return err;
	return append(options,
		      (struct mount_option){
			      .kind = MOUNT_VOLUME,
			      .option = "volume",
			      .src = fields[0],
			      .dst = dst,
			      .rw = opts.rw,
			      .relabel = opts.relabel,
			      .cache = opts.has_cache ? opts.cache
				       : opts.rw      ? CACHE_MMAP
						      : CACHE_LOOSE,
		      },
		      &copy);
}

int mount_options_add_dir(struct mount_options *options, const char *name, enum mount_kind kind,
			  const char *dir)
{
	struct mount_option option = {
		.kind = kind, .option = name, .rw = true, .cache = CACHE_MMAP};

	if (dir[0] == '\0') {
		log_error("--%s: the value is empty", name);
		return -EINVAL;
	}
	_cleanup_free_ char *copy = strdup(dir);
	if (!copy)
		return -ENOMEM;
	*(kind == MOUNT_VOLUME ? &option.src : &option.dst) = copy;
	return append(options, option, &copy);
}

void mount_options_free(struct mount_options *options)
{
	for (size_t i = 0; i < options->count; i++)
		free(options->items[i].text);
	free(options->items);
	*options = (struct mount_options){0};
}
