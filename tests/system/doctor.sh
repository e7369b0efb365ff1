# shellcheck shell=bash disable=SC2016,SC2154 # for another shell; $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: snug doctor on a host that runs VMs, as are those that these tests run on.

test_doctor() {
	run "$snug" doctor
	expect_err ''
	expect_status 0
	[[ $(grep -cE '^(ok|warn) +[a-z]+ +[^ ]' "$out") == 10 ]] || wrong "not ten findings: $(<"$out")"
	expect_no_line '^fail'
	run "$snug" doctor --json
	expect_status 0
	command -v python3 >/dev/null || return 0
	python3 - "$out" <<-'EOP' >>"$err" 2>&1 || wrong "the JSON is not what it should be: $(<"$out")"
		import json, sys
		doctor = json.load(open(sys.argv[1]))
		assert doctor["snug-doctor"] == 1 and doctor["ok"] is True and doctor["version"]
		names = [check["name"] for check in doctor["checks"]]
		assert names == "kvm kernel cache programs selinux landlock seccomp userns limits memory".split()
		for check in doctor["checks"]:
		    assert check["text"] and (check["cure"] is None) == (check["verdict"] == "ok")
	EOP
}

test_doctor_as_an_ordinary_user() {
	run setpriv --reuid 12345 --regid 12346 --clear-groups env -i PATH="$PATH" HOME=/var/tmp \
		"$snug" doctor kvm memory
	if [[ -w /dev/kvm && $(stat -c %a /dev/kvm) == *6 ]]; then
		expect_status 0
		expect_no_line '^fail'
	else
		expect_status 1
		grep -qE '^fail  kvm       /dev/kvm: permission denied' "$out" || wrong "kvm: $(<"$out")"
	fi
	[[ $(grep -c '^[a-z]' "$out") == 2 ]] || wrong "not two findings: $(<"$out")"
}

# The same words in both; and the limit that it calls too low is.
test_doctor_and_run_agree() {
	local limit=$((514 << 10))
	run bash -c 'ulimit -d "$1"; shift; exec "$@"' - "$limit" "$snug" doctor limits
	expect_status 1
	grep -q '^fail  limits' "$out" || wrong "limits: $(<"$out")"
	run bash -c 'ulimit -d "$1"; shift; exec "$@"' - "$limit" "$snug" run -k "$kernel" -- true
	expect_status 125
	expect_message '\(snug doctor: memory limits\)$'
	run bash -c 'ulimit -d "$1"; shift; exec "$@"' - $((528 << 10)) "$snug" run -k "$kernel" -- true
	expect_status 0
}
