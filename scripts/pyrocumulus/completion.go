package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
)

// completion prints a script that completes the commands. It is for whoever has
// built the program: go build -o pyrocumulus ./scripts/pyrocumulus.
func (c *cli) completion(_ context.Context, flags *flag.FlagSet, args []string) error {
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	var names []string
	for _, cmd := range commands() {
		names = append(names, cmd.name)
	}
	for _, o := range operators() {
		names = append(names, o[0])
	}
	words := strings.Join(names, " ")
	switch shell := flags.Arg(0); shell {
	case "bash":
		fmt.Fprintf(c.stdout, "_pyrocumulus() {\n  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W '%s' -- \"${COMP_WORDS[1]}\")); else COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")); fi\n}\ncomplete -F _pyrocumulus pyrocumulus\n", words)
	case "zsh":
		fmt.Fprintf(c.stdout, "#compdef pyrocumulus\n_pyrocumulus() { if (( CURRENT == 2 )); then compadd %s; else _files; fi }\ncompdef _pyrocumulus pyrocumulus\n", words)
	case "fish":
		fmt.Fprintf(c.stdout, "complete -c pyrocumulus -n __fish_use_subcommand -f -a '%s'\n", words)
	default:
		return fmt.Errorf("shell %q: want bash, zsh or fish", shell)
	}
	return nil
}
