/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/spec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t count_records(const char *data, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += data[i] == '\0';
	return count;
}

/* Room for as many of everything as there are records: simpler than growing, and a page or two. */
static int allocate(struct spec *spec, size_t records)
{
	struct strings *lists[] = {&spec->modules, &spec->overlays, &spec->args, &spec->env};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char **room = calloc(records + 2, sizeof(*room));

		if (!room)
			return -ENOMEM;
		lists[i]->items = room + 1;
	}
	spec->shares = calloc(records + 1, sizeof(*spec->shares));
	spec->groups = calloc(records + 1, sizeof(*spec->groups));
	spec->exports = calloc(records + 1, sizeof(*spec->exports));
	spec->mounts = calloc(records + 1, sizeof(*spec->mounts));
	return spec->shares && spec->groups && spec->exports && spec->mounts ? 0 : -ENOMEM;
}

void spec_free(struct spec *spec)
{
	struct strings *lists[] = {&spec->modules, &spec->overlays, &spec->args, &spec->env};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		free(lists[i]->items ? lists[i]->items - 1 : NULL);
	free(spec->shares);
	free(spec->exports);
	free(spec->mounts);
	free(spec->groups);
}

/* Digits of the base and nothing else, at most max. *end is left at the first other character. */
static int parse_number(const char *text, unsigned base, uint32_t max, uint32_t *number,
			const char **end)
{
	uint64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p < (char)('0' + base); p++) {
		n = n * base + (unsigned)(*p - '0');
		if (n > max)
			return -EINVAL;
	}
	if (p == text)
		return -EINVAL;
	*number = (uint32_t)n;
	*end = p;
	return 0;
}

static int parse_whole_number(const char *text, unsigned base, uint32_t max, uint32_t *number)
{
	const char *end;
	int r = parse_number(text, base, max, number, &end);

	return r || *end == '\0' ? r : -EINVAL;
}

/* (uid_t)-1 and (gid_t)-1 mean "leave as it is" to the kernel: never an id. */
#define ID_MAX (UINT32_MAX - 1)

static int parse_group(struct spec *spec, const char *value)
{
	return parse_whole_number(value, 10, ID_MAX, &spec->groups[spec->group_count++]);
}

static int parse_tty(struct spec *spec, const char *value)
{
	uint32_t rows, columns;
	const char *end;

	if (parse_number(value, 10, UINT16_MAX, &rows, &end) || *end != 'x' ||
	    parse_whole_number(end + 1, 10, UINT16_MAX, &columns))
		return -EINVAL;
	spec->tty = true;
	spec->size.ws_row = (unsigned short)rows;
	spec->size.ws_col = (unsigned short)columns;
	return 0;
}

static int parse_share(struct spec *spec, char *value)
{
	char *colon = strchr(value, ':');

	if (!colon || colon == value || colon[1] != '/')
		return -EINVAL;
	*colon = '\0';
	spec->shares[spec->share_count++] = (struct share){.tag = value, .dir = colon + 1};
	return 0;
}

/* Ends *rest at the next colon and moves it behind that; returns what was before, or NULL. */
static char *take_field(char **rest)
{
	char *field = *rest, *colon = strchr(field, ':');

	if (!colon)
		return NULL;
	*colon = '\0';
	*rest = colon + 1;
	return field;
}

static int parse_exports(struct spec *spec, char *value)
{
	struct export_device *device = &spec->exports[spec->export_count++];
	const char *mode;

	device->fd = -1;
	device->tag = take_field(&value);
	mode = device->tag ? take_field(&value) : NULL;
	device->options = value;
	if (!mode || device->tag[0] == '\0' || strchr(device->tag, '/') || value[0] == '\0')
		return -EINVAL;
	device->rw = strcmp(mode, "rw") == 0;
	return device->rw || strcmp(mode, "ro") == 0 ? 0 : -EINVAL;
}

static int parse_mount(struct spec *spec, char *value)
{
	static const struct {
		char name[8];
		enum user_mount_kind kind;
		bool has_source;
	} kinds[] = {
		{"ro", USER_RO_VOLUME, true},
		{"rw", USER_RW_VOLUME, true},
		{"tmpfs", USER_TMPFS, false},
		{"overlay", USER_OVERLAY, false},
	};
	struct user_mount *mount = &spec->mounts[spec->mount_count++];
	const char *name = take_field(&value);

	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		mount->kind = kinds[i].kind;
		mount->source = kinds[i].has_source ? take_field(&value) : NULL;
		mount->dst = value;
		if (kinds[i].has_source && (!mount->source || !strchr(mount->source, '/')))
			return -EINVAL;
		return value[0] == '/' ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int parse_closed(struct spec *spec, unsigned fd, const char *value)
{
	if (fd == 2 && strcmp(value, "tty") == 0) {
		spec->stderr_tty = true;
		return 0;
	}
	spec->closed[fd] = true;
	return strcmp(value, "closed") == 0 ? 0 : -EINVAL;
}

/* Numbers that the kernel is told as text. */
static int keep_number(char **field, char *value, const char *end)
{
	const size_t len = strspn(value, "0123456789");

	*field = value;
	return len && len <= SPEC_NUMBER_MAX &&
			       (value[len] == '\0' || strcmp(value + len, end) == 0)
		       ? 0
		       : -EINVAL;
}

static int add_string(struct strings *list, char *value)
{
	list->items[list->count++] = value;
	return 0;
}

static int parse_record(struct spec *spec, const char *key, char *value, bool *has_uid,
			bool *has_gid)
{
	if (strcmp(key, "env") == 0)
		return add_string(&spec->env, value);
	if (strcmp(key, "arg") == 0)
		return add_string(&spec->args, value);
	if (strcmp(key, "module") == 0)
		return add_string(&spec->modules, value);
	if (strcmp(key, "overlay") == 0)
		return *value == '/' ? add_string(&spec->overlays, value) : -EINVAL;
	if (strcmp(key, "share") == 0)
		return parse_share(spec, value);
	if (strcmp(key, "exports") == 0)
		return parse_exports(spec, value);
	if (strcmp(key, "mount") == 0)
		return parse_mount(spec, value);
	if (strcmp(key, "group") == 0)
		return parse_group(spec, value);
	if (strcmp(key, "umask") == 0)
		return parse_whole_number(value, 8, 0777, &spec->umask);
	if (strcmp(key, "tty") == 0)
		return parse_tty(spec, value);
	if (strcmp(key, "stdin") == 0)
		return parse_closed(spec, 0, value);
	if (strcmp(key, "stdout") == 0)
		return parse_closed(spec, 1, value);
	if (strcmp(key, "stderr") == 0)
		return parse_closed(spec, 2, value);
	if (strcmp(key, "uid") == 0) {
		*has_uid = true;
		return parse_whole_number(value, 10, ID_MAX, &spec->uid);
	}
	if (strcmp(key, "gid") == 0) {
		*has_gid = true;
		return parse_whole_number(value, 10, ID_MAX, &spec->gid);
	}
	if (strcmp(key, "cwd") == 0) {
		spec->cwd = value;
		return *value == '/' ? 0 : -EINVAL;
	}
	if (strcmp(key, "timeline") == 0) {
		spec->report = true;
		return strcmp(value, "report") == 0 ? 0 : -EINVAL;
	}
	if (strcmp(key, "pids") == 0)
		return keep_number(&spec->pids, value, "");
	if (strcmp(key, "overlay-size") == 0)
		return keep_number(&spec->overlay_size, value, "%");
	if (strcmp(key, "keep") == 0) {
		spec->keep = value;
		return strchr(value, '/') ? 0 : -EINVAL;
	}
	if (strcmp(key, "hostname") == 0) {
		spec->hostname = value;
		return 0;
	}
	return -EINVAL;
}

static int parse_records(struct spec *spec, char *data, size_t len, const char **why)
{
	bool has_uid = false, has_gid = false;
	size_t size;

	for (char *record = data; record < data + len; record += size) {
		char *equals = strchr(record, '=');

		size = strlen(record) + 1;
		*why = "a record without \"=\"";
		if (!equals)
			return -EINVAL;
		*equals = '\0';
		*why = "a record it does not know or cannot read";
		if (parse_record(spec, record, equals + 1, &has_uid, &has_gid))
			return -EINVAL;
	}
	*why = "no uid or no gid";
	return has_uid && has_gid ? 0 : -EINVAL;
}

int spec_parse(struct spec *spec, char *data, size_t len, const char **why)
{
	static char root[] = "/";
	int r;

	*spec = (struct spec){.cwd = root, .umask = 022};
	*why = "empty, or its last record is cut short";
	if (len == 0 || data[len - 1] != '\0')
		return -EINVAL;
	*why = "no memory";
	r = allocate(spec, count_records(data, len));
	if (r)
		return r;
	r = parse_records(spec, data, len, why);
	if (r)
		return r;
	*why = "no command";
	if (spec->args.count == 0)
		return -EINVAL;
	*why = "its first share is not \"/\"";
	if (spec->share_count == 0 || strcmp(spec->shares[0].dir, "/") != 0)
		return -EINVAL;
	*why = "stderr=tty without tty";
	return spec->stderr_tty && !spec->tty ? -EINVAL : 0;
}
