/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 9P2000.L on the wire: message numbers, constants and sizes, under the names of Linux's
 * include/net/9p/9p.h. Everything is little-endian and packed; a string is a 16-bit length and
 * that many bytes. The layout of each message is given where it is decoded.
 *
 *   message  size[4] type[1] tag[2] body
 *   qid      type[1] version[4] path[8]
 *   dirent   qid[13] offset[8] type[1] name[s]
 */
#ifndef VIRTIO_P9_PROTO_H
#define VIRTIO_P9_PROTO_H

#include <stddef.h>
#include <stdint.h>

/* Requests. The reply to one is the number after it. */
enum p9_type {
	P9_RLERROR = 7, /* the reply to any request that fails */
	P9_TSTATFS = 8,
	P9_TLOPEN = 12,
	P9_TLCREATE = 14,
	P9_TSYMLINK = 16,
	P9_TMKNOD = 18,
	P9_TRENAME = 20,
	P9_TREADLINK = 22,
	P9_TGETATTR = 24,
	P9_TSETATTR = 26,
	P9_TXATTRWALK = 30,
	P9_TXATTRCREATE = 32,
	P9_TREADDIR = 40,
	P9_TFSYNC = 50,
	P9_TLOCK = 52,
	P9_TGETLOCK = 54,
	P9_TLINK = 70,
	P9_TMKDIR = 72,
	P9_TRENAMEAT = 74,
	P9_TUNLINKAT = 76,
	P9_TVERSION = 100,
	P9_TAUTH = 102,
	P9_TATTACH = 104,
	P9_TFLUSH = 108,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
	P9_TREMOVE = 122,
};

#define P9_VERSION "9P2000.L"

#define P9_HEAD_SIZE    7u  /* size, type, tag */
#define P9_RLERROR_SIZE 11u /* head, ecode[4] */
#define P9_RREAD_HEAD   11u /* head, count[4]; the data follows */
#define P9_TWRITE_HEAD  23u /* head, fid[4], offset[8], count[4]; the data follows */
#define P9_QID_SIZE     13u
#define P9_DIRENT_FIXED 24u /* a dirent without the bytes of its name */

#define P9_NOFID ((uint32_t)~0)

/* A Twalk carries at most this many names. */
#define P9_MAXWELEM 16

/* qid.type */
enum p9_qid_type {
	P9_QTDIR = 0x80,
	P9_QTSYMLINK = 0x02,
	P9_QTFILE = 0x00,
};

/*
 * Open flags of Tlopen and Tlcreate. They are Linux's octal O_* values of x86 and the generic ABI, whatever
 * the guest's architecture. The server looks at no others.
 */
enum p9_dotl_flags {
	P9_DOTL_RDONLY = 00000000,
	P9_DOTL_WRONLY = 00000001,
	P9_DOTL_RDWR = 00000002,
	P9_DOTL_NOACCESS = 00000003, /* the mask of the access mode */
	P9_DOTL_CREATE = 00000100,
	P9_DOTL_EXCL = 00000200,
	P9_DOTL_TRUNC = 00001000,
	P9_DOTL_APPEND = 00002000,
	P9_DOTL_DSYNC = 00010000,
	P9_DOTL_DIRECTORY = 00200000,
	P9_DOTL_SYNC = 04010000, /* two bits, one of them DSYNC's */
};

/* Tunlinkat's flags. */
#define P9_DOTL_AT_REMOVEDIR 0x200u

/* Tsetattr's valid: what is to be set. */
enum p9_setattr {
	P9_SETATTR_MODE = 0x001,
	P9_SETATTR_UID = 0x002,
	P9_SETATTR_GID = 0x004,
	P9_SETATTR_SIZE = 0x008,
	P9_SETATTR_ATIME = 0x010, /* to the time of now, without ATIME_SET */
	P9_SETATTR_MTIME = 0x020,
	P9_SETATTR_CTIME = 0x040,
	P9_SETATTR_ATIME_SET = 0x080,
	P9_SETATTR_MTIME_SET = 0x100,
};

/* Rgetattr's valid: mode, nlink, uid, gid, rdev, atime, mtime, ctime, ino, size, blocks. */
#define P9_GETATTR_BASIC 0x000007ffULL

/* Tlock and Tgetlock type, Rlock status. */
enum p9_lock {
	P9_LOCK_TYPE_RDLCK = 0,
	P9_LOCK_TYPE_WRLCK = 1,
	P9_LOCK_TYPE_UNLCK = 2,
};
enum p9_lock_status {
	P9_LOCK_SUCCESS = 0,
	P9_LOCK_BLOCKED = 1,
	P9_LOCK_ERROR = 2,
};

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

#endif
