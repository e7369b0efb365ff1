/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the word of a list that is nearest to what was typed. */
#ifndef LAUNCHER_SUGGEST_H
#define LAUNCHER_SUGGEST_H

#include <stddef.h>

/*
 * The nearest of count words, by edits (insert, delete, replace or swap one character; leaving off
 * the end counts as one), or NULL if none is near enough to be what was meant. The first wins among
 * equals.
 */
const char *suggest(const char *typed, const char *const words[], size_t count);

#endif
