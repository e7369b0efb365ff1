# fish completion of snug: made from "snug help" and tools/completion/ by make

function __snug_kernels
	snug kernel list 2>/dev/null | string replace -rf '^[* ] (/[^,]*),.*' '$1'
end

# How many words there are before the user's own command; fails while there is none.
function __snug_before_command
	set -l words (commandline -opc)
	contains -- "$words[2]" run bench; or return 1
@valued@
	set -l i 3
	while test $i -le (count $words)
		set -l word $words[$i]
		if test "$word" = --
			echo $i
			return 0
		else if contains -- $word $valued
			set i (math $i + 1)
		else if not string match -q -- '-*' $word
			echo (math $i - 1)
			return 0
		end
		set i (math $i + 1)
	end
	# the word at the cursor may be it
	test $i -eq (math (count $words) + 1); or return 1
	string match -q -- '-*' (commandline -ct); and return 1
	echo (count $words)
end

function __snug_complete_command
	set -l before (__snug_before_command); or return
	set -l words (commandline -opc)
	complete -C "$(string join ' ' -- (string escape -- $words[(math $before + 1)..-1]) (commandline -ct))"
end

function __snug_options_of
	set -l words (commandline -opc)
	contains -- "$words[2]" $argv; and not __snug_before_command >/dev/null
end

function __snug_wants_action
	set -l words (commandline -opc)
	test (count $words) -eq 2 -a "$words[2]" = $argv[1]
end

complete -c snug -n '__snug_before_command >/dev/null' -xa '(__snug_complete_command)'
@completions@
