/* SPDX-License-Identifier: Apache-2.0 */
#include "report/manifest.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fds.h"
#include "core/util.h"

/* Enough of /proc/cpuinfo for one processor. */
#define FILE_MAX 16384

/* The beginning of a file, NUL-terminated; empty if it cannot be read. */
static const char *read_text(const char *root, const char *file, char text[FILE_MAX])
{
	char path[PATH_MAX];
	size_t len = 0;
	ssize_t n = 0;

	text[0] = '\0';
	if (snprintf(path, sizeof(path), "%s%s", root, file) >= (int)sizeof(path))
		return text;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return text;
	/* Some files of /proc are read a part at a time. */
	while (len < FILE_MAX - 1 && (n = read(fd, text + len, FILE_MAX - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

/* What is behind "NAME :" at the start of a line; NULL if no line is so. */
static const char *value_of(const char *text, const char *name)
{
	const size_t len = strlen(name);

	while (text && *text) {
		if (strncmp(text, name, len) == 0) {
			const char *colon = text + len + strspn(text + len, " \t");
			if (*colon == ':')
				return colon + 1 + strspn(colon + 1, " \t");
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

/* The rest of the line. */
static void copy_line(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%.*s", from ? (int)strcspn(from, "\n") : 0, from ? from : "");
}

static uint64_t bytes_of(const char *meminfo, const char *name)
{
	const char *value = value_of(meminfo, name);

	return value ? strtoull(value, NULL, 10) * 1024 : 0;
}

static bool has_word(const char *line, const char *word)
{
	const size_t len = strlen(word);

	while (line && *line && *line != '\n') {
		const size_t this_len = strcspn(line, " \n");
		if (this_len == len && strncmp(line, word, len) == 0)
			return true;
		line += this_len + (line[this_len] == ' ');
	}
	return false;
}

/* "always [madvise] never" -> "madvise" */
static void copy_chosen(char *to, size_t size, const char *text)
{
	const char *open = strchr(text, '[');

	(void)snprintf(to, size, "%.*s", open ? (int)strcspn(open + 1, "]\n") : 0,
		       open ? open + 1 : "");
}

static void read_cpu(struct manifest *manifest, const char *root, char text[FILE_MAX])
{
	const char *cpuinfo = read_text(root, "/proc/cpuinfo", text);

	copy_line(manifest->cpu, sizeof(manifest->cpu), value_of(cpuinfo, "model name"));
	manifest->is_guest = has_word(value_of(cpuinfo, "flags"), "hypervisor");
	copy_line(manifest->governor, sizeof(manifest->governor),
		  read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text));
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	manifest->cpus = cpus > 0 ? (unsigned)cpus : 1;
}

static void read_kvm(struct manifest *manifest, const char *root)
{
	/* PVM may be there besides another, and is what /dev/kvm is then. */
	static const char *const modules[] = {"kvm_pvm", "kvm_intel", "kvm_amd"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(modules) && !manifest->kvm[0]; i++) {
		if (snprintf(path, sizeof(path), "%s/sys/module/%s", root, modules[i]) <
			    (int)sizeof(path) &&
		    access(path, F_OK) == 0)
			copy_line(manifest->kvm, sizeof(manifest->kvm), modules[i]);
	}
	manifest->is_pvm = strcmp(manifest->kvm, "kvm_pvm") == 0;
}

static void read_memory(struct manifest *manifest, const char *root, char text[FILE_MAX])
{
	const char *meminfo = read_text(root, "/proc/meminfo", text);

	manifest->memory = bytes_of(meminfo, "MemTotal");
	manifest->memory_available = bytes_of(meminfo, "MemAvailable");
	copy_chosen(manifest->thp, sizeof(manifest->thp),
		    read_text(root, "/sys/kernel/mm/transparent_hugepage/enabled", text));
}

static void read_load(struct manifest *manifest, const char *root, char text[FILE_MAX])
{
	const char *loadavg = read_text(root, "/proc/loadavg", text);
	char *end;

	manifest->load = strtod(loadavg, &end);
	manifest->has_load = end != loadavg;
}

void manifest_read(struct manifest *manifest, const char *root)
{
	_cleanup_free_ char *text = malloc(FILE_MAX);
	const time_t now = time(NULL);
	struct utsname uts;
	struct tm utc;

	*manifest = (struct manifest){0};
	if (gmtime_r(&now, &utc))
		(void)strftime(manifest->date, sizeof(manifest->date), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (uname(&uts) == 0)
		(void)snprintf(manifest->host_kernel, sizeof(manifest->host_kernel),
			       "%.100s %.100s", uts.release, uts.version);
	if (!text)
		return;
	read_cpu(manifest, root, text);
	read_kvm(manifest, root);
	read_memory(manifest, root, text);
	read_load(manifest, root, text);
}

bool manifest_is_busy(const struct manifest *manifest)
{
	return manifest->has_load && manifest->load > (double)manifest->cpus / 2;
}
