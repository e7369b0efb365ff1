# shellcheck shell=bash disable=SC2016,SC2154 # for the guest's shell; $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: many runs, in a row, at once, and killed at any moment; nothing is left of them.
# SNUG_STRESS=N: N runs in a row, and N killed ones, rather than the few that fit into each check.
many=${SNUG_STRESS:-12}

# What a run could leave: processes, temporary files, locks, abstract sockets (the labels' reservations), the
# cache's names, open VMs.
belongings() {
	local module name
	for name in snug snug-full snug-label snug-monitor snug-report; do pgrep -x "$name"; done
	ls -A "$work/tmp" "$work/cache/snug"
	ls -A /dev/shm
	grep -c . /proc/locks
	grep -o '@snug/.*' /proc/net/unix
	for module in /sys/module/kvm_intel /sys/module/kvm_amd; do
		[[ ! -e $module/refcnt ]] || cat "$module/refcnt"
	done
}

stress_begin() {
	mkdir -p "$work/tmp" "$work/cache"
	export TMPDIR=$work/tmp XDG_CACHE_HOME=$work/cache
	vm -- true # the kernel is unpacked
	expect_status 0
	belongings >"$work/before"
	files=$(cut -f1 /proc/sys/fs/file-nr)
}

# What the kernel frees late is waited for. The host's open files, a few: others have some, too.
stress_end() {
	local i now
	for ((i = 0; i < 50; i++)); do
		belongings >"$work/after"
		now=$(cut -f1 /proc/sys/fs/file-nr)
		! cmp -s "$work/before" "$work/after" || ((now > files + 200)) || return 0
		sleep 0.2
	done
	wrong "left, after $files open files $now: $(diff "$work/before" "$work/after")"
}

test_many_in_a_row() {
	local i
	stress_begin
	for ((i = 1; i <= many; i++)); do
		vm -- sh -c 'cat; echo $$ >/tmp/x; exit 7' <<<"$i"
		[[ $status == 7 && $(<"$out") == "$i" && ! -s $err ]] ||
			wrong "run $i: status $status, stdout $(<"$out"), stderr $(<"$err")"
	done
	stress_end
}

# More than there are processors, so that none gets far before all have begun.
test_twenty_at_once() {
	local i pids=() failed=0
	stress_begin
	for ((i = 0; i < 20; i++)); do
		timeout $((limit * 3)) "$snug" run -m 96M -k "$kernel" -- sh -c 'cat; echo "$1" >/tmp/mine; cat /tmp/mine' - "$i" \
			<<<"in $i" >"$work/out.$i" 2>"$work/err.$i" &
		pids+=($!)
	done
	for ((i = 0; i < 20; i++)); do
		wait "${pids[i]}"
		status=$?
		[[ $status == 0 && $(<"$work/out.$i") == "in $i"$'\n'"$i" ]] && continue
		# As run() has it: a fluke of the emulated processor's.
		if $emulated && grep -q 'crashed (triple fault)' "$work/err.$i" && ((failed++ == 0)); then continue; fi
		wrong "number $i: status $status, stdout $(<"$work/out.$i"), stderr $(<"$work/err.$i")"
	done
	stress_end
}

# Seconds, up to so many microseconds.
moment() { awk -v "seed=$RANDOM$RANDOM" -v "most=$1" 'BEGIN { srand(seed); printf "%.6f", rand() * most / 1000000 }'; }

# At any moment from the first instruction on; each time what is there is a run's or another's, and whole.
test_killed_at_any_moment() {
	local i pid whole begin session
	stress_begin
	begin=${EPOCHREALTIME/./}
	vm -- true
	whole=$((${EPOCHREALTIME/./} - begin))
	for ((i = 0; i < many; i++)); do
		setsid "$snug" run -k "$kernel" -v "$work/tmp:/v:rw" -- sleep 0.2 >"$out" 2>"$err" &
		pid=$!
		sleep "$(moment $((whole * 11 / 10)))"
		kill -9 "$pid" 2>/dev/null # it may have come to its end
		wait "$pid" 2>/dev/null
		session=$(pgrep -s "$pid") && wrong "left after kill $i: $session"
	done
	# With no cache, while it is being made.
	for ((i = 0; i < many / 2; i++)); do
		rm -rf "$work/cache/snug"
		setsid "$snug" run -k "$kernel" -- sleep 0.2 >"$out" 2>"$err" &
		pid=$!
		sleep "$(moment 900000)"
		kill -9 "$pid" 2>/dev/null # it may have come to its end
		wait "$pid" 2>/dev/null
	done
	vm -- true
	expect_status 0
	expect_err ''
	stress_end
}
