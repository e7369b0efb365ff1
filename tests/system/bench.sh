# shellcheck shell=bash disable=SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: snug bench, on real runs. What it says of time is not looked at.

# What this host is busy with, as with other tests, is not a test's.
forget_load() { sed -i '/^snug: warning: this host is busy/d' "$err"; }

test_bench() {
	run "$snug" bench --runs 2 --vs '--kaslr=off' --json "$work/bench.json" -k "$kernel" -- sh -c 'exit 3'
	expect_status 0
	expect_line 'runs     2 of each variant, after 1 that did not count; exit status 3'
	grep -qE '^as given +2( +[0-9.]+){4}$' "$out" || wrong "no line of the first variant: $(<"$out")"
	grep -qE '^--kaslr=off +2( +[0-9.]+){4}  [0-9.]+$' "$out" || wrong "no line of the second: $(<"$out")"
	command -v python3 >/dev/null || return
	python3 - "$work/bench.json" "$kernel" <<-'EOF' >>"$err" 2>&1 || wrong 'the JSON is not what it should be'
		import json, sys
		bench = json.load(open(sys.argv[1]))
		first, second = bench["variants"]
		assert bench["schema"] == 1 and bench["status"] == 3 and bench["runs"] == 2
		assert bench["command"] == ["sh", "-c", "exit 3"]
		assert first["options"] == ["-k", sys.argv[2]] and first["ratio"] is None
		assert second["options"] == first["options"] + ["--kaslr=off"]
		assert first["kernel"] == second["kernel"] == sys.argv[2]
		assert sorted(bench["order"][0]) == [0, 1] and bench["order"][1] == bench["order"][0][::-1]
		for variant in bench["variants"]:
		    assert len(variant["samples_ns"]) == 2 and min(variant["samples_ns"]) > 0
		    assert variant["summary"]["min_ns"] == min(variant["samples_ns"])
		    assert variant["snug"]["version"]
	EOF
}

test_bench_ends_with_a_run_that_fails() {
	run "$snug" bench --runs 2 --json "$work/bench.json" -k "$kernel" -- no-such-command
	expect_status 125
	forget_load
	expect_message "warm-up run 1 of 'as given' did not run the command \(status 127\): no-such-command: No such"
	expect_out ''
	[[ -z $(ls "$work" | grep bench) ]] || wrong "left: $(ls "$work")"
}

# In the middle of a run with an empty cache: the run ends too, and its cache goes.
test_bench_ended_by_a_signal() {
	local pid child i
	mkdir "$work/tmp"
	TMPDIR=$work/tmp "$snug" bench --cache=empty --json "$work/bench.json" -k "$kernel" -- sleep 1000 >"$out" 2>"$err" &
	pid=$!
	for ((i = 0; i < 600; i++)); do
		child=$(pgrep -P "$pid" snug-monitor) && break
		sleep 0.1
	done
	[[ -n $child ]] || wrong 'no run was started'
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	expect_status 143
	forget_load
	expect_out ''
	expect_err ''
	[[ ! -e /proc/$child ]] || wrong 'its run goes on'
	[[ -z $(ls -A "$work/tmp") ]] || wrong "left: $(ls "$work/tmp")"
	[[ -z $(ls "$work" | grep bench) ]] || wrong "left: $(ls "$work")"
}
