/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/version.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commit.inc" /* make's: SNUG_COMMIT; "": not known */
#include "core/cleanup.h"
#include "launcher/cache.h"
#include "launcher/install.h"
#include "launcher/kernel.h"
#include "launcher/security.h"
#include "launcher/strlist.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifdef __GLIBC__
#define LIBC "glibc " TEXT(__GLIBC__) "." TEXT(__GLIBC_MINOR__)
#else
#define LIBC "musl"
#endif

static void print(const char *what, const char *value, FILE *out)
{
	(void)fprintf(out, "%-9s %s\n", what, value);
}

/* Parts are found from where snug is: without the "bin/.." in it. */
static void print_path(const char *what, const char *path, FILE *out)
{
	_cleanup_free_ char *real = realpath(path, NULL);

	print(what, real ? real : path, out);
}

/* Where a part is; what is not there is no failure here. */
static void print_part(const char *what, const char *name, FILE *out)
{
	char path[PATH_MAX];
	int err = install_find(name, X_OK, path);

	if (err)
		(void)fprintf(out, "%-9s missing (%s: %s); install snug again\n", what, name,
			      strerror(-err));
	else
		print_path(what, path, out);
}

int version_print(const struct caller *caller, const struct host *host, FILE *out)
{
	_cleanup_strlist_ struct strlist kernels = {0};
	_cleanup_free_ char *cache = NULL;
	int err = cache_path(caller, &cache); /* first: it may be snug-full that knows */

	if (!err)
		err = kernel_list(host, &kernels);
	if (err)
		return err;
	(void)fprintf(out, "snug %s\n", SNUG_VERSION);
	if (SNUG_COMMIT[0])
		print("commit", SNUG_COMMIT, out);
	print("built", "by " COMPILER ", with " LIBC ", for x86-64", out);
	print("unpacks", "gzip, xz, zstd, lz4", out);
	print("SELinux", security_selinux_is_on() ? "on; see 'snug security'" : "off", out);
	print_part("monitor", "snug-monitor", out);
	print_part("full", "snug-full", out);
	if (kernels.count)
		print_path("kernel", kernels.items[0], out);
	else
		print("kernel", "none in /boot, and none of snug's own", out);
	print("cache", cache ? cache : "none: neither HOME nor XDG_CACHE_HOME is set", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -errno;
}
