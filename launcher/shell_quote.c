/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/shell_quote.h"

#include <stdbool.h>
#include <string.h>

/* None of these means anything to a shell. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "%+,-./:=@_^";

static bool has_control(const char *word)
{
	for (; *word; word++) {
		if ((unsigned char)*word < 0x20 || *word == 0x7f)
			return true;
	}
	return false;
}

/* $'...' is the one quoting that shows a control character without sending it to the terminal. */
static void quote_escaped(const char *word, FILE *out)
{
	(void)fputs("$'", out);
	for (; *word; word++) {
		const unsigned char c = (unsigned char)*word;
		if (c < 0x20 || c == 0x7f)
			(void)fprintf(out, "\\%03o", c);
		else
			(void)fprintf(out, c == '\'' || c == '\\' ? "\\%c" : "%c", c);
	}
	(void)fputc('\'', out);
}

void shell_quote(const char *word, FILE *out)
{
	if (has_control(word)) {
		quote_escaped(word, out);
	} else if (*word && word[strspn(word, plain)] == '\0') {
		(void)fputs(word, out);
	} else {
		(void)fputc('\'', out);
		for (; *word; word++)
			(void)(*word == '\'' ? fputs("'\\''", out) : fputc(*word, out));
		(void)fputc('\'', out);
	}
}
