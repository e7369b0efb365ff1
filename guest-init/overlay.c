/* SPDX-License-Identifier: Apache-2.0 */
#include "guest-init/overlay.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/keep.h"
#include "guest-init/report.h"
#include "guest-init/say.h"

bool overlay_covered(const struct strings *dirs, size_t count, const char *dir)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(dirs->items[i]);

		if (strncmp(dirs->items[i], dir, len) == 0 && (dir[len] == '\0' || dir[len] == '/'))
			return true;
	}
	return false;
}

static int append(char **to, const char *end, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (end - *to < 3)
			return -ENAMETOOLONG;
		if (strchr(escape, *text))
			*(*to)++ = '\\';
		*(*to)++ = *text;
	}
	**to = '\0';
	return 0;
}

/*
 * A comma would end the option and a colon the layer. redirect_dir lets a directory of the share be
 * renamed, which is EXDEV otherwise; the new name would then have what is under the old one, which
 * the upper directory alone does not tell.
 */
int overlay_options(char *options, size_t size, const char *dir, const char *upper,
		    const char *work, bool redirect)
{
	const char *end = options + size;
	char *to = options;

	if (append(&to, end, "redirect_dir=", "") ||
	    append(&to, end, redirect ? "on" : "off,metacopy=off", "") ||
	    append(&to, end, ",upperdir=", "") || append(&to, end, upper, "") ||
	    append(&to, end, ",workdir=", "") || append(&to, end, work, "") ||
	    append(&to, end, ",lowerdir=", "") || append(&to, end, dir, "\\,:"))
		return -ENAMETOOLONG;
	return 0;
}

/* The overlay's own root takes owner and mode from the upper directory: make it like the share's. */
static int make_upper(const char *upper, const struct stat *like)
{
	mode_t mode = like->st_mode & 07777;

	if (mkdir(upper, mode))
		return -errno;
	if ((like->st_uid || like->st_gid) && chown(upper, like->st_uid, like->st_gid))
		return -errno;
	if ((mode & (S_ISUID | S_ISGID)) && chmod(upper, mode))
		return -errno;
	return 0;
}

static int mount_one(const char *dir, const struct stat *like, const char *kept_as)
{
	static unsigned count;
	static char options[2 * 4096 + 128];
	char upper[] = "upper..", work[] = "work..";
	const unsigned number = count++;
	int r;

	if (number >= 26 * 26)
		return -E2BIG;
	upper[5] = work[4] = (char)('a' + number / 26);
	upper[6] = work[5] = (char)('a' + number % 26);
	r = make_upper(upper, like);
	if (r)
		return r;
	if (mkdir(work, 0700))
		return -errno;
	r = overlay_options(options, sizeof(options), dir, upper, work, !keep_wanted());
	if (!r && kept_as)
		r = keep_add(kept_as, dir, upper);
	if (r)
		return r;
	return mount("overlay", dir, "overlay", 0, options) ? -errno : 0;
}

int overlay_mount(const char *dir, const char *kept_as)
{
	struct stat st;

	if (stat(dir, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? mount_one(dir, &st, kept_as) : -ENOTDIR;
}

int overlays_mount(const struct strings *dirs)
{
	for (size_t i = 0; i < dirs->count; i++) {
		const char *dir = dirs->items[i];
		struct stat st;
		int r;

		if (overlay_covered(dirs, i, dir) || stat(dir, &st) || !S_ISDIR(st.st_mode))
			continue;
		r = mount_one(dir, &st, dir);
		if (r) {
			say("guest: overlay over ", dir, ": ", strerror(-r));
			return r;
		}
		report_note("mount", dir);
	}
	return 0;
}
