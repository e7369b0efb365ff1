/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stat_storm DIR COUNT PASSES: lstat()s DIR/f0 ... DIR/f<COUNT - 1>, PASSES times over; nothing but
 * lookups. Static, so that its own loading costs the same anywhere. Prints how many calls it made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long count, passes;
	struct stat st;
	char name[32];

	if (argc != 4 || chdir(argv[1]) != 0) {
		(void)fprintf(stderr, "usage: stat_storm DIR COUNT PASSES\n");
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	passes = strtoul(argv[3], NULL, 10);
	for (unsigned long pass = 0; pass < passes; pass++) {
		for (unsigned long n = 0; n < count; n++) {
			(void)snprintf(name, sizeof(name), "f%lu", n);
			if (lstat(name, &st) != 0) {
				perror(name);
				return 1;
			}
		}
	}
	(void)printf("%lu\n", count * passes);
	return 0;
}
