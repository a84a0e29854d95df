package command

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"
)

// completeName is the command that shells ask for candidates. Its arguments are
// the words of the command line after the program, the last one as far as it is
// typed.
const completeName = "__complete"

// What [Action.Complete] lists for any file, and for any directory.
const (
	Files       = ":files"
	Directories = ":directories"
)

// patience is how long a shell waits for values that a server knows.
const patience = 3 * time.Second

// candidate is what a word can become, and what that means.
type candidate struct{ text, meaning string }

// printCandidates prints a candidate a line, a tab before its meaning.
func (p *Program) printCandidates(ctx context.Context, env *Env, words []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	for _, c := range p.candidates(ctx, env, words[:len(words)-1], last) {
		switch {
		case c.text == Files || c.text == Directories:
			fmt.Fprintln(env.Stdout, c.text)
		case !strings.HasPrefix(c.text, last) || strings.ContainsAny(c.text, "\n\t"):
		case c.meaning == "":
			fmt.Fprintln(env.Stdout, c.text)
		default:
			fmt.Fprintf(env.Stdout, "%s\t%s\n", c.text, c.meaning)
		}
	}
	return nil
}

// candidates lists what can follow words, of which last is the beginning.
func (p *Program) candidates(ctx context.Context, env *Env, words []string, last string) []candidate {
	if len(words) > 0 && words[0] == "completion" {
		return texts(shells())
	}
	ofHelp := len(words) > 0 && words[0] == "help"
	if ofHelp {
		words = words[1:]
	}
	if len(words) == 0 {
		return named(p.Commands, candidate{"completion", "print the completion of a shell"}, candidate{"help", "explain a command"})
	}
	cmd, _, rest, err := p.find(words)
	switch {
	case err != nil:
		return nil
	case cmd.New == nil && len(rest) == 0:
		return named(cmd.Verbs)
	case cmd.New == nil || ofHelp:
		return nil
	}
	flags, action := flagsOf(env, cmd)
	given, plain, pending := arrange(flags, rest)
	_ = flags.Parse(given) // as far as it can be meant
	if name, value, ok := strings.Cut(flagName(last), "="); ok && pending == "" && strings.HasPrefix(last, "-") && flags.Lookup(name) != nil {
		dashes := strings.TrimSuffix(last, value)
		found := values(ctx, action, flags.Lookup(name), plain)
		for i := range found {
			if found[i].text != Files && found[i].text != Directories {
				found[i].text = dashes + found[i].text
			}
		}
		return found
	}
	switch {
	case pending != "":
		return values(ctx, action, flags.Lookup(pending), plain)
	case strings.HasPrefix(last, "-"):
		return flagNames(flags, last)
	case action.Complete != nil:
		return texts(action.Complete(ctx, "", plain))
	}
	return nil
}

func named(all []*Command, more ...candidate) []candidate {
	var out []candidate
	for _, c := range all {
		out = append(out, candidate{c.Name, c.Short})
	}
	return append(out, more...)
}

func texts(all []string) []candidate {
	var out []candidate
	for _, text := range all {
		out = append(out, candidate{text: text})
	}
	return out
}

// flagNames lists the flags of a set with as many dashes as were typed.
func flagNames(flags *flag.FlagSet, last string) (out []candidate) {
	dashes := "-"
	if strings.HasPrefix(last, "--") {
		dashes = "--"
	}
	flags.VisitAll(func(f *flag.Flag) {
		_, meaning := flag.UnquoteUsage(f)
		meaning, _, _ = strings.Cut(meaning, "\n")
		out = append(out, candidate{dashes + f.Name, meaning})
	})
	return out
}

// values lists what the value of a flag can be: what the command says, else
// files if its usage calls the value one.
func values(ctx context.Context, action Action, f *flag.Flag, plain []string) []candidate {
	if action.Complete != nil {
		if found := action.Complete(ctx, f.Name, plain); len(found) > 0 {
			return texts(found)
		}
	}
	switch name, _ := flag.UnquoteUsage(f); name {
	case "file":
		return texts([]string{Files})
	case "directory":
		return texts([]string{Directories})
	}
	return nil
}
