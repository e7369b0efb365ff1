/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/facts.h"

void facts_add(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, "%s=", name);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '%')
			(void)fprintf(out, "%%%02X", *c);
		else
			(void)fputc(*c, out);
	}
	(void)fputc('\n', out);
}
