"""Completion scripts for names that contain spaces, `=`, `:` and commas.

A script passes the command line as it is typed, and reads one completion per line from click.
"""

from typing import Final

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

# Bash also divides words at `=` and `:`, and replaces only the last piece. So the script passes the
# whole line (an index past its end begins a new word) and cuts off what is typed already.
_BASH: Final = r"""%(complete_func)s() {
    local IFS=$'\n' line="${COMP_LINE:0:COMP_POINT}" number=-1 item type value word cut quote
    quote="${COMP_WORDS[COMP_CWORD]:0:1}"
    [[ $quote != [\"\'] && $line == *[^\\][[:space:]] ]] && number=9999
    word="${line##*[[:space:]]}"
    [[ $word == --*=* ]] && word="${word#*=}"
    cut="${word%%"${word##*[=:]}"}"
    COMPREPLY=()
    for item in $(COMP_WORDS="$line" COMP_CWORD="$number" %(complete_var)s=bash_complete \
        "$1" 2>/dev/null); do
        type="${item%%%%,*}"
        value="${item#*,}"
        if [[ $type == file ]]; then
            compopt -o default 2>/dev/null
        elif [[ $type == plain ]]; then
            [[ $value == */ || $value == *= ]] && compopt -o nospace 2>/dev/null
            [[ -n $cut && $value == "$cut"* ]] && value="${value#"$cut"}"
            [[ $quote == [\"\'] ]] || printf -v value '%%q' "$value"
            COMPREPLY+=("$value")
        fi
    done
}

complete -F %(complete_func)s %(prog_name)s
"""

_FISH: Final = r"""function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \
        COMP_CWORD=(commandline -t) %(prog_name)s 2>/dev/null)
    for item in $response
        set -l parts (string split --max 1 "," -- $item)
        if test "$parts[1]" = file
            __fish_complete_path (commandline -ct)
        else if test "$parts[1]" = plain
            echo -- $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Bash(BashComplete):
    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Skip click's check: the script works from Bash 4, and the caller may use another Bash."""


class _Fish(FishComplete):
    source_template = _FISH


SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": _Bash,
    "zsh": ZshComplete,
    "fish": _Fish,
}
