/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/duration.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/util.h"

static const struct {
	const char *name;
	uint32_t ms;
} units[] = {
	{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

/* The digits at *text as a number of at most max; goes behind them. */
static int take_digits(const char **text, uint64_t max, uint64_t *number)
{
	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		*number = *number * 10 + (uint64_t)(**text - '0');
		if (*number > max)
			return -ERANGE;
	}
	return 0;
}

/* What the digits at *text are of a unit, in ms; goes behind them. */
static uint64_t take_fraction(const char **text, uint32_t unit)
{
	uint64_t ms = 0, part = (uint64_t)unit * 1000;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		part /= 10;
		ms += part * (uint64_t)(**text - '0');
	}
	return ms / 1000;
}

int duration_parse(const char *text, uint32_t *ms)
{
	const char *unit = text + strspn(text, "0123456789.");
	uint64_t whole, total;
	size_t i = 0;

	while (i < ARRAY_SIZE(units) && strcmp(unit, units[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(units) || *text < '0' || *text > '9')
		return -EINVAL;
	if (take_digits(&text, UINT32_MAX, &whole) < 0)
		return -ERANGE;
	total = whole * units[i].ms;
	if (*text == '.') {
		text++;
		total += take_fraction(&text, units[i].ms);
	}
	if (text != unit)
		return -EINVAL; /* another point */
	if (total == 0 || total > UINT32_MAX)
		return -ERANGE;
	*ms = (uint32_t)total;
	return 0;
}
