# shellcheck shell=bash disable=SC2016,SC2154 # for the guest's shell; $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: what CMD wrote to the overlays, kept, shown and applied.

# A tree below a directory that is an overlay in the guest.
test_keep_diff_and_apply() {
	local tree=$work/tree
	mkdir -p "$tree"/{gone,opaque}
	echo old >"$tree/changed"
	echo old >"$tree/conflict"
	touch "$tree"/{deleted,gone/file,opaque/file}
	ln -s / "$tree/link"
	vm --overlay "$tree" --keep-overlay "$work/kept" -w "$tree" -- sh -ec '
		echo new >>changed; echo new >>conflict; rm -r deleted gone opaque link
		mkdir opaque link; echo 1 >opaque/other; echo 2 >link/file
		ln -s ../changed opaque/to; mkfifo pipe; chmod 4755 link/file; exit 3'
	expect_status 3
	expect_err ''
	[[ $(<"$tree/changed") == old ]] || wrong 'the host was changed by the run'
	echo 'the host has another' >"$tree/conflict"
	run "$snug" diff "$work/kept"
	expect_status 0
	sed "s:$tree/::" "$out" | LC_ALL=C sort >"$work/diff"
	cat >"$work/expected" <<-'EOF'
		A  directory  link
		A  file       link/file
		A  file       opaque/other
		A  link       opaque/to -> ../changed
		A  special    pipe
		D  directory  gone
		D  file       deleted
		D  file       gone/file
		D  file       opaque/file
		D  link       link
		M  file       changed
		M  file       conflict
	EOF
	cmp -s "$work/diff" "$work/expected" || wrong "diff: $(diff "$work/expected" "$work/diff")"
	run "$snug" apply "$work/kept" </dev/null
	expect_status 125
	expect_message 'there is no terminal to ask on'
	[[ $(<"$tree/changed") == old ]] || wrong 'applied without having asked'
	run "$snug" apply -y "$work/kept"
	expect_status 125
	expect_in_err 'conflict: .* has changed since'
	expect_in_err 'pipe: special files are not applied'
	[[ $(<"$tree/changed") == $'old\nnew' && $(<"$tree/conflict") == 'the host has another' &&
		$(<"$tree/opaque/other") == 1 && $(stat -c %a "$tree/link/file") == 755 &&
		$(readlink "$tree/opaque/to") == ../changed ]] || wrong "applied: $(ls -lR "$tree")"
	[[ ! -e $tree/gone && ! -e $tree/deleted && ! -e $tree/opaque/file ]] || wrong 'not deleted'
	run "$snug" apply -y --force "$work/kept" "$tree/conflict"
	expect_status 0
	[[ $(<"$tree/conflict") == $'old\nnew' ]] || wrong '--force did not'
}

test_keep_as_an_ordinary_user() {
	mkdir "$work/own"
	chown 12345:12346 "$work/own"
	user_vm --keep-overlay "$work/own/kept" -- sh -c 'echo text >/tmp/snug-kept'
	expect_status 0
	run "$snug" diff "$work/own/kept"
	expect_out 'A  file       /tmp/snug-kept'
	[[ $(stat -c %u "$work/own/kept/changes") == 12345 ]] || wrong 'not the own file'
}

test_keep_refuses_and_is_incomplete() {
	mkdir "$work/full" "$work/dir"
	touch "$work/dir/file"
	vm --keep-overlay "$work/dir" -- true
	expect_status 125
	expect_message 'is not empty; give a new directory'
	vm --rw "$work" --keep-overlay "$work/new" -- true
	expect_status 125
	expect_message 'is in a volume that CMD may write to'
	mount -t tmpfs -o size=1M none "$work/full" || { wrong 'no small file system' && return; }
	vm --keep-overlay "$work/full/again" -- sh -c 'head -c 3M /dev/zero >/tmp/large'
	expect_status 125
	expect_message 'cannot be kept: .*No space left on device'
	run "$snug" diff "$work/full/again"
	expect_status 125
	expect_message 'is incomplete'
	umount "$work/full"
}
