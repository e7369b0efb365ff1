# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Sourced by tests/selinux/run: what root and an ordinary user get in each mode, with snug's policy module and
# without; and a thousand labels.

# snug as WHO. What runs may not be on a file of 9p's as the user: caches and programs are the image's.
as_who() { # as_who root|user COMMAND...
	local who=$1
	shift
	case $who in
	root) "$@" ;;
	user) HOME=/home/user setpriv --reuid user --regid user --clear-groups "$@" ;;
	esac
}

# A whole run, and its monitor's label meanwhile: "STATUS, OUTPUT, LABEL, MESSAGES". Its standard input is a pipe
# of the same user's, since only its owner can label it.
run_of() { # run_of root|user
	local label=none status=0
	# shellcheck disable=SC2016
	as_who "$1" bash -c '
		exec {input}< <(echo $BASHPID; exec sleep 600)
		read -r -u $input sleeper
		echo $sleeper >&2
		exec timeout 100 snug run -k "$1" -- sh -c "id -u; cat" <&$input {input}<&-
	' - "$kernel" >$work/out 2>$work/err &
	wait_for has_come_or_gone $!
	! is_running snug-monitor || label=$(tr -d '\0' <"/proc/$(pids_of snug-monitor)/attr/current" 2>/dev/null)
	kill "$(head -n 1 $work/err)"
	wait $! || status=$?
	echo "$status, $(<$work/out), $label, $(tail -n +2 $work/err)"
}

has_come_or_gone() { is_running snug-monitor || ! kill -0 "$1" 2>/dev/null; } # has_come_or_gone LAUNCHER

# Each row of the matrix has two runs: root's, and an ordinary user's.
matrix_row() { # matrix_row NAME STATUS LABEL MESSAGE; the last three are regular expressions
	local who id
	for who in root user; do
		id=$(id -u $who)
		[[ $2 == 0 ]] || id=
		matches "$1, $who" "^$2, $id, $3, $4\$" "$(run_of $who)"
	done
}

# The same in snug doctor's words, with its exit status.
doctor_says() { # doctor_says NAME STATUS LINE; a regular expression
	local status=0 said
	said=$(snug doctor selinux 2>&1) || status=$?
	matches "$1, snug doctor" "^$2, $3" "$status, $said"
}

matrix_with_the_module() {
	local drawn='unconfined_u:unconfined_r:snug_t:s0:c[0-9]+,c[0-9]+'
	matrix_row 'enforcing, module' 0 "$drawn" ''
	doctor_says 'enforcing, module' 0 "ok    selinux   enforcing; a run would get a label as $drawn"
	setenforce 0
	matrix_row 'permissive, module' 0 "$drawn" 'snug: warning: SELinux is permissive: what [^ ]*:snug_t:[^ ]* may not do is done, and logged'
	doctor_says 'permissive, module' 0 'warn  selinux   SELinux is permissive: what '
	setenforce 1
}

# The policy without it is loaded already.
matrix_without_the_module() {
	setenforce 1
	matrix_row 'enforcing, no module' 125 '.*' "snug: SELinux: snug's policy module is not installed: [^"$'\n'"]*"
	doctor_says 'enforcing, no module' 1 "fail  selinux   SELinux: snug's policy module is not installed"
	setenforce 0
	doctor_says 'permissive, no module' 0 'warn  selinux   SELinux is permissive, and this run gets no label'
	matrix_row 'permissive, no module' 0 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023' \
		"snug: warning: SELinux is permissive, and this run gets no label: snug's policy module is not installed[^"$'\n'"]*"
}

# Nothing is loaded: the module may be in the policy's file, or not.
matrix_disabled() {
	matrix_row 'disabled, module' 0 '.*' ''
	doctor_says 'disabled' 0 'ok    selinux   disabled, or not there'
	mount -o bind /root/policy-without-snug "$(echo /etc/selinux/default/policy/policy.*)"
	matrix_row 'disabled, no module' 0 '.*' ''
}

# At the same time, of programs that only wait.
many_labels() { # many_labels COUNT
	local count=$1 i pid pids=() labels
	mkdir -p /srv/many
	cp /usr/local/bin/snug /usr/local/libexec/snug/snug-{full,label} /srv/many/
	cp "$sources/$BUILD/tests/selinux/waiter" /srv/many/snug-monitor
	chcon -t snug_exec_t /srv/many/snug-monitor
	for ((i = 0; i < count; i++)); do
		/srv/many/snug run -k "$kernel" -- true </dev/null >>$work/many 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait_for has_become "$pid" snug-monitor || {
			not_ok 'each of many runs starts' "$(head -n 3 $work/many)"
			break
		}
	done
	labels=$(for pid in "${pids[@]}"; do
		tr '\0' '\n' <"/proc/$pid/attr/current" 2>/dev/null
	done)
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	equals "$count runs at a time: each has a label of its own" "$count" \
		"$(grep -E ':snug_t:s0:c[0-9]+,c[0-9]+$' <<<"$labels" | sort -u | wc -l)"
	equals "$count runs at a time: not a word" '' "$(head -n 3 $work/many)"
}
has_become() { [[ $(<"/proc/$1/comm") == "$2" ]] 2>/dev/null; }

# Both may write, and the labels stay until the last of them ends.
runs_share() {
	local fd out before
	mkdir -p /srv/z
	echo shared >/srv/z/file
	before=$(ls -RZ /srv/z)
	denials >/dev/null
	coproc third { run -v /srv/z:/srv/z:rw,z -- sh -c 'read -r go; cat /srv/z/from-the-other; echo mine >/srv/z/mine' 2>&1; }
	exec {fd}<&"${third[0]}"
	if ! wait_for is_shared /srv/z/file; then
		not_ok 'z labels a directory' "$(ls -RZ /srv/z)" "$(timeout 60 cat <&$fd)"
		return
	fi
	out=$(run -v /srv/z:/srv/z:rw,z -- sh -c 'cat /srv/z/file; echo other >/srv/z/from-the-other' 2>&1)
	equals 'z: a second run has the directory, too' shared "$out"
	is_shared /srv/z/file && ok 'z: the labels stay, the first run has them' || not_ok 'z: the labels stay' "$(ls -RZ /srv/z)"
	echo go >&"${third[1]}"
	out=$(timeout 60 cat <&$fd)
	wait 2>/dev/null
	equals 'z: the first run reads what the second wrote' other "$out"
	wait_for no_journal || not_ok 'z: labels are given back' "$(ls $labels)"
	equals 'z: labels are as they were' "$before" "$(ls -RZ -I mine -I from-the-other /srv/z)"
	equals 'z: nothing is denied' '' "$(denials)"
}
is_shared() { [[ $(stat -c %C -- "$1" | cut -d: -f3-) == snug_file_t:s0 ]]; }

# A domain, and a role, that the policy does not let run VMs. Both can only be entered here where nothing is enforced.
others_may_not() {
	setenforce 0
	matches 'a domain that may not: no label, and why' \
		'^snug: warning: SELinux is permissive, and this run gets no label: you are [^ ]*:system_r:sshd_t:[^ ]*, which may not become [^ ]*:snug_t:' \
		"$(as -r system_r -t sshd_t --)"
	matches 'a role that may not: no label, and why' \
		'^snug: warning: SELinux is permissive, and this run gets no label: --security: the policy knows no label user_u:user_r:snug_t:s0:c1,c2' \
		"$(as -u user_u -r user_r -t user_t -l s0 -- --security=static,label=user_u:user_r:snug_t:s0:c1,c2)"
	setenforce 1
}
