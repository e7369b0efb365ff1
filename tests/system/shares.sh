# shellcheck shell=bash disable=SC2154 # $work and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: what the user shares with the VM, and what is hidden from it.

# --- volumes ----------------------------------------------------------------------------------------

test_volumes_read_only_and_writable() {
	mkdir "$work/rw" "$work/ro"
	echo host >"$work/ro/file"
	vm -v "$work/rw:rw" -v "$work/ro" -v "$work/ro:/mnt:ro" -- sh -c "
		cat $work/ro/file /mnt/file; mkdir $work/rw/dir; echo guest >$work/rw/dir/new; mv $work/rw/dir/new $work/rw/dir/file
		cd $work; echo x >ro/file || echo refused; touch ro/new || echo refused; rm /mnt/file || echo refused
		mount -o remount,rw /mnt 2>/dev/null; touch /mnt/new || echo refused; touch beside || echo refused"
	expect_status 0
	expect_out $'host\nhost\nrefused\nrefused\nrefused\nrefused\nrefused'
	[[ $(<"$work/rw/dir/file") == guest ]] || wrong "the guest's file is not on the host"
	[[ $(ls -A "$work/ro") == file && $(<"$work/ro/file") == host ]] || wrong "a read-only volume changed"
}

test_volumes_of_an_ordinary_user() {
	mkdir "$work/rw" "$work/root"
	chown 12345:12346 "$work/rw"
	user_vm -v "$work/rw:/data:rw" -v "$work/root:/root-owned:rw" -u root -- sh -c '
		echo x >/data/file; chmod 640 /data/file; touch /root-owned/x || echo refused; stat -c %u:%g:%a /data/file'
	expect_status 0
	expect_out $'refused\n12345:12346:640'
	[[ $(stat -c %u:%g:%a "$work/rw/file") == 12345:12346:640 ]] || wrong "on the host: $(stat "$work/rw/file")"
}

test_volumes_of_root_keep_the_guests_users() {
	((EUID == 0)) || { skip='not root' && return; }
	mkdir "$work/rw"
	chmod 777 "$work/rw"
	vm --rw "$work/rw" -u 12345:12346 -- touch "$work/rw/mine"
	expect_status 0
	vm --rw "$work/rw" -u root -- sh -c "cd $work/rw; touch roots given; chown 7:8 given; stat -c %u:%g mine"
	expect_out 12345:12346
	[[ $(cd "$work/rw" && stat -c %u:%g mine roots given | tr '\n' ' ') == '12345:12346 0:0 7:8 ' ]] ||
		wrong "on the host: $(ls -ln "$work/rw")"
}

test_volumes_that_are_files() {
	echo one >"$work/ro"
	echo two >"$work/rw"
	vm -v "$work/ro:/etc/hostname" -v "$work/rw:/mnt/new/file:rw" -- sh -c '
		cat /etc/hostname /mnt/new/file; echo x >/etc/hostname || echo refused; echo more >>/mnt/new/file'
	expect_status 0
	expect_out $'one\ntwo\nrefused'
	[[ $(<"$work/ro") == one && $(<"$work/rw") == $'two\nmore' ]] || wrong "on the host: $(cat "$work/ro" "$work/rw")"
}

# On the read-only root, in it, in the overlays, and in the guest's own file systems.
test_volumes_where_nothing_is() {
	mkdir "$work/volume" "$work/home"
	echo here >"$work/volume/file"
	HOME=$work/home vm -v "$work/volume:/usr/share/snug-new/a/b" -v "$work/volume:/usr/lib/snug-new" \
		-v "$work/volume:/tmp/snug-new/a" -v "$work/volume:$work/home/new/a" -v "$work/volume:/run/new" -- sh -c '
		cat /usr/share/snug-new/a/b/file /usr/lib/snug-new/file /tmp/snug-new/a/file ~/new/a/file /run/new/file
		for d in /usr /usr/share /usr/share/snug-new /usr/share/snug-new/a /usr/lib /; do touch $d/x 2>/dev/null && echo "$d is writable"; done
		touch ~/new/x /tmp/x && [ -e /usr/share/doc ] && echo fine'
	expect_status 0
	expect_out $'here\nhere\nhere\nhere\nhere\nfine'
	[[ -z $(ls -A "$work/home") ]] || wrong "in the home directory: $(ls -A "$work/home")"
	vm -v "$work/volume:/snug-new/a" -- sh -c 'cat /snug-new/a/file; touch /x || echo refused; touch /snug-new/x || echo refused; touch /tmp/x /home/x && ls -d /usr/bin /proc/1'
	expect_status 0
	expect_out $'here\nrefused\nrefused\n/proc/1\n/usr/bin'
	[[ ! -e /snug-new && ! -e /usr/lib/snug-new ]] || wrong "a mount point reached the host"
}

test_volumes_in_volumes() {
	mkdir -p "$work/outer/in/side" "$work/inner"
	echo outer >"$work/outer/in/file"
	echo inner >"$work/inner/file"
	vm -v "$work/inner:/mnt/in/side:rw" -v "$work/outer:/mnt" -v "$work/inner/file:/mnt/new/file" --tmpfs /mnt/in/side/t -- sh -c '
		cat /mnt/in/file /mnt/in/side/file /mnt/new/file; touch /mnt/x || echo refused; touch /mnt/in/x || echo refused
		touch /mnt/in/side/written /mnt/in/side/t/gone'
	expect_status 0
	expect_out $'outer\ninner\ninner\nrefused\nrefused'
	[[ -e $work/inner/written ]] || wrong "the inner volume was not written to"
	[[ ! -e $work/outer/new && ! -e $work/inner/t/gone ]] || wrong "the host has: $(find "$work/outer" "$work/inner")"
}

test_rw_of_the_current_directory() {
	mkdir "$work/a:b"
	cd "$work/a:b" || return
	vm --rw . -- sh -c 'echo made >file; pwd'
	cd "$root" || return
	expect_status 0
	expect_out "$work/a:b"
	[[ $(<"$work/a:b/file") == made ]] || wrong "the guest's file is not on the host"
}

test_working_directory_in_a_volume() {
	mkdir "$work/volume"
	vm -v "$work:/mnt/new" -w /mnt/new/volume -- pwd
	expect_out /mnt/new/volume
}

test_cache_modes() {
	local mode
	mkdir "$work/none" "$work/mmap" "$work/loose"
	vm -v "$work/none:rw,cache=none" -v "$work/mmap:rw,cache=mmap" -v "$work/loose:cache=loose,rw" -- sh -c "
		cd $work; for d in none mmap loose; do head -c 3000001 /dev/urandom >\$d/data; printf x | dd of=\$d/data bs=1 seek=70000 conv=notrunc 2>/dev/null; sha256sum \$d/data; done"
	expect_status 0
	for mode in none mmap loose; do
		[[ $(stat -c %s "$work/$mode/data") == 3000001 ]] || wrong "$mode: $(stat -c %s "$work/$mode/data") bytes"
	done
	expect_out "$(cd "$work" && sha256sum none/data mmap/data loose/data)"
	rm -r "$work/none" "$work/mmap" "$work/loose"
}

# With a cache the host does not know what was written to memory: the end of the VM must not lose it.
test_mapped_writes_reach_the_host() {
	local python mode
	python=$(PATH=/usr/bin:/bin command -v python3) || { skip='no python3 on this host' && return; }
	for mode in mmap loose; do
		head -c 100000 /dev/zero >"$work/$mode"
	done
	cat >"$work/script.py" <<'END'
import mmap, os, sys
for path in sys.argv[1:]:
    m = mmap.mmap(os.open(path, os.O_RDWR), 0)
    m[0:5], m[50000:50005], m[99995:100000] = b"first", b"there", b"+last"
os._exit(3)
END
	vm -v "$work/mmap:rw" -v "$work/loose:rw,cache=loose" -- "$python" "$work/script.py" "$work/mmap" "$work/loose"
	expect_status 3
	for mode in mmap loose; do
		[[ $(tr -d '\0' <"$work/$mode") == firstthere+last && $(stat -c %s "$work/$mode") == 100000 ]] ||
			wrong "$mode: $(od -c "$work/$mode" | head)"
	done
}

# What the host writes during the run is seen where nothing is kept.
test_a_volume_shows_what_the_host_writes() {
	mkdir "$work/volume"
	echo before >"$work/volume/file"
	"$snug" run -k "$kernel" -v "$work/volume:/mnt:cache=none" -- sh -c 'cat /mnt/file; echo up; until [ -e /mnt/new ]; do sleep 0.2; done; cat /mnt/file' >"$out" 2>"$err" &
	wait_for_up
	echo 'and after' >"$work/volume/file"
	: >"$work/volume/new"
	wait $!
	expect_out $'before\nup\nand after'
}

# --- thrown away ------------------------------------------------------------------------------------

test_tmpfs_and_overlays() {
	mkdir -p "$work/full/sub" "$work/over"
	echo host | tee "$work/full/file" >"$work/over/file"
	chmod 777 "$work/over"
	user_vm --tmpfs "$work/full" --tmpfs /srv/snug-new --overlay "$work/over" -- sh -c "
		cd $work; ls -A full; echo x >full/x; echo x >/srv/snug-new/x; cat over/file; echo guest >over/new; rm over/file; ls -A over; touch beside || echo refused"
	expect_status 0
	expect_out $'host\nnew\nrefused'
	[[ $(ls -A "$work/full" "$work/over" | tr '\n' ' ') == *'file sub '*'file '* && ! -e /srv/snug-new ]] || wrong "the host has: $(find "$work/full" "$work/over")"
	[[ ! -e $work/over/new ]] || wrong "an overlay's file reached the host"
}

test_overlay_over_the_root() {
	mkdir "$work/volume"
	vm -u root --overlay / -v "$work/volume:/snug-new/volume:rw" -- sh -c "
		rm -rf /etc/default && mkdir /etc/default /snug-dir && echo x >/etc/passwd && touch /tmp/x && echo kept >/snug-new/volume/file && cat /etc/passwd; ls -A /etc/default; ls /proc/1/comm; [ -c /dev/null ] && echo dev"
	expect_status 0
	expect_out $'x\n/proc/1/comm\ndev'
	[[ $(<"$work/volume/file") == kept ]] || wrong "the volume was not written to"
	[[ ! -e /snug-dir && ! -e /snug-new && -s /etc/passwd ]] && grep -q root /etc/passwd || wrong "the host changed"
}

# --- hidden -----------------------------------------------------------------------------------------

test_hidden_files_and_directories() {
	mkdir -p "$work/dir/sub" "$work/other"
	echo secret | tee "$work/dir/file" >"$work/file"
	echo visible >"$work/other/file"
	vm --hide "$work/file" --hide "$work/dir" --hide "$work/not-yet" -v "$work:/mnt:rw" -- sh -c "
		cat $work/file; ls -A $work/dir; cat /mnt/file; ls -A /mnt/dir; cat $work/dir/file /mnt/dir/sub/x; cat $work/other/file
		echo x >/mnt/file; mv /mnt/dir /mnt/moved; rm -r /mnt/file /mnt/dir; ln /mnt/file /mnt/linked; ls /mnt/linked /mnt/moved"
	expect_out visible
	[[ $(<"$work/file") == secret && $(<"$work/dir/file") == secret && -d $work/dir/sub ]] || wrong "the host's files changed"
}

test_credentials_are_hidden() {
	mkdir -p "$work/home/.ssh" "$work/home/.config/gh" "$work/keys"
	echo secret | tee "$work/home/.ssh/id" "$work/home/.netrc" "$work/home/.config/gh/token" "$work/keys/key" >/dev/null
	ln -s "$work/keys" "$work/home/.gnupg"
	# shellcheck disable=SC2016 # for the guest's shell
	HOME=$work/home vm -v "$work/home:/mnt" -- sh -c 'cat ~/.netrc; ls -A ~/.ssh ~/.config/gh /mnt/.ssh "$0"; cat ~/.ssh/id ~/.gnupg/key "$0/key"; wc -c </etc/shadow' "$work/keys"
	expect_no_line secret
	expect_no_line '^(id|token|key)$'
	((EUID != 0)) || expect_line 0
	HOME=$work/home vm --no-default-hide -- sh -c 'cat ~/.netrc ~/.ssh/id ~/.gnupg/key'
	expect_status 0
	expect_out $'secret\nsecret\nsecret'
}

test_a_volume_over_what_is_hidden() {
	mkdir -p "$work/home/.ssh" "$work/for-the-vm"
	echo secret >"$work/home/.ssh/id"
	echo config >"$work/for-the-vm/config"
	HOME=$work/home vm -v "$work/for-the-vm:$work/home/.ssh" -- sh -c 'ls -A ~/.ssh; cat ~/.ssh/config'
	expect_status 0
	expect_out $'config\nconfig'
	# Asked for by name it is shown.
	HOME=$work/home vm -v "$work/home/.ssh:/mnt/ssh" -- cat /mnt/ssh/id
	expect_out secret
}

# --- what cannot work -------------------------------------------------------------------------------

test_volumes_that_cannot_be() {
	local row
	mkdir "$work/dir"
	: >"$work/file"
	while IFS='|' read -r row message; do
		# shellcheck disable=SC2086 # words
		vm $row -- true
		expect_status 125
		expect_message "$message"
	done <<-END
		-v $work/none|--volume: $work/none: No such file or directory
		-v /dev/null|neither a directory nor a regular file
		-v $work/dir:/|nothing can be put in place of the VM's /
		-v $work/dir:data|'data' is not one of the options
		-v $work/dir:/a -v $work/file:/a|something at /a already
		-v $work/dir:$work/file|is a directory, and
		-v $work/file:/a --tmpfs /a/b|/a/b would be below /a, which is a file
		--rw $work/file|is not a directory; for a file: -v FILE:rw
		--overlay $work/none|No such file or directory
		--tmpfs /proc|/proc is the VM's own
		--hide $work/none/x|--hide: the directory of
	END
	mkdir "$work/dir/sub"
	vm -v "$work/dir:/mnt" -v "$work/file:/mnt/sub" -- true # only the guest can know
	expect_status 125
	expect_in_err 'guest: mount on /mnt/sub: Not a directory'
}
