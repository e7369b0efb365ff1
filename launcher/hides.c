/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/hides.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/util.h"

/* Names of one directory stand together: each directory is opened once. docs/snug.1 has it as well. */
static const char *const below_home[] = {
	/* Keys to other machines, and signing keys. */
	".ssh",
	".gnupg",
	/* Accounts with cloud providers and clusters. */
	".aws",
	".azure",
	".kube",
	".config/gcloud",
	".terraform.d/credentials.tfrc.json",
	/* Passwords for servers and services, and stores of them. */
	".netrc",
	".pgpass",
	".password-store",
	".vault-token",
	".config/rclone",
	".local/share/keyrings",
	".local/share/kwalletd",
	/* Tokens of forges, registries and package indexes: who has them publishes in one's name. */
	".git-credentials",
	".config/git/credentials",
	".config/gh",
	".docker/config.json",
	".npmrc",
	".pypirc",
	".cargo/credentials",
	".cargo/credentials.toml",
	/* Sessions and saved passwords of browsers, and mail. */
	".mozilla",
	".thunderbird",
	".config/google-chrome",
	".config/chromium",
	".config/BraveSoftware",
	".config/microsoft-edge",
	".config/vivaldi",
	"snap/firefox",
};

/* What only root can read, and what makes the host that host. */
static const char *const of_root[] = {
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/gshadow",
	"/etc/gshadow-",
	"/etc/ssl/private",
	"/etc/ssh/ssh_host_rsa_key",
	"/etc/ssh/ssh_host_ecdsa_key",
	"/etc/ssh/ssh_host_ed25519_key",
	"/etc/security/opasswd",
};

static int too_many(void)
{
	log_error("--hide: more than %d names are to be hidden (--no-default-hide leaves out the "
		  "usual ones)",
		  HIDES_MAX);
	return -E2BIG;
}

/* Not looked for again: most of the list's directories are on no one machine. */
static int no_dir(struct hides *hides, const char *path, int err)
{
	strlist_add(&hides->absent, path);
	return hides->absent.error ? hides->absent.error : err;
}

/* The index of the directory, or -errno of opening it; -ENOENT as well for any that failed before. */
static int find_dir(struct hides *hides, const char *path)
{
	struct hide_dir *dir = &hides->dirs[hides->dir_count];

	for (size_t i = 0; i < hides->dir_count; i++) {
		if (strcmp(hides->dirs[i].path, path) == 0)
			return (int)i;
	}
	for (size_t i = 0; i < hides->absent.count; i++) {
		if (strcmp(hides->absent.items[i], path) == 0)
			return -ENOENT;
	}
	if (hides->dir_count == HIDES_MAX)
		return too_many();
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return no_dir(hides, path, -errno);
	dir->path = strdup(path);
	if (!dir->path)
		return -ENOMEM;
	dir->fd = steal_fd(&fd);
	return (int)hides->dir_count++;
}

static int add_name(struct hides *hides, size_t dir, const char *name, bool absent)
{
	for (size_t i = 0; i < hides->count; i++) {
		if (hides->items[i].dir == dir && strcmp(hides->items[i].name, name) == 0)
			return 0;
	}
	if (hides->count == HIDES_MAX)
		return too_many();
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	hides->items[hides->count++] = (struct hide){.dir = dir, .name = copy, .absent = absent};
	return 0;
}

/* Cuts path before its last name, which is returned; the directory is left in path. */
static const char *cut_name(char *path, const char **dir)
{
	char *slash = strrchr(path, '/');

	*dir = !slash ? "." : slash == path ? "/" : path;
	if (slash)
		*slash = '\0';
	return slash ? slash + 1 : path;
}

/* Of these something was logged, or will be. The rest says of a directory that it cannot be opened. */
static bool is_fatal(int err)
{
	return err == -ENOMEM || err == -E2BIG;
}

/* What a link points to can be reached without it. A link to nothing hides nothing. */
static int add_target(struct hides *hides, const char *path)
{
	char target[PATH_MAX];
	const char *dir_path;

	if (!realpath(path, target) || strcmp(target, "/") == 0)
		return 0;
	const char *name = cut_name(target, &dir_path);
	const int dir = find_dir(hides, dir_path);
	int err = dir < 0 ? dir : add_name(hides, (size_t)dir, name, false);
	return is_fatal(err) ? err : 0;
}

/* 0, or -errno of opening the directory. */
static int add(struct hides *hides, const char *path)
{
	char copy[PATH_MAX], byte;
	const char *dir_path;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	const char *name = cut_name(copy, &dir_path);
	const int dir = find_dir(hides, dir_path);
	if (dir < 0)
		return dir;
	const bool link = readlinkat(hides->dirs[dir].fd, name, &byte, 1) >= 0;
	int err = add_name(hides, (size_t)dir, name, !link && errno == ENOENT);
	return err || !link ? err : add_target(hides, path);
}

static int add_home(struct hides *hides, const char *home)
{
	char path[PATH_MAX];
	size_t len = strlen(home);
	int err = 0;

	while (len > 0 && home[len - 1] == '/')
		len--;
	for (size_t i = 0; !is_fatal(err) && i < ARRAY_SIZE(below_home); i++) {
		const int n =
			snprintf(path, sizeof(path), "%.*s/%s", (int)len, home, below_home[i]);
		err = n < (int)sizeof(path) ? add(hides, path) : 0;
	}
	return is_fatal(err) ? err : 0;
}

int hides_add_default(struct hides *hides, const struct caller *caller, const char *const homes[],
		      size_t home_count)
{
	int err = 0;

	for (size_t i = 0; !err && i < home_count; i++) {
		bool done = false;

		for (size_t j = 0; j < i; j++)
			done |= homes[i] && homes[j] && strcmp(homes[i], homes[j]) == 0;
		if (homes[i] && homes[i][0] == '/' && !done)
			err = add_home(hides, homes[i]);
	}
	for (size_t i = 0; !err && caller->uid == 0 && i < ARRAY_SIZE(of_root); i++) {
		err = add(hides, of_root[i]);
		err = is_fatal(err) ? err : 0;
	}
	return err;
}

/* "." and the like name an entry of some directory as well. */
static bool ends_in_dots(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int hides_add_path(struct hides *hides, const char *path)
{
	char trimmed[PATH_MAX], real[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	int err = len < sizeof(trimmed) ? 0 : -ENAMETOOLONG;
	if (!err) {
		(void)snprintf(trimmed, sizeof(trimmed), "%.*s", (int)len, path);
		if (ends_in_dots(trimmed))
			err = realpath(trimmed, real) ? 0 : -errno;
		else
			(void)strcpy(real, trimmed);
	}
	if (!err && strcmp(real, "/") == 0) {
		log_error("--hide: / cannot be hidden");
		return -EINVAL;
	}
	if (!err)
		err = add(hides, real);
	if (err && !is_fatal(err))
		log_error("--hide: the directory of %s cannot be opened: %s", path, strerror(-err));
	return err;
}

void hides_free(struct hides *hides)
{
	for (size_t i = 0; i < hides->count; i++)
		free(hides->items[i].name);
	for (size_t i = 0; i < hides->dir_count; i++) {
		free(hides->dirs[i].path);
		(void)close(hides->dirs[i].fd);
	}
	strlist_free(&hides->absent);
	*hides = (struct hides){0};
}
