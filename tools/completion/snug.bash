# bash completion of snug: made from "snug help" and tools/completion/ by make

declare -gA _snug_actions=() _snug_options=() _snug_kinds=() _snug_values=()
@tables@

# The words up to the cursor, where bash has split them at "=" and ":".
_snug_read_words() {
	local line=${COMP_LINE:0:COMP_POINT} i
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		if ((${#words[@]} == 0)) || [[ $line == [[:space:]]* ]]; then
			line=${line#"${line%%[![:space:]]*}"}
			starts+=("$i")
			words+=("")
		fi
		words[-1]+=${line:0:${#COMP_WORDS[i]}}
		line=${line:${#COMP_WORDS[i]}}
	done
}

# What is completed of a word begins after the last character that bash splits at.
_snug_reply() {
	local breaks=${COMP_WORDBREAKS//[!=:]/} i from
	[[ -n $breaks ]] || return 0
	from=${cur%"${cur##*["$breaks"]}"}
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$from"}
	done
}

_snug_value() { # _snug_value OPTION PREFIX: what has the value in the word, and the word before it
	local kind=${_snug_kinds[$1]#optional-} value=${cur:${#2}}
	local -a found=()
	case $kind in
	words) mapfile -t found < <(compgen -W "${_snug_values[$1]}" -- "$value") ;;
	kernel)
		mapfile -t found < <(
			compgen -f -- "$value"
			"${words[0]}" kernel list 2>/dev/null | sed -n 's/^[* ] \(\/[^,]*\),.*/\1/p' |
				while read -r file; do [[ $file != "$value"* ]] || echo "$file"; done
		)
		;;
	file)
		mapfile -t found < <(compgen -W "${_snug_values[$1]:-}" -- "$value"; compgen -f -- "$value")
		;;
	directory) mapfile -t found < <(compgen -d -- "$value") ;;
	user) mapfile -t found < <(compgen -u -- "$value") ;;
	variable) mapfile -t found < <(compgen -v -- "$value") ;;
	esac
	[[ $kind != @(file|directory|kernel) ]] || compopt -o filenames 2>/dev/null
	COMPREPLY=("${found[@]/#/$2}")
	_snug_reply
}

# The user's own command, from that word on.
_snug_command() { # _snug_command INDEX
	if declare -F _command_offset >/dev/null; then
		_command_offset "${starts[$1]}"
	elif (($1 == ${#words[@]} - 1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

# Goes through the options before the cursor: sets index, the first word that is none, and waits, the
# option whose value the word at the cursor is.
_snug_skip_options() {
	local word
	waits=
	for ((index = 2; index < ${#words[@]} - 1; index++)); do
		word=${words[index]}
		case $word in
		--)
			((index++))
			return
			;;
		--*=*) ;;
		-?*)
			# of letters in one word, only the last can have its value in the next
			[[ $word == --* ]] || word=-${word: -1}
			case ${_snug_kinds[$word]:-} in
			'' | optional-*) ;;
			*)
				waits=$word
				((++index < ${#words[@]} - 1)) || return 0
				waits=
				;;
			esac
			;;
		*) return ;;
		esac
	done
	return 0
}

_snug() {
	local cur index waits
	local -a words=() starts=()
	COMPREPLY=()
	_snug_read_words
	cur=${words[-1]}
	if ((${#words[@]} == 2)); then
		mapfile -t COMPREPLY < <(compgen -W "$_snug_commands --help --version" -- "$cur")
		return
	fi
	if [[ ${words[1]} == @(run|bench) ]]; then
		_snug_skip_options
		if [[ -n $waits ]]; then
			_snug_value "$waits" ''
		elif ((index < ${#words[@]} - 1)) || [[ $cur != -* || ${words[index - 1]} == -- ]]; then
			_snug_command "$index"
		elif [[ $cur == --*=* && -n ${_snug_kinds[${cur%%=*}]:-} ]]; then
			_snug_value "${cur%%=*}" "${cur%%=*}="
		else
			mapfile -t COMPREPLY < <(compgen -W "${_snug_options[${words[1]}]}" -- "$cur")
			[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
		fi
	elif ((${#words[@]} == 3)) && [[ -n ${_snug_actions[${words[1]}]:-} ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${_snug_actions[${words[1]}]:-} ${_snug_options[${words[1]}]:-}" -- "$cur")
	elif [[ $cur == -* && -n ${_snug_options[${words[1]}]:-} ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${_snug_options[${words[1]}]}" -- "$cur")
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _snug snug
