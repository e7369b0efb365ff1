# shellcheck shell=bash disable=SC2034,SC2154 # $work, $skip and the like are the runner's
# SPDX-License-Identifier: Apache-2.0
#
# Part of tests/system/run: programs that use the whole screen, and line editing, as one looks at them: in a
# terminal of tmux's on the host.

mux() { tmux -S "$work/tmux" -f /dev/null "$@"; }
screen() { mux capture-pane -p -t vm; }
keys() { mux send-keys -t vm "$@"; }
# One word of letters as they are, then the return key.
enter() {
	keys -l "$1"
	keys Enter
}

# Until the screen has a line like that.
shows() { # shows PATTERN; false, and told, if it never does
	local i
	for ((i = 0; i < 300; i++)); do
		screen | grep -qE -- "$1" && return
		sleep 0.1
	done
	wrong "the screen does not show '$1' but: $(screen)"
	return 1
}

screen_begin() {
	mux new-session -d -s vm -x 90 -y 30 \
		"$(printf '%q ' "$snug" run -k "$kernel" -e 'PS1=guest> ' -- bash --norc -i); echo \"host: status \$?\"; cat"
	shows '^guest>'
}
screen_end() { mux kill-server; }

bash_edits_lines() {
	keys -l 'ho abcd'
	keys C-a
	keys -l 'ec'
	keys C-e BSpace
	keys Left
	enter X
	shows '^abXc$'
	keys Up Enter
	shows '^guest> echo abXc$'
	keys -l 'echo /etc/host'
	keys -l name
	keys C-w
	enter 'echo gone-word'
	shows '^echo gone-word$|^gone-word$'
	enter 'clear'
	shows '^guest>$'
}

vi_edits() {
	enter 'vi -u NONE /tmp/text'
	shows '^~$'
	keys -l 'ifirst'
	keys Enter
	keys -l 'secnd'
	keys Escape
	keys -l 'hio'
	keys Escape
	shows '^second$'
	# All rows but two of text and the last one.
	[[ $(screen | grep -c '^~') == 27 ]] || wrong "vi fills another screen: $(screen)"
	mux resize-window -t vm -x 70 -y 36
	shows '^~$'
	for ((i = 0; i < 50; i++)); do
		[[ $(screen | grep -c '^~') != 33 ]] || break
		sleep 0.1
	done
	[[ $(screen | grep -c '^~') == 33 ]] || wrong "vi does not follow the size: $(screen)"
	enter ':wq'
	shows '^guest>$'
	enter 'cat /tmp/text; stty size'
	shows '^36 70$'
	shows '^second$'
}

less_pages() {
	enter 'seq 1000 | less'
	shows '^35$'
	keys G
	shows '^1000$'
	shows '\(END\)'
	enter '/^500$'
	enter '?^500$'
	[[ $(screen | head -n 1) == 500 ]] || shows '^500$'
	keys q
	shows '^guest>$'
}

top_shows_processes() {
	mux resize-window -t vm -x 90 -y 30
	enter 'top -d 1'
	shows '^Tasks: +[0-9]+ total'
	shows 'PID USER .* COMMAND'
	shows ' top$'
	keys q
	shows '^guest>$'
}

python_edits_lines() {
	enter '/usr/bin/python3 -q'
	shows '^>>>$'
	keys -l '20+3'
	keys BSpace
	enter 2
	shows '^22$'
	enter 'while True: pass'
	keys Enter
	sleep 1
	keys C-c
	shows '^KeyboardInterrupt$'
	keys C-d
	shows '^guest>$'
}

tmux_splits() {
	enter 'tmux -f /dev/null new-session bash --norc -i'
	shows '^\[0\]'
	keys C-b %
	shows '│'
	keys C-b d
	shows '^\[detached'
	enter 'tmux kill-server; clear'
	shows '^guest>$'
}

test_whole_screen_programs() {
	local i step program
	command -v tmux >/dev/null || { skip='no tmux on this host' && return; }
	screen_begin || return
	bash_edits_lines
	for step in vi:vi_edits less:less_pages top:top_shows_processes /usr/bin/python3:python_edits_lines tmux:tmux_splits; do
		program=${step%:*}
		command -v "$program" >/dev/null && "${step#*:}"
	done
	enter 'sleep 1000'
	sleep 1
	keys C-z
	shows 'Stopped +sleep 1000'
	enter fg
	sleep 1
	keys C-c
	shows '^guest>$'
	enter 'exit 7'
	shows '^host: status 7$'
	screen_end
}
