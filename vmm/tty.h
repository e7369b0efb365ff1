/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's terminal in raw mode while the guest's terminal does the work, and back on every path:
 * tty_restore() at the end, and a watcher, a process of a few pages that restores the terminal if the
 * monitor is killed with SIGKILL.
 */
#ifndef VMM_TTY_H
#define VMM_TTY_H

#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct confine;

struct tty {
	int fd;
	struct termios saved, raw;
	int watcher_fd; /* the watcher waits for its other end to close */
	pid_t watcher;
};

/* Puts the terminal fd into raw mode. Forks: before any thread exists; confines the watcher. 0 or -errno. */
int tty_make_raw(struct tty *tty, int fd, struct confine *confine);

/*
 * SIGTSTP to the process, as by who sent one: the terminal is as it was for as long as the process is stopped, and
 * raw again afterwards.
 */
void tty_suspend(struct tty *tty);

/* Restores it and ends the watcher. Once. */
void tty_restore(struct tty *tty);

/* The terminal's size; 0 or -errno. */
int tty_window_size(int fd, uint16_t *rows, uint16_t *columns);

#endif
