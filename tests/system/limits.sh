# shellcheck shell=bash disable=SC2016,SC2154 # for the guest's shell; $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: how much a command gets, of what, and what it hears when there is no more.

# --- processors -------------------------------------------------------------------------------------

# All of the threads have to be there before one goes on, each on a processor of its own.
test_threads_on_every_processor() {
	cat >"$work/threads.py" <<-'EOP'
		import ctypes, os, sys, threading
		count, libc, seen = int(sys.argv[1]), ctypes.CDLL(None), set()
		barrier = threading.Barrier(count)
		def run(cpu):
		    os.sched_setaffinity(0, {cpu})
		    barrier.wait()
		    seen.add(libc.sched_getcpu())
		threads = [threading.Thread(target=run, args=(cpu,)) for cpu in range(count)]
		[t.start() for t in threads]
		[t.join() for t in threads]
		print(os.cpu_count(), sorted(seen))
	EOP
	vm -c 4 -- /usr/bin/python3 "$work/threads.py" 4
	expect_status 0
	expect_out '4 [0, 1, 2, 3]'
}

# Each job waits for all of them to have begun.
test_make_with_jobs() {
	cat >"$work/Makefile" <<-'EOP'
		all: a b c; @echo made
		a b c:; @mkdir $(DIR)/$@; until [ -d $(DIR)/a ] && [ -d $(DIR)/b ] && [ -d $(DIR)/c ]; do sleep 0.1; done
	EOP
	vm -c 3 -w "$work" -- sh -c 'mkdir /tmp/made; make -s -j$(nproc) DIR=/tmp/made'
	expect_status 0
	expect_out made
}

# --- processes --------------------------------------------------------------------------------------

# Root's, too; threads count; and who is gone makes room for the next.
test_number_of_processes() {
	cat >"$work/pids.py" <<-'EOP'
		import errno, os, signal, threading
		children = []
		def fork():
		    try:
		        pid = os.fork()
		    except OSError as e:
		        return print(errno.errorcode[e.errno], len(children), flush=True)
		    if pid == 0:
		        signal.pause()
		    children.append(pid)
		    return pid
		while fork(): pass
		for i in 1, 2:
		    os.kill(children[-1], 9)
		    os.waitpid(children.pop(), 0)
		lock = threading.Lock()
		lock.acquire()
		threading.Thread(target=lock.acquire, daemon=True).start()
		fork()
		fork()
		os._exit(7)
	EOP
	vm -u root --pids 5 -- /usr/bin/python3 "$work/pids.py"
	expect_status 7
	expect_out $'EAGAIN 4\nEAGAIN 3'
	user_vm --pids 1 -- sh -c 'sleep 1; echo not here'
	expect_status 2
	expect_out ''
	expect_in_err 'Cannot fork'
}

# The group is nothing that the command sees.
test_no_limit_is_no_group() {
	vm --pids 100 -- sh -c 'cat /proc/self/cgroup; grep -c cgroup /proc/mounts; [ -e /run/cgroup ] || echo gone'
	expect_out $'0::/command\n0\ngone'
	vm -- cat /proc/self/cgroup
	expect_no_line command
}

# --- files ------------------------------------------------------------------------------------------

test_size_of_what_is_thrown_away() {
	vm -u root --overlay-size 4M --tmpfs /mnt --overlay /usr -- sh -c '
		for dir in /tmp /mnt /usr; do
			head -c 5M /dev/zero >$dir/file
			wc -c <$dir/file
			rm $dir/file
		done'
	expect_status 0
	expect_out $'4194304\n4194304\n4194304'
	[[ $(grep -c 'No space left on device' "$err") == 3 ]] || wrong "stderr: $(<"$err")"
	vm -m 256M --overlay-size 75% --tmpfs /mnt -- sh -c 'df -k --output=size /mnt | tail -n 1; sed -n "s/MemTotal: *\([0-9]*\) kB/\1/p" /proc/meminfo'
	expect_status 0
	awk 'NR == 1 { size = $1 } NR == 2 { exit !(size > $1 * 0.74 && size < $1 * 0.76) }' "$out" || wrong "$(<"$out")"
}

# --- memory -----------------------------------------------------------------------------------------

test_out_of_memory_is_told() {
	vm -m 128M -- tail /dev/zero
	expect_status 137
	expect_message 'the VM ran out of memory \(128 MiB\).*-m'
	# A shell that tells of it, and one that goes on.
	vm -m 128M -- sh -c 'tail /dev/zero; exit $?'
	expect_status 137
	expect_in_err '^snug: the VM ran out of memory'
	vm -m 128M -- sh -c 'tail /dev/zero; exit 3'
	expect_status 3
	# Killed, but not for that.
	vm -- sh -c 'kill -KILL $$'
	expect_status 137
	expect_err ''
}

# Nothing is left that the kernel may kill; or it is told not to try.
test_panic_for_want_of_memory_is_told() {
	vm -u root -m 128M -- sh -c 'echo -1000 >/proc/self/oom_score_adj; exec tail /dev/zero'
	expect_status 125
	expect_in_err '^snug: the VM ran out of memory \(128 MiB\), and its kernel stopped: Kernel panic.*-m'
	vm -u root -m 128M -- sh -c 'echo 1 >/proc/sys/vm/panic_on_oom; exec tail /dev/zero'
	expect_status 125
	expect_in_err '^snug: the VM ran out of memory'
}

# --- environment ------------------------------------------------------------------------------------

test_environment_from_files() {
	printf '# who\nA=1 "2"\nB=file\nMINE\nNOT_SET\n' >"$work/env"
	MINE=3 vm --env-file "$work/env" -e B=typed --clearenv -- env
	expect_status 0
	expect_no_line '^(USER|TERM|LANG|NOT_SET)='
	expect_line 'A=1 "2"'
	expect_line B=typed
	expect_line MINE=3
	expect_line SNUG=1
	expect_line PATH=/usr/local/bin:/usr/bin:/bin
}

# Also where snug-full has to read it once more, for the user's name.
test_options_from_a_file() {
	printf 'user=nobody\r\nhostname=box.example\n# more\nmemory=200M\nenv=A=b c\nworkdir=/usr' >"$work/conf"
	vm --config "$work/conf" -m 201M -- sh -c 'id -un; hostname; pwd; echo "$A"'
	expect_status 0
	expect_out $'nobody\nbox.example\n/usr\nb c'
	printf '\nmemory=many\n' >>"$work/conf"
	vm --config "$work/conf" -- true
	expect_status 125
	expect_message 'conf:7: --memory: '
}
