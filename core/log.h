/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the person who runs snug: one line each, on standard error, prefixed "snug: ".
 *
 * A function that fails returns -errno; the layer that knows the context (which file, which option)
 * logs, once. A message says what failed, why, and where it can what to do.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

/* Logs one line. A newline is added; control characters in the arguments are shown as '?'. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, prefixed "snug: warning: ". */
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Printed only after log_set_verbose(1). */
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_set_verbose(int on);

/*
 * What messages are about from now on: they begin with "file:line: ". NULL: nothing in particular. The name
 * is not copied.
 */
void log_set_place(const char *file, unsigned line);

/*
 * A terminal in raw mode needs "\r\n". 1 while the terminal on standard error is raw.
 */
void log_set_raw_terminal(int raw);

#endif
