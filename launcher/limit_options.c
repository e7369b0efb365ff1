/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/limit_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/util.h"
#include "launcher/options.h"

/* Linux's PID_MAX_LIMIT, which the pids controller has as its most, too. */
#define PIDS_MAX 4194304

/* Linux's __NEW_UTS_LEN; RFC 1123, 2.1, would have hosts take 255. */
#define HOSTNAME_MAX   64
#define HOST_LABEL_MAX 63 /* RFC 1035, 2.3.4 */

/* Digits up to `end`, and a number from 1 to max. */
static bool parse_number(const char *text, const char *end, unsigned max, unsigned *number)
{
	unsigned n = 0;

	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*number = n;
	return n > 0;
}

int pids_option_parse(const char *value, unsigned *pids)
{
	if (parse_number(value, value + strlen(value), PIDS_MAX, pids))
		return 0;
	log_error("--pids: '%s' is not a number from 1 to %d", value, PIDS_MAX);
	return -EINVAL;
}

int overlay_size_option_parse(const char *value, struct overlay_size *size)
{
	const char *percent = strchr(value, '%');

	*size = (struct overlay_size){0};
	if (percent && percent[1] == '\0' && parse_number(value, percent, 100, &size->percent))
		return 0;
	const int err = size_parse(value, &size->bytes);
	if (err)
		log_error(
			"--overlay-size: '%s' is neither a size nor a part of the VM's memory, 1%% "
			"to 100%%; write 64M or 25%%",
			value);
	else if (size->bytes < MIB(1))
		log_error("--overlay-size: '%s' is less than 1M; write 64M or 25%%", value);
	else
		return 0;
	return -EINVAL;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 952 and RFC 1123, 2.1. */
static bool is_label(const char *label, size_t len)
{
	if (len == 0 || len > HOST_LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (label[i] != '-' && !is_letter_or_digit(label[i]))
			return false;
	}
	return true;
}

int hostname_option_check(const char *value)
{
	const size_t len = strlen(value);
	bool good = len > 0 && len <= HOSTNAME_MAX;

	for (size_t at = 0; good && at <= len;) {
		const size_t label = strcspn(value + at, ".");
		good = is_label(value + at, label);
		at += label + 1;
	}
	if (good)
		return 0;
	log_error("--hostname: '%s' is no host name: up to %d letters, digits and hyphens, which "
		  "no part begins or ends with, parts joined by dots",
		  value, HOSTNAME_MAX);
	return -EINVAL;
}
