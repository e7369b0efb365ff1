/* SPDX-License-Identifier: Apache-2.0 */
/* How guest-init finds and executes the command (guest-init/exec.h): each case in a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-init/exec.h"

static char dir[] = "/tmp/snug-test-exec-XXXXXX";

static void make_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/*
 *   bin/      good: exits 7        both: exits 1   later: not executable, so the search goes on
 *   bin2/     raw: no "#!", exits with its first argument   both: exits 2   later: exits 5
 *   locked/   unreadable: not executable              lost: its interpreter does not exist
 */
static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || mkdir("bin", 0755) || mkdir("bin2", 0755) ||
	    mkdir("locked", 0755) || mkdir("bin/directory", 0755))
		return -1;
	make_file("bin/good", "#!/bin/sh\nexit 7\n", 0755);
	make_file("bin/both", "#!/bin/sh\nexit 1\n", 0755);
	make_file("bin/later", "#!/bin/sh\nexit 1\n", 0644);
	make_file("bin2/both", "#!/bin/sh\nexit 2\n", 0755);
	make_file("bin2/later", "#!/bin/sh\nexit 5\n", 0755);
	make_file("bin2/raw", "exit $1\n", 0755);
	make_file("locked/unreadable", "#!/bin/sh\nexit 1\n", 0644);
	make_file("locked/lost", "#!/no/such/interpreter\n", 0755);
	return 0;
}

static int remove_files(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") || system(command) ? -1 : 0;
}

/* The exit status of the command, or 200 + errno if it cannot be executed. */
static int run(const char *path, const char *name)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[] = {NULL, strdup(name), strdup("9"), NULL};
		char *envp[] = {strdup("A=B"), path ? strdup(path) : NULL, NULL};

		_exit(200 - exec_command(argv + 1, envp));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_paths(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, "bin/good"), 7);
	assert_int_equal(run(NULL, "./bin/good"), 7);
	assert_int_equal(run("PATH=bin", "./good"), 200 + ENOENT);
	assert_int_equal(run("PATH=bin", "bin"), 200 + ENOENT);
	assert_int_equal(run(NULL, "./bin"), 200 + EACCES);
	assert_int_equal(run(NULL, "locked/unreadable"), 200 + EACCES);
	assert_int_equal(run(NULL, "locked/lost"), 200 + ENOENT);
	assert_int_equal(run(NULL, "bin/good/below"), 200 + ENOTDIR);
	assert_int_equal(run(NULL, ""), 200 + ENOENT);
}

static void test_search(void **state)
{
	(void)state;
	assert_int_equal(run("PATH=bin:bin2", "good"), 7);
	assert_int_equal(run("PATH=bin2:bin", "good"), 7);
	assert_int_equal(run("PATH=bin:bin2", "both"), 1);
	assert_int_equal(run("PATH=bin2:bin", "both"), 2);
	assert_int_equal(run("PATH=/no/such:bin/good:bin", "good"), 7);
	assert_int_equal(run("PATH=bin:bin2", "later"), 5);
	assert_int_equal(run("PATH=bin:locked", "unreadable"), 200 + EACCES);
	assert_int_equal(run("PATH=bin:bin2", "nowhere"), 200 + ENOENT);
	assert_int_equal(run(NULL, "true"), 0);
}

static void test_an_empty_directory_in_the_path_is_the_working_directory(void **state)
{
	(void)state;
	assert_int_equal(chdir("bin"), 0);
	assert_int_equal(run("PATH=", "good"), 7);
	assert_int_equal(run("PATH=:/no/such", "good"), 7);
	assert_int_equal(run("PATH=/no/such:", "good"), 7);
	assert_int_equal(run("PATH=/no/such", "good"), 200 + ENOENT);
	assert_int_equal(chdir(".."), 0);
}

static void test_a_script_without_interpreter_is_the_shells(void **state)
{
	(void)state;
	assert_int_equal(run("PATH=bin:bin2", "raw"), 9);
	assert_int_equal(run(NULL, "bin2/raw"), 9);
}

static void test_too_long_a_directory_is_passed_over(void **state)
{
	static char path[10000];

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "PATH=", 5);
	memcpy(path + sizeof(path) - 5, ":bin", 5);
	assert_int_equal(run(path, "good"), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_an_empty_directory_in_the_path_is_the_working_directory),
		cmocka_unit_test(test_a_script_without_interpreter_is_the_shells),
		cmocka_unit_test(test_too_long_a_directory_is_passed_over),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
