# shellcheck shell=bash disable=SC2034,SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: what the guest's kernel is to the programs on it. Many at once: a VM each would take
# longer than they do.

# All of what tests/probe/ asks for, by root and by others. Debian's kernel has no vsyscall page.
test_probes() {
	[[ -x $build/tests/probe ]] || { skip='not built (make system-programs)' && return; }
	cp "$build"/tests/{probe,program32} "$work" # where anybody may read them
	vm -u root -w "$work" -- sh -c './probe; setpriv --reuid 12345 --regid 12345 --clear-groups ./probe; exec ./program32'
	[[ $kernel == *-snug ]] || sed -i '/^no vsyscall: Bad address$/d' "$out"
	expect_no_line '^no '
	expect_line 'ok Landlock'
	[[ $(grep -c '^ok' "$out") -gt 120 ]] || wrong "few probes: $(<"$out")"
	expect_line '32 bits'
	expect_status 32
}

test_programs() {
	cp tests/system/guest-programs "$work"
	user_vm -m 1G -- "$work/guest-programs"
	expect_status 0
	expect_no_line '^no '
	grep -q '^ok script' "$out" || wrong "no program: $(<"$out")"
}
