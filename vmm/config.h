/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's command line. It names open descriptors, never paths: the monitor opens nothing, so
 * that it can be confined to what it was given, and be run by hand for an experiment:
 *
 *   snug-monitor --kvm=3 --kernel=4 --memory=268435456 [options]  3<>/dev/kvm 4<bzImage
 *
 *   --kvm=FD            /dev/kvm, open for reading and writing
 *   --kernel=FD         a bzImage
 *   --kernel-name=TEXT  what to call it in messages
 *   --vmlinux=FD        the same kernel unpacked (boot/vmlinux.h): it is entered directly, at random
 *                       addresses. Without, the bzImage's own decompressor is
 *   --no-kaslr          at the addresses it is linked to
 *   --initrd=FD         an initrd (none without); of several, the kernel gets one after the other
 *   --cmdline=TEXT      the kernel's command line
 *   --memory=BYTES      guest RAM, a whole number of MiB
 *   --cpus=N            processors, 1 (the default) to LAYOUT_CPUS_MAX
 *   --share=TAG:FD      a read-only 9p share of the directory FD (O_PATH), any number
 *   --export=TAG/NAME:FD[:OPT,...]  the 9p share TAG is a directory of exports; NAME is one of them: the
 *                       directory or regular file FD (O_PATH). rw: writable. direct: the guest is told
 *                       not to cache its files. Any number; those of one TAG are one device
 *   --hide=FD:NAME/...  the entries of these names of the directory FD are hidden in every share, any
 *                       number; --hide-new=FD:NAME/...: there are none of these names yet
 *   --proc-fd=FD        this process's own /proc/self/fd, or /proc (O_PATH); needed for shares
 *   --console           a console device on stdin, stdout, stderr (descriptors 0, 1, 2)
 *   --tty               stdin is a terminal: put it in raw mode, restore it at the end
 *   --timeout=MS        what the command has, from the VM's start, until it is asked to end, and then ended
 *   --timeline=FD       write to FD at the end where the time went (core/record.h)
 *   --result=FD         write to FD at the end how the VM ended (core/record.h, "end")
 *   --parent=PID        die with that process, this one's parent
 *   --no-confine=LAYER[,LAYER...]  leave out a layer of vmm/confine/confine.h, with a warning
 *   --keep=FD           leave FD open to the end: what it stands for is this VM's as long as it is (the
 *                       categories of its label, labels of volumes: label/), any number
 *   --verbose           show the kernel's console on stderr while it runs
 */
#ifndef VMM_CONFIG_H
#define VMM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "boot/load.h"
#include "virtio/p9/hide.h"
#include "virtio/p9/server.h"

#define CONFIG_SHARES_MAX  15
#define CONFIG_EXPORTS_MAX 512 /* of all shares together */
#define CONFIG_HIDES_MAX   512

struct config {
	int kvm_fd;
	int kernel_fd;
	int vmlinux_fd; /* -1: none */
	int initrd_fds[BOOT_INITRDS_MAX];
	unsigned initrd_count;
	const char *kernel_name;
	const char *cmdline;
	uint64_t memory; /* bytes */
	unsigned cpus;
	struct config_share {
		const char *tag; /* points into argv */
		uint16_t tag_len;
		const struct p9_export *exports; /* into the array below */
		unsigned export_count;
	} shares[CONFIG_SHARES_MAX];
	unsigned share_count;
	struct p9_export exports[CONFIG_EXPORTS_MAX]; /* sorted by share */
	unsigned export_count;
	struct p9_hide hides[CONFIG_HIDES_MAX];
	unsigned hide_count;
	int proc_fd;             /* -1: none */
	int timeline_fd;         /* -1: none */
	int result_fd;           /* -1: none */
	uint32_t timeout_ms;     /* 0: none */
	pid_t parent;            /* 0: none to die with */
	unsigned int no_confine; /* a bit for each enum confine_layer */
	bool no_kaslr;
	bool console;
	bool tty;
	bool verbose;
};

/* argv, which it changes, -> config. 0, or -EINVAL after having logged what is wrong. Strings point into argv. */
int config_parse(struct config *config, int argc, char **argv);

#endif
