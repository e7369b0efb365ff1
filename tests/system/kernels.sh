# shellcheck shell=bash disable=SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: how the kernel gets into memory, and which kernels do.

# Where it is: virtual and physical address of its code.
addresses='grep -w _stext /proc/kallsyms; grep "Kernel code" /proc/iomem'

test_kaslr() {
	local first
	vm -u root -- sh -c "$addresses; cat /proc/self/stack"
	expect_status 0
	# Unwinding looks the frames up in tables that were relocated as well.
	grep -q '] proc_.*+0x' "$out" && grep -q '] do_syscall_64+0x' "$out" || wrong "no symbols: $(<"$out")"
	first=$(head -n 2 "$out")
	vm -u root -- sh -c "$addresses"
	expect_status 0
	[[ $(grep -wc _stext "$out") == 1 ]] || wrong "no _stext: $(<"$out")"
	[[ $(head -n 1 "$out") != "$(head -n 1 <<<"$first")" ]] || wrong "twice at $first"
	[[ $(tail -n 1 "$out") != "$(tail -n 1 <<<"$first")" ]] || wrong "twice at $first"
}

test_no_kaslr() {
	vm --kaslr=off -u root -- sh -c "$addresses"
	expect_status 0
	grep -q '^ffffffff81000000 T _stext' "$out" && grep -qi '^ *0*1000000-.*Kernel code' "$out" ||
		wrong "$(<"$out")"
}

test_own_decompressor() {
	vm --boot=bzimage -u root -- sh -c "$addresses"
	expect_status 0
	! grep -q '^ffffffff81000000' "$out" || wrong "not at a random address: $(<"$out")"
	vm --boot=bzimage --kaslr=off -u root -- sh -c "$addresses"
	expect_status 0
	grep -q '^ffffffff81000000 T _stext' "$out" || wrong "$(<"$out")"
}

# Without trust in the processor's generator, so it is the seed that does it.
test_random_numbers_from_the_start() {
	vm -u root --append random.trust_cpu=off -- dmesg
	expect_status 0
	grep -q '^\[    0\.0.*crng init done' "$out" || wrong "late: $(grep random: "$out")"
}

test_cache_of_no_use() {
	touch "$work/file"
	run env XDG_CACHE_HOME="$work/file" "$snug" run -k "$kernel" -- echo runs
	expect_status 0
	expect_out runs
	expect_message 'kernel cache .*is not a directory'
}

test_kernel_without_9p() {
	local cloud
	cloud=$(tools/fetch-kernel --cached --suite bookworm --flavour cloud-amd64 2>/dev/null) || { skip='no cloud kernel was fetched' && return; }
	timeout 20 "$snug" run -k "$cloud" -- true >"$out" 2>"$err"
	status=$?
	expect_status 125
	expect_message '9p'
}

# Where it was built it is the default. What a program finds there; the rest is tests/system/run's with
# SNUG_SYSTEM_KERNEL.
test_own_kernel() {
	local own
	own=$(tools/build-kernel --cached) || { skip='not built (make kernel)' && return; }
	run "$snug" run -- sh -c 'uname -r; echo in >&2; cat; exit 6' <<<'input'
	expect_status 6
	expect_out "${own##*/vmlinuz-}"$'\ninput'
	expect_err in
	run "$snug" kernel list
	expect_line "* $own, made for snug"
	grep -q '9p built in, virtio-mmio built in' "$out" || wrong "not built in: $(<"$out")"
	run "$snug" run -u root -- sh -c '
		mount -t cgroup2 none /sys/fs/cgroup && cat /sys/fs/cgroup/cgroup.controllers
		mount -t mqueue none /mnt && umount /mnt && echo mqueue
		unshare -Urpfn --mount-proc sh -c "ls /proc | grep -c ^[0-9]"
		ls /proc/self/ns | tr "\n" " "; ls /proc/sysvipc | tr "\n" " "
		echo; cat /sys/devices/system/clocksource/clocksource0/current_clocksource
		dmesg'
	grep -q 'cpuset cpu memory pids' "$out" || wrong "cgroup2: $(head -n 3 "$out")"
	expect_line mqueue
	expect_line kvm-clock
	expect_no_line 'WARNING: CPU|BUG:'
}

# Newer stock kernels: whatever else was fetched.
test_newer_kernels() {
	local other tried=0 suite
	for suite in trixie sid; do
		other=$(tools/fetch-kernel --cached --suite "$suite" 2>/dev/null) || continue
		tried=$((tried + 1))
		timeout 120 "$snug" run -k "$other" -- sh -c 'uname -r; echo in >&2; cat; exit 6' <<<'input' >"$out" 2>"$err"
		status=$?
		expect_status 6
		expect_out "$(basename "$other" | sed 's/^vmlinuz-//')"$'\ninput'
		expect_err in
	done
	((tried > 0)) || skip='no kernel of another suite was fetched'
}
