# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # for the guest's shell; $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: --json-status, for each way in which a run may end.

# One of the VM: lines of the file, and what is claimed of them in python, where first and last are known.
status_is() { # status_is CLAIM...
	command -v python3 >/dev/null || return 0
	python3 - "$work/status" "$@" <<-'EOP' || wrong "$(<"$work/status")"
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert len(lines) in (1, 2)
		first, last = lines[0], lines[-1]
		for line in lines:
		    assert line["snug-status"] == 1 and line["pid"] > 1 and line["version"]
		    assert line["selinux"] in ("enforcing", "permissive", "disabled")
		assert last["event"] == "end" and last["seconds"] >= 0
		assert len(lines) == 1 or first["event"] == "start" and {**first, "event": 0}.items() <= {**last, "event": 0}.items()
		for claim in sys.argv[2:]:
		    if not eval(claim):
		        sys.exit("not so: " + claim)
	EOP
}
told() { vm --json-status "$work/status" "$@"; }

test_status_of_an_exit() {
	told -m 200M -c 2 -- sh -c 'exit 3' $'\e"\\\303\244%41'
	expect_status 3
	expect_err ''
	status_is 'len(lines) == 2' '(last["cause"], last["status"], last["signal"]) == ("exit", 3, None)' \
		'last["command"] == ["sh", "-c", "exit 3", "\x1b\"\\ä%41"]' \
		'first["memory"] == 200 << 20 and first["cpus"] == 2' \
		'last["kernel"].endswith(last["kernel_version"])' \
		'10 << 20 < last["peak_memory"] < 300 << 20' \
		'last["user_seconds"] + last["system_seconds"] > 0'
}

test_status_of_a_signal() {
	told -- sh -c 'kill -9 $$'
	expect_status 137
	status_is '(last["cause"], last["status"], last["signal"]) == ("signal", 137, 9)'
}

test_status_of_no_command() {
	told -- no-such-command
	expect_status 127
	status_is '(last["cause"], last["status"]) == ("not-found", 127)'
}

test_status_of_too_little_memory() {
	told -m 128M -- tail /dev/zero
	expect_status 137
	status_is '(last["cause"], last["status"]) == ("oom", 137)'
}

test_status_of_a_timeout() {
	told --timeout 6 -- sleep 1000
	expect_status 124
	status_is '(last["cause"], last["status"]) == ("timeout", 124)' '6 <= last["seconds"] < 60'
}

test_status_of_a_panic() {
	told -u root -- sh -c 'echo c >/proc/sysrq-trigger; sleep 1000'
	expect_status 125
	status_is '(last["cause"], last["status"]) == ("panic", 125)'
}

# As soon as there is a line for the start there is a monitor, or there soon will be.
test_status_of_a_killed_monitor() {
	local pid child i
	"$snug" run -k "$kernel" --json-status "$work/status" -- sleep 1000 >"$out" 2>"$err" &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		child=$(pgrep -P "$pid" -x snug-monitor) && break
		sleep 0.1
	done
	kill -KILL "$child"
	wait "$pid"
	status=$?
	expect_status 137
	status_is '(last["cause"], last["status"], last["signal"]) == ("killed", 137, 9)'
}

test_status_of_no_vm() {
	run "$snug" run -k "$work/none" --json-status "$work/status" -- true
	expect_status 125
	status_is 'len(lines) == 1' '(last["cause"], last["status"], last["kernel"]) == ("snug-error", 125, None)' \
		'last["command"] == ["true"]'
}

test_status_with_a_timeline_to_a_descriptor() {
	vm --json-status-fd 7 --timeline="$work/timeline.json" -- sh -c 'ls /proc/self/fd' 7>"$work/status"
	expect_status 0
	expect_out $'0\n1\n2\n3'
	[[ -s $work/timeline.json ]] || wrong 'no timeline'
	status_is 'len(lines) == 2' 'last["cause"] == "exit"'
}

test_status_cannot_be_written() {
	vm --json-status-fd 7 -- true 7<&-
	expect_status 125
	expect_message '--json-status: descriptor 7: Bad file descriptor'
	vm --json-status "$work/no/status" -- true
	expect_status 125
	expect_message "--json-status: $work/no/status: No such file or directory"
	vm --json-status "$work/status" --dry-run -- true
	expect_status 0
	[[ ! -e $work/status ]] || wrong 'a dry run has a status'
}
