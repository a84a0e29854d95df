package command

import (
	"fmt"
	"strings"
)

func shells() []string { return []string{"bash", "zsh", "fish"} }

// completion prints the script that makes a shell ask for candidates.
func (p *Program) completion(env *Env, args []string) error {
	if len(args) == 1 && isHelp(args[0]) {
		fmt.Fprint(env.Stdout, completionHelp(p.Name))
		return nil
	}
	if len(args) != 1 {
		return Usagef("name one shell: bash, zsh or fish")
	}
	script := map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[args[0]]
	if script == "" {
		return Usagef("shell %q: want bash, zsh or fish", args[0])
	}
	_, err := fmt.Fprint(env.Stdout, strings.ReplaceAll(script, "PROGRAM", p.Name))
	return err
}

func completionHelp(name string) string {
	return strings.ReplaceAll(`PROGRAM completion bash|zsh|fish: print the completion of a shell

Completed are commands, verbs, flags, files, and what the server knows: services,
profile types and labels. The program must be called PROGRAM and lie in the PATH,
which go install sees to.

Examples:
  source <(PROGRAM completion bash)                                    # in ~/.bashrc
  PROGRAM completion zsh > "${fpath[1]}/_PROGRAM"                      # then a new shell
  PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish
`, "PROGRAM", name)
}

// Bash splits words at : and =, which are in profile types and after flags, so
// they are put together again; what it will not replace is taken off the
// candidates.
const bashScript = `# bash completion of PROGRAM
_PROGRAM() {
  local rest=${COMP_LINE:0:COMP_POINT} words=() i word
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then word=${rest#"${rest%%[![:space:]]*}"}; fi
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then words+=("$word"); else words[${#words[@]}-1]+=$word; fi
    rest=${rest#"${rest%%[![:space:]]*}"}
    rest=${rest#"$word"}
  done
  local last=${words[${#words[@]}-1]} kept= line files=
  case $last in
    *[:=]*) kept=${last%"${last##*[:=]}"} ;;
  esac
  COMPREPLY=()
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    case $line in
      :files) files=-f ;;
      :directories) files=-d ;;
      *) printf -v line %q "${line#"$kept"}"; COMPREPLY+=("$line") ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  if [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$files" -- "${last#"$kept"}")
  fi
}
complete -F _PROGRAM PROGRAM
`

const zshScript = `#compdef PROGRAM
# zsh completion of PROGRAM
_PROGRAM() {
  local line text files= after=' '
  local -a texts shown
  while IFS= read -r line; do
    case $line in
      :files) files=files ;;
      :directories) files=directories ;;
      *)
        text=${line%%$'\t'*}
        if [[ $text == *= ]]; then after=; fi
        texts+=("$text")
        if [[ $line == *$'\t'* ]]; then shown+=("$text  -- ${line#*$'\t'}"); else shown+=("$text"); fi
        ;;
    esac
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
  (( ${#texts} )) && compadd -S "$after" -l -d shown -a texts
  case $files in
    files) compset -P '-*='; _files ;;
    directories) compset -P '-*='; _files -/ ;;
  esac
}
if [[ $funcstack[1] == _PROGRAM ]]; then _PROGRAM "$@"; else compdef _PROGRAM PROGRAM; fi
`

const fishScript = `# fish completion of PROGRAM
function __PROGRAM_complete
  set -l words (commandline -opc)
  set -l last (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] "$last" 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path $last
      case :directories
        __fish_complete_directories $last
      case '*'
        echo $line
    end
  end
end
complete -c PROGRAM -f -a '(__PROGRAM_complete)'
`
