/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PREFIX  "snug: "
#define WARNING "warning: "
#define SEE     " (snug doctor: "

static void set(struct finding *finding, enum verdict verdict, const char *cure, const char *fmt,
		va_list ap)
{
	if (finding->text[0] && finding->verdict >= verdict)
		return;
	finding->verdict = verdict;
	(void)vsnprintf(finding->text, sizeof(finding->text), fmt, ap);
	(void)snprintf(finding->cure, sizeof(finding->cure), "%s", cure);
}

void finding_ok(struct finding *finding, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(finding, VERDICT_OK, "", fmt, ap);
	va_end(ap);
}

void finding_warn(struct finding *finding, const char *cure, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(finding, VERDICT_WARN, cure, fmt, ap);
	va_end(ap);
}

void finding_fail(struct finding *finding, const char *cure, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(finding, VERDICT_FAIL, cure, fmt, ap);
	va_end(ap);
}

void finding_add(struct finding *finding, const char *fmt, ...)
{
	const size_t len = strlen(finding->text);
	const char *between = len ? "; " : "";
	va_list ap;

	va_start(ap, fmt);
	(void)snprintf(finding->text + len, sizeof(finding->text) - len, "%s", between);
	const size_t at = strlen(finding->text);
	(void)vsnprintf(finding->text + at, sizeof(finding->text) - at, fmt, ap);
	va_end(ap);
}

static const char *skip(const char *text, const char *prefix)
{
	const size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : text;
}

void finding_message(struct finding *finding, enum verdict verdict, const char *message,
		     const char *cure)
{
	char text[sizeof(finding->text)];

	(void)snprintf(text, sizeof(text), "%s", skip(skip(message, PREFIX), WARNING));
	char *see = strstr(text, SEE);
	if (see)
		*see = '\0';
	char *semicolon = strstr(text, "; ");
	if (semicolon) {
		*semicolon = '\0';
		cure = semicolon + 2;
	}
	if (verdict == VERDICT_FAIL)
		finding_fail(finding, cure, "%s", text);
	else
		finding_warn(finding, cure, "%s", text);
}
