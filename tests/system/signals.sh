# shellcheck shell=bash disable=SC2034,SC2154 # $status, $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by tests/system/run: what a signal to snug does to the command, how long a command may take, and
# what the streams may be.

# In the background; its output is there as it comes.
start_vm() { # start_vm OPTION... -- COMMAND...: sets pid
	: >"$out"
	"$snug" run -k "$kernel" "$@" </dev/null >"$out" 2>"$err" &
	pid=$!
	wait_for_up
}
pid=
end_of_vm() { # sets status
	wait $pid
	status=$?
}
wait_for_line() { # wait_for_line LINE
	local _
	for _ in {1..200}; do
		grep -qx "$1" "$out" && return
		sleep 0.1
	done
	wrong "no line '$1' came"
}

test_signals_reach_the_command() {
	local signal
	# shellcheck disable=SC2016
	local script='for s in USR1 USR2 CONT; do trap "echo $s" $s; done
		trap "echo TERM; exit 7" TERM; echo up; while :; do sleep 0.2; done'
	start_vm -- bash -c "$script"
	for signal in USR1 USR2 CONT TERM; do
		kill -$signal $pid
		wait_for_line $signal
	done
	end_of_vm
	expect_status 7
}

# A hangup, an interrupt: each is the command's to answer. (Jobs in the background of a script ignore SIGINT.)
test_hangup_is_the_commands() {
	start_vm -- sh -c 'trap "echo HUP; exit 8" HUP; echo up; while :; do sleep 0.2; done'
	kill -HUP $pid
	end_of_vm
	expect_status 8
}

# Where snug is two processes.
test_a_recorded_run_gets_its_signals() {
	start_vm --timeline="$work/t.json" -- sh -c 'trap "echo TERM; exit 7" TERM; echo up; while :; do sleep 0.2; done'
	kill -TERM $pid
	wait_for_line TERM
	end_of_vm
	expect_status 7
	[[ -s $work/t.json ]] || wrong 'no timeline'
}

# Two at once may be one wish; one a second later is not.
test_a_second_signal_ends_the_vm() {
	start_vm -- sh -c 'trap "echo no" TERM; echo up; while :; do sleep 0.2; done'
	kill -TERM $pid
	kill -TERM $pid
	wait_for_line no
	kill -0 $pid || wrong 'the first signal ended it'
	sleep 1.5
	kill -TERM $pid
	end_of_vm
	expect_status 143
}

test_a_command_that_takes_too_long() {
	vm --timeout 100s -- sh -c 'exit 3'
	expect_status 3
	expect_err ''
	vm --timeout 8 -- sh -c 'trap "echo asked; exit 0" TERM; while :; do sleep 0.2; done'
	expect_status 124
	expect_out asked
	expect_in_err '^snug: --timeout: the command did not end within 8 s'
	vm --timeout 4 -- sh -c 'trap "" TERM; while :; do sleep 0.2; done'
	expect_status 124
	# before there is a command
	vm --timeout 50ms -- echo command
	expect_status 124
	expect_out ''
}

test_a_terminal_that_was_asked_for() {
	vm -t -- sh -c 'test -t 0 && test -t 1 && ! test -t 2 && tty && stty size' </dev/null
	expect_status 0
	expect_out $'/dev/pts/0\r\n24 80\r'
}

test_no_terminal_where_there_is_one() {
	command -v script >/dev/null || { skip='no script(1)' && return; }
	run script -qec "stty rows 7; $snug run -T -k $kernel -- sh -c 'test -t 0 || test -t 1 || echo none'" /dev/null
	expect_status 0
	expect_out $'none\r'
}

# Without a controlling terminal; standard input is a socket, of which the command gets what was sent.
test_standard_input_is_a_socket() {
	command -v python3 >/dev/null || { skip='no python3' && return; }
	run setsid --wait python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
ours.sendall(b"through a socket\n")
ours.shutdown(socket.SHUT_WR)
sys.exit(subprocess.run(sys.argv[1:], stdin=theirs).returncode)' "$snug" run -k "$kernel" -- cat
	expect_status 0
	expect_out 'through a socket'
}
