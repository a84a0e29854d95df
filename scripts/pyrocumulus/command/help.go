package command

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// help explains the program, or the command that args name.
func (p *Program) help(env *Env, args []string) error {
	if len(args) == 0 {
		p.list(env.Stdout)
		return nil
	}
	switch args[0] {
	case "completion":
		fmt.Fprint(env.Stdout, completionHelp(p.Name))
		return nil
	case "help":
		p.list(env.Stdout)
		return nil
	}
	cmd, where, rest, err := p.find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return Usagef("%s has no part %q", strings.Join(where, " "), rest[0])
	}
	p.describe(env, cmd, where)
	return nil
}

// list prints all commands by group.
func (p *Program) list(w io.Writer) {
	fmt.Fprintf(w, "%s <command> [flags]\n\n%s\n", p.Name, p.About)
	group := ""
	for _, c := range p.Commands {
		if c.Group != group {
			group = c.Group
			fmt.Fprintf(w, "\n%s:\n", group)
		}
		fmt.Fprintf(w, "  %-11s %s\n", c.Name, c.Short)
	}
	fmt.Fprintf(w, `  %-11s print the completion of a shell: bash, zsh or fish
  %-11s explain a command

%[3]s help <command> has flags, examples and the form of -json. Exit codes: 0 if
all is well, 1 if something failed or was found to be wrong, 2 if the command line
cannot be meant.
`, "completion", "help", p.Name)
}

// describe prints what there is to say of a command.
func (p *Program) describe(env *Env, cmd *Command, where []string) {
	w := env.Stdout
	name := p.Name + " " + strings.Join(where, " ")
	if cmd.New == nil {
		fmt.Fprintf(w, "%s <verb>: %s\n\n", name, cmd.Short)
		for _, v := range cmd.Verbs {
			fmt.Fprintf(w, "  %-30s %s\n", strings.TrimSpace(v.Name+" "+v.Args), v.Short)
		}
	} else {
		fmt.Fprintf(w, "%s: %s\n", strings.TrimSpace(name+" [flags] "+cmd.Args), cmd.Short)
	}
	if cmd.Long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(cmd.Long))
	}
	if cmd.New != nil {
		flags, _ := flagsOf(env, cmd)
		fmt.Fprint(w, "\nFlags:\n")
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
	for i, example := range cmd.Examples {
		if i == 0 {
			fmt.Fprint(w, "\nExamples:\n")
		}
		fmt.Fprintf(w, "  %s %s\n", p.Name, example)
	}
	if cmd.JSON != "" {
		fmt.Fprintf(w, "\nWith -json it prints, for instance:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(cmd.JSON), "\n", "\n  "))
	}
	if cmd.New == nil {
		fmt.Fprintf(w, "\n%s help %s <verb> tells more.\n", p.Name, strings.Join(where, " "))
	}
}

// Visit calls f for each command without verbs.
func (p *Program) Visit(f func(cmd *Command, where []string)) {
	var below func(all []*Command, where []string)
	below = func(all []*Command, where []string) {
		for _, c := range all {
			path := append(where[:len(where):len(where)], c.Name)
			if c.New != nil {
				f(c, path)
			}
			below(c.Verbs, path)
		}
	}
	below(p.Commands, nil)
}

// flagsOf returns the flags of a command.
func flagsOf(env *Env, cmd *Command) (*flag.FlagSet, Action) {
	flags := newFlags(cmd.Name)
	return flags, cmd.New(env, flags)
}
