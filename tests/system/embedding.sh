# shellcheck shell=bash disable=SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: the monitor without the snug command, as docs/embedding.md has it.

embedded() { # embedded DIR CMD ARG...
	run docs/embedding/run "$build/snug-monitor" "$own_kernel" "$build/tests/embedding-init" "$@"
}

test_embedding() {
	local own_kernel
	own_kernel=$(tools/build-kernel --cached) || { skip="snug's own kernel is not built (make kernel)" && return; }
	mkdir "$work/job"
	echo given >"$work/job/input"
	# shellcheck disable=SC2016 # for the guest
	embedded "$work/job" sh -c 'cat input; pwd; echo made >output; touch /usr/x || echo read-only >&2; exit 7'
	expect_status 7
	expect_out $'given\n/mnt'
	expect_in_err '^read-only$'
	[[ $(<"$work/job/output") == made ]] || wrong 'what was written is not there'
	# shellcheck disable=SC2016
	embedded "$work/job" sh -c 'kill -KILL $$'
	expect_status 137
	embedded "$work/job" no-such-command
	expect_status 127
	expect_err 'no-such-command: No such file or directory'
}

# An init of another's that fails says why, through the kernel's log.
test_embedding_failure() {
	local own_kernel
	own_kernel=$(tools/build-kernel --cached) || { skip="snug's own kernel is not built (make kernel)" && return; }
	mkdir "$work/job"
	embedded "$work/job"
	expect_status 125
	expect_in_err '^snug: the guest could not be prepared'
	expect_in_err 'init: command: '
}
