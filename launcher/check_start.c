/* SPDX-License-Identifier: Apache-2.0 */
/* snug doctor: what a VM is started with. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "boot/kernel_cache.h"
#include "core/cleanup.h"
#include "core/util.h"
#include "launcher/finding.h"
#include "launcher/install.h"
#include "launcher/kernel.h"
#include "launcher/security.h"

/* A kernel of a distribution, unpacked, and as much again while it is. */
#define CACHE_ROOM MIB(128)

/* --- kvm -------------------------------------------------------------------------------------------- */

static bool exists(const struct host *host, const char *file)
{
	char path[PATH_MAX];

	return host_path(host, file, path) && access(path, F_OK) == 0;
}

/* The first character of a module's parameter; 0: it has none. */
static char parameter(const struct host *host, const char *file)
{
	char path[PATH_MAX], value = 0;
	_cleanup_close_ int fd =
		host_path(host, file, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	return fd >= 0 && read(fd, &value, 1) == 1 ? value : 0;
}

static bool is_off(char value)
{
	return value == 'N' || value == '0';
}

static void check_paging(const struct host *host, struct finding *finding)
{
	if (is_off(parameter(host, "/sys/module/kvm_intel/parameters/ept")))
		finding_warn(finding,
			     "try 'sudo modprobe -r kvm_intel; sudo modprobe kvm_intel ept=1'",
			     "kvm_intel is without nested paging (ept=N): all in a VM is slow");
	if (is_off(parameter(host, "/sys/module/kvm_amd/parameters/npt")))
		finding_warn(finding, "try 'sudo modprobe -r kvm_amd; sudo modprobe kvm_amd npt=1'",
			     "kvm_amd is without nested paging (npt=0): all in a VM is slow");
}

/* In CPUID, where the processor is a hypervisor's. */
static bool is_virtual(void)
{
	unsigned a = 1, b, c = 0, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c & (1U << 31);
}

/* The device answers: does it do what a VM is made with? */
static void ask_kvm(int kvm, struct finding *finding)
{
	static const struct {
		long capability;
		const char *name;
	} needs[] = {
		{KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP"},
		{KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
		{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
	};
	const int version = ioctl(kvm, KVM_GET_API_VERSION, 0);

	if (version != KVM_API_VERSION) {
		finding_fail(finding, "update the host's kernel",
			     "/dev/kvm speaks version %d, and not %d", version, KVM_API_VERSION);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (ioctl(kvm, KVM_CHECK_EXTENSION, needs[i].capability) <= 0)
			finding_fail(finding,
				     "update the host's kernel: Linux 5.11 or newer has it",
				     "this host's KVM has no %s", needs[i].name);
	}
	_cleanup_close_ int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 && errno == EBUSY)
		finding_fail(finding, "end the other hypervisor, as VirtualBox or VMware",
			     "the processor's virtualization is in use by another hypervisor");
	else if (vm < 0)
		finding_fail(finding, "see what the kernel's log says of KVM (dmesg)",
			     "KVM makes no VM: %s", strerror(errno));
}

int check_kvm(const struct host *host, struct finding *finding)
{
	struct host_trouble trouble;
	const char *module = exists(host, "/sys/module/kvm_intel") ? "kvm_intel"
			     : exists(host, "/sys/module/kvm_amd") ? "kvm_amd"
								   : "of an unknown kind";
	int r = host_check_kvm(host, &trouble);
	_cleanup_close_ int kvm = r ? -1 : host_open_kvm(host, &trouble);

	if (kvm < 0) {
		finding_fail(finding, trouble.cure, "%s", trouble.text);
		return 0;
	}
	ask_kvm(kvm, finding);
	check_paging(host, finding);
	finding_ok(finding, "/dev/kvm is there and permitted, %s", module);
	if (is_virtual())
		finding_add(finding, "this host is a virtual machine itself, in which VMs start "
				     "slower");
	return 0;
}

/* --- kernel ----------------------------------------------------------------------------------------- */

static void tell_kernel(const struct kernel *kernel, bool own, const struct cache *cache,
			struct finding *finding)
{
	struct kernel_cache_info info;
	struct vmlinux vmlinux;
	_cleanup_close_ int entry =
		cache->dir < 0 ? -1 : kernel_cache_find(cache->dir, kernel->fd, &vmlinux, &info);

	finding_ok(finding, "%s (%s%s): 9p %s, virtio-mmio %s; %s; %s", kernel->path,
		   kernel->image.version[0] ? kernel->image.version : "no version",
		   own ? ", made for snug" : "", kernel_how(kernel, "9p"),
		   kernel_how(kernel, "virtio_mmio"),
		   kernel_cache_format(kernel->fd, &kernel->image),
		   entry >= 0 ? "unpacked" : "not unpacked yet");
}

int check_kernel(const struct host *host, const struct caller *caller, struct finding *finding)
{
	static const char cure[] = "install one (Debian: linux-image-amd64), make snug's own with "
				   "'make kernel', or give one with -k";
	_cleanup_strlist_ struct strlist paths = {0};
	_cleanup_cache_ struct cache cache = CACHE_NOT_OPEN;
	_cleanup_free_ char *newest = NULL; /* what is wrong with it */
	int err = cache_find(&cache, caller);

	if (!err)
		err = kernel_list(host, &paths);
	if (err)
		return err;
	for (size_t i = 0; i < paths.count; i++) {
		struct kernel kernel;
		struct kernel_reason reason;

		err = kernel_try(&kernel, host, &cache, paths.items[i], NULL, &reason);
		if (err == -ENOMEM)
			return err;
		if (!err) {
			tell_kernel(&kernel, kernel_is_own(host, paths.items[i]), &cache, finding);
			kernel_free(&kernel);
			break;
		}
		if (i == 0 && asprintf(&newest, "%s %s", paths.items[i], reason.text) < 0) {
			newest = NULL;
			return -ENOMEM;
		}
	}
	if (finding->text[0] && newest)
		finding_add(finding, "a newer one will not do: %s", newest);
	else if (newest)
		finding_message(finding, VERDICT_FAIL, newest, cure);
	else if (!finding->text[0])
		finding_fail(finding, cure, "%s/boot has no vmlinuz-*", host->root);
	return 0;
}

/* --- cache ------------------------------------------------------------------------------------------ */

int check_cache(const struct caller *caller, struct finding *finding)
{
	_cleanup_cache_ struct cache cache = CACHE_NOT_OPEN;
	_cleanup_free_ char *why = NULL;
	struct statvfs fs;
	int err = cache_find(&cache, caller);

	if (err)
		return err;
	if (cache.dir < 0) {
		if (asprintf(&why, "%s%s%s%s%s", cache.path ? cache.path : "",
			     cache.path ? " " : "", cache.why, cache.dir == -EPERM ? "" : ": ",
			     cache.dir == -EPERM ? "" : strerror(-cache.dir)) < 0) {
			why = NULL;
			return -ENOMEM;
		}
		finding_message(finding, VERDICT_WARN, why,
				"set XDG_CACHE_HOME to a directory of your own");
		finding_add(finding, "kernels are unpacked anew for each run");
		return 0;
	}
	const uint64_t room =
		fstatvfs(cache.dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : CACHE_ROOM;
	if (room < CACHE_ROOM)
		finding_warn(finding, "free some, or try 'snug kernel prune'",
			     "%s has room for %llu MiB, and an unpacked kernel may take %llu",
			     cache.path, (unsigned long long)(room / MIB(1)),
			     (unsigned long long)(CACHE_ROOM / MIB(1)));
	finding_ok(finding, "%s, with room for %llu MiB", cache.path,
		   (unsigned long long)(room / MIB(1)));
	return 0;
}

/* --- programs --------------------------------------------------------------------------------------- */

void check_programs(struct finding *finding)
{
	const struct {
		const char *name;
		enum verdict verdict;
		const char *without;
	} parts[] = {
		{"snug-monitor", VERDICT_FAIL, "no VM runs"},
		{"snug-full", VERDICT_FAIL, "no kernel can be unpacked"},
		{"snug-label", security_selinux_is_on() ? VERDICT_FAIL : VERDICT_WARN,
		 "no VM gets an SELinux label"},
		{"snug-report", VERDICT_WARN, "there is no timeline, benchmark or JSON"},
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int err = install_find(parts[i].name, X_OK, path);

		if (err && parts[i].verdict == VERDICT_FAIL)
			finding_fail(finding, "install snug again", "%s: %s; without it %s",
				     parts[i].name, strerror(-err), parts[i].without);
		else if (err)
			finding_warn(finding, "install snug again", "%s: %s; without it %s",
				     parts[i].name, strerror(-err), parts[i].without);
	}
	/* That is fine then, and where they all are. */
	char *slash = strrchr(path, '/');
	if (!finding->text[0] && slash)
		*slash = '\0';
	finding_ok(finding, "all parts of snug are in %s", path);
}
