# shellcheck shell=bash disable=SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: where a run's time went. What is there, never how long it took.

test_timeline_table() {
	local stage
	# What snug's own kernel has built in is not loaded.
	local loaded='module 9p'
	[[ $kernel != *-snug ]] || loaded='guest: modules'
	vm --timeline -- sh -c 'echo out; exit 7'
	expect_status 7
	expect_out out
	for stage in 'launcher: plan' 'monitor: KVM_CREATE_VM' 'monitor: kernel into memory' \
		'monitor: KASLR, relocations' 'monitor: threads' 'kernel: entry, until its clock runs' \
		'kernel: initcalls: devices and late' 'kernel: exec of /init' 'guest: modules' "$loaded" \
		'guest: mounts' 'mount /proc' 'guest: the command' 'first byte of output' \
		'end: processor stopped' 'end: process gone'; do
		grep -q -- "$stage" "$err" || wrong "no '$stage': $(<"$err")"
	done
	grep -q 'meanwhile: initrd unpacked' "$err" || wrong "no initrd"
	# A kernel that finds something new to ask the machine for shows here.
	local most=60
	[[ $kernel != *-snug ]] || most=50
	stage=$(sed -nE 's/.*before the command: [0-9]+ of 9p requests, ([0-9]+) others.*/\1/p' "$err")
	((stage > 20 && stage < most)) || wrong "exits: $stage: $(<"$err")"
	grep -Eq 'memory: [0-9]+ MiB' "$err" || wrong "no memory"
	grep -q "first instruction, .* ms to the command" "$err" && grep -q 'store .* ms to the status' "$err" ||
		wrong "no summary"
}

test_timeline_files() {
	cd "$work" || return
	vm --timeline=t.json --timeline=t.svg -- true
	cd - >/dev/null || return
	expect_status 0
	[[ ! -s $err ]] || wrong "stderr: $(<"$err")"
	python3 - "$work/t.json" "$work/t.svg" <<-'EOF' || wrong "files"
		import json, sys, xml.dom.minidom
		top = json.load(open(sys.argv[1]))
		snug = top["snug"]
		stages = snug["stages"]
		assert snug["schema"] == 1 and snug["status"] == 0 and snug["boot"] == "direct", snug
		assert all(a["end_ns"] == b["start_ns"] for a, b in zip(stages, stages[1:])), stages
		assert snug["total_ns"] == stages[-1]["end_ns"] and stages[0]["start_ns"] == 0
		marks = snug["marks"]
		order = [marks[name + "_ns"] for name in ("first_instruction", "guest_init", "command",
		    "command_end", "power_off_store", "status")]
		assert order == sorted(order) and order[0] > 0, marks
		assert {"launcher", "monitor", "kernel", "guest", "end"} == {s["group"] for s in stages}
		assert any(e["is_9p_request"] and e["count"] for e in snug["exits"])
		assert len([e for e in top["traceEvents"] if e["ph"] == "X"]) >= len(stages)
		assert not snug["initcalls"]
		xml.dom.minidom.parse(sys.argv[2])
	EOF
	rm -f "$work/t.json" "$work/t.svg"
}

test_timeline_initcalls() {
	vm --timeline=initcalls -- true
	expect_status 0
	grep -Eq 'the slowest of [0-9]{3,} initcalls' "$err" &&
		[[ $(grep -Ec '^ +[0-9]+\.[0-9]{3} +[A-Za-z0-9_]+$' "$err") == 20 ]] || wrong "$(tail -n 40 "$err")"
}

test_timeline_of_a_decompressor() {
	vm --boot=bzimage --timeline -- true
	expect_status 0
	grep -q 'kernel: decompression, entry' "$err" || wrong "$(<"$err")"
}

# A record takes another process: the status and the signals are as without.
test_timeline_of_a_run_that_is_ended() {
	local pid
	"$snug" run -k "$kernel" --timeline -- sh -c 'echo up; sleep 1000' >"$out" 2>"$err" &
	pid=$!
	wait_for_up
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	expect_status 143
	expect_in_err 'end: process gone'
	setsid "$snug" run -k "$kernel" --timeline -- sh -c 'echo up; sleep 1000' >"$out" 2>"$err" &
	pid=$!
	wait_for_up
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	sleep 0.5
	[[ -z $(pgrep -s "$pid") ]] || wrong "left: $(ps -o pid,args -s "$pid")"
}

test_timeline_that_cannot_be_written() {
	vm --timeline="$work/none/t.json" -- true
	expect_status 125
	expect_message 'none/t.json cannot be written'
	# What comes too late to be an error of the run is one line.
	mkdir "$work/t.svg"
	vm --timeline="$work/t.svg" -- sh -c 'echo ran; exit 3'
	expect_status 3
	expect_out ran
	expect_message 't.svg cannot be written: Is a directory'
}
