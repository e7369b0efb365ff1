/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snug's programs and its guest agree on: the power-off port block, the console ports, the
 * control stream and the run specification. The only header guest-init includes from outside its
 * own folder; plain C, no other header of the project.
 */
#ifndef CORE_ABI_H
#define CORE_ABI_H

#include <stdint.h>

/*
 * Power-off device: an I/O port block. Reads give zero unless stated.
 *
 * STATUS takes one 32-bit store of SNUG_STATUS(kind, code) and ends the VM: the orderly end of a run.
 * SLEEP_CONTROL, SLEEP_STATUS and RESET are the registers the ACPI FADT names (ACPI 6.4, 4.8.3.7 and
 * 4.8.3.6), for a stock kernel's own power-off, reboot and panic paths: the end of a VM whose command
 * did not report a status.
 */
#define SNUG_PORT_BASE          0x600
#define SNUG_PORT_SIZE          0x10
#define SNUG_PORT_STATUS        0x0 /* 4 bytes, write */
#define SNUG_PORT_SLEEP_CONTROL 0x4 /* 1 byte, write */
#define SNUG_PORT_SLEEP_STATUS  0x5 /* 1 byte; zero, and Linux's write to clear it is ignored */
#define SNUG_PORT_RESET         0x6 /* 1 byte, write SNUG_RESET_VALUE */
#define SNUG_PORT_MARK          0x8 /* 4 bytes, write: enum snug_mark, a point on the timeline */
#define SNUG_PORT_REPORT        0xc /* 4 bytes, write: a page of the report for the timeline, by number */
#define SNUG_RESET_VALUE        0x0f
#define SNUG_SLEEP_TYPE_S5      5 /* SLP_TYP of \_S5 */

/* The kernel's console, write-only: where an 8250's data register would be, so that earlycon finds it. */
#define SNUG_PORT_EARLY_CONSOLE      0x3f8
#define SNUG_PORT_EARLY_CONSOLE_SIZE 8

enum snug_status_kind {
	SNUG_STATUS_EXITED = 1,         /* code: the command's exit status, 0 to 255 */
	SNUG_STATUS_SIGNALED = 2,       /* code: the signal that killed the command */
	SNUG_STATUS_NOT_FOUND = 3,      /* the command does not exist; code: errno */
	SNUG_STATUS_NOT_EXECUTABLE = 4, /* the command cannot be executed; code: errno */
	SNUG_STATUS_INIT_FAILED = 5,    /* guest-init could not prepare the guest; it said why */
	SNUG_STATUS_NOT_STARTED = 6,    /* the command's process could not be set up; it said why */
	SNUG_STATUS_OOM = 7,            /* killed by SIGKILL as the guest was out of memory */
	SNUG_STATUS_NOT_KEPT = 8,       /* it ended, what it wrote is not kept; it said why */
};

#define SNUG_STATUS(kind, code)  (((uint32_t)(kind) << 16) | ((uint32_t)(code)&0xffff))
#define SNUG_STATUS_KIND(status) ((uint32_t)(status) >> 16)
#define SNUG_STATUS_CODE(status) ((uint32_t)(status)&0xffff)

/* Points of the timeline that guest-init reports, where the specification has timeline=report. */
enum snug_mark {
	SNUG_MARK_INIT = 1,    /* guest-init has read the specification, its first act */
	SNUG_MARK_MODULES = 2, /* modules are loaded */
	SNUG_MARK_MOUNTS = 3,  /* the command's file systems are mounted */
	SNUG_MARK_EXEC = 4,    /* about to start the command */
	SNUG_MARK_EXIT = 5,    /* the command has ended */
	SNUG_MARK_REPORT = 6, /* its output is delivered; what follows is the report, and the end */
};

/*
 * The report for the timeline, where the specification asks for one: pages of SNUG_REPORT_PAGE bytes of
 * text, each up to its first NUL, told by their page frame numbers. (A string instruction would be an exit
 * a byte.) Lines:
 *
 *   clock NS          the guest's CLOCK_MONOTONIC at SNUG_MARK_REPORT
 *   note NS WHAT NAME     at NS it had done that: WHAT is "module" or "mount"
 *   kmsg US TEXT          what the kernel printed. SNUG_REPORT_NOW is printed at SNUG_MARK_REPORT, so
 *                         that its clock can be told as well
 *   memory TOTAL FREE     of the guest, in KiB
 */
#define SNUG_REPORT_NOW  "snug: now"
#define SNUG_REPORT_PAGE 4096

/*
 * Virtio console ports (virtio 1.2, 5.3). A port has both directions, and every queue costs a guest
 * exits to set up, so the streams share ports. None is the kernel's console: that is the early one, all the time.
 */
enum snug_console_port {
	SNUG_PORT_STDIO = 0,  /* in: the command's stdin; out: its stdout */
	SNUG_PORT_STDERR = 1, /* in: the control stream; out: the command's stderr */
	SNUG_CONSOLE_PORTS = 2,
};

/*
 * The control stream, monitor to guest-init: fixed-size little-endian messages, in order.
 */
struct snug_control {
	uint32_t type; /* enum snug_control_type */
	uint32_t arg;
	uint64_t value;
};

enum snug_control_type {
	SNUG_CONTROL_STDIN_END = 1,     /* stdin is over after `value` bytes in total */
	SNUG_CONTROL_STDOUT_CLOSED = 2, /* nobody reads stdout any more: the command gets SIGPIPE */
	SNUG_CONTROL_STDERR_CLOSED = 3,
	SNUG_CONTROL_WINDOW_SIZE = 4, /* arg: rows << 16 | columns */
	SNUG_CONTROL_SIGNAL = 5,      /* arg: the signal to send to the command */
};

/*
 * The run specification: the file SNUG_SPEC_PATH of the initrd. A sequence of records, each
 * "key=value" ended by a NUL byte; a value may hold any other byte. Unknown keys are an error: both
 * sides come from one build. Order matters among records of one key.
 *
 *   module=PATH     load this module file of the initrd, in order, before anything is mounted
 *   share=TAG:DIR   mount the 9p share TAG, read-only, on DIR (the root share: DIR is "/")
 *   overlay=DIR     a throw-away overlay over DIR; one that is not a directory is skipped
 *   exports=TAG:ro|rw:OPTIONS   mount the 9p device TAG, a directory of volumes, where the command
 *                   cannot see it; OPTIONS: how to cache it and whose files these are, as Linux's 9p
 *                   has it
 *   mount=ro:TAG/NAME:PATH, mount=rw:TAG/NAME:PATH   bind the volume NAME of TAG, a directory or a
 *                   file, on PATH
 *   mount=tmpfs:DIR, mount=overlay:DIR   a tmpfs, or a throw-away overlay over what is there, be it
 *                   "/". Mounts are in order, parents first, and on top of all of the above; mount
 *                   points that do not exist are made
 *   keep=TAG/NAME   at the end, write what is in the overlays to this volume, a file (struct
 *                   snug_keep_record); the mount points' own overlays are not asked for
 *   arg=STRING      the command's argument vector, in order; at least one
 *   env=K=V         the command's environment, in order
 *   cwd=DIR         working directory
 *   uid=N gid=N group=N (any number) umask=OCTAL
 *   hostname=NAME
 *   pids=N          at most N processes and threads of the command at a time
 *   overlay-size=BYTES, overlay-size=N%   of each tmpfs that is there for the command to write to
 *   tty=ROWSxCOLUMNS  give the command a pty of this size as stdin and stdout
 *   stderr=tty        with tty: stderr is that pty as well, else a stream of its own
 *   timeline=report   send the report for the timeline when the command is over
 *   stdin=closed, stdout=closed, stderr=closed   the caller's descriptor was closed: so is the command's
 */
#define SNUG_SPEC_PATH "/snug.spec"

/* The root share's mount tag. */
#define SNUG_ROOT_TAG "root"

/*
 * What the command changed in the overlays, as the guest tells it and so nothing to be believed: records,
 * little-endian, each followed by path_size bytes of an absolute path without a NUL. Parents come before what
 * is in them, but are deleted after it. A symbolic link's record is followed by size bytes, its target; a
 * regular file's by extents, each a struct snug_keep_extent and its bytes, up to one of size 0: what is
 * between them is a hole. Of special files there is the record alone. Without SNUG_KEEP_END the run did not
 * get as far.
 */
#define SNUG_KEEP_MAGIC 0x706b6e73

enum snug_keep_type {
	SNUG_KEEP_ENTRY = 1,  /* it is there */
	SNUG_KEEP_DELETE = 2, /* what was there before is not; mode and size are 0 */
	SNUG_KEEP_END = 3, /* size: how many records came before; no path, and nothing behind it */
};

struct snug_keep_record {
	uint32_t magic;
	uint16_t type;
	uint16_t path_size;
	uint32_t mode;     /* st_mode */
	uint32_t old_mode; /* of what the host had there before, as the others; 0: nothing */
	uint64_t size;
	uint64_t old_size;
	int64_t mtime;
	int64_t old_mtime;
	uint32_t mtime_nsec;
	uint32_t old_mtime_nsec;
};

struct snug_keep_extent {
	uint64_t offset;
	uint64_t size;
};

#endif
