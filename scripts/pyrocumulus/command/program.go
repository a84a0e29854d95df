package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Program is all commands.
type Program struct {
	Name     string
	About    string // a sentence or two for help
	Commands []*Command
}

// Main runs a command line, tells what went wrong, and returns the exit code.
func (p *Program) Main(ctx context.Context, env *Env, args []string) int {
	where, err := p.run(ctx, env, args)
	code := exitCode(err)
	if err == nil {
		return code
	}
	name := strings.Join(append([]string{p.Name}, where...), " ")
	if ctx.Err() != nil {
		fmt.Fprintf(env.Stderr, "%s: stopped (%v)\n", name, err)
		return exitFailed
	}
	fmt.Fprintf(env.Stderr, "%s: %v\n", name, err)
	if code == exitUsage {
		fmt.Fprintf(env.Stderr, "See: %s\n", strings.Join(append([]string{p.Name, "help"}, where...), " "))
	}
	return code
}

// run returns the names of the command as far as there is one.
func (p *Program) run(ctx context.Context, env *Env, args []string) (where []string, err error) {
	if len(args) == 0 {
		p.list(env.Stderr)
		return nil, Usagef("say what to do")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return nil, p.help(env, args[1:])
	case "completion":
		return args[:1], p.completion(env, args[1:])
	case completeName:
		return args[:1], p.printCandidates(ctx, env, args[1:])
	}
	cmd, where, rest, err := p.find(args)
	if err != nil {
		return where, err
	}
	if len(rest) > 0 && cmd.New == nil && isHelp(rest[0]) {
		p.describe(env, cmd, where)
		return where, nil
	}
	action, plain, err := prepare(env, cmd, rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.describe(env, cmd, where)
		return where, nil
	case err != nil:
		return where, err
	}
	return where, action.Run(ctx, plain)
}

// prepare parses the flags of a command and returns the arguments that are none.
func prepare(env *Env, cmd *Command, args []string) (action Action, plain []string, err error) {
	if cmd.New == nil {
		return action, nil, Usagef("say %s first", alternatives(cmd.Verbs))
	}
	flags, action := flagsOf(env, cmd)
	given, plain, _ := arrange(flags, args)
	if err := flags.Parse(given); err != nil {
		return action, nil, Usage(explainFlag(flags, err))
	}
	return action, plain, nil
}

// Check says what is wrong with a command line as far as that can be said
// without running it: a command, a verb or a flag that there is not.
func (p *Program) Check(env *Env, args []string) error {
	if len(args) > 0 && (args[0] == "completion" || isHelp(args[0])) {
		return nil
	}
	cmd, _, rest, err := p.find(args)
	if err != nil {
		return err
	}
	switch {
	case cmd == nil:
		return Usagef("say what to do")
	case cmd.New == nil && len(rest) > 0 && isHelp(rest[0]):
		return nil
	}
	if _, _, err = prepare(env, cmd, rest); errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return err
}

func isHelp(arg string) bool { return slices.Contains([]string{"-h", "-help", "--help", "help"}, arg) }

// newFlags makes a set of flags that prints nothing by itself.
func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return flags
}

// find returns the command that arguments begin with, its names, and what
// follows them.
func (p *Program) find(args []string) (cmd *Command, where, rest []string, err error) {
	choices, what := p.Commands, "command"
	for len(args) > 0 {
		if cmd != nil && (len(cmd.Verbs) == 0 || strings.HasPrefix(args[0], "-") || args[0] == "help") {
			break
		}
		i := slices.IndexFunc(choices, func(c *Command) bool { return c.Name == args[0] })
		if i < 0 {
			return nil, where, nil, Usagef("there is no %s %q%s", what, args[0], p.hint(args[0], choices))
		}
		cmd, where, args = choices[i], append(where, args[0]), args[1:]
		choices, what = cmd.Verbs, "verb"
	}
	return cmd, where, args, nil
}

// hint names the command that was likely meant.
func (p *Program) hint(word string, choices []*Command) string {
	var names []string
	for _, c := range choices {
		names = append(names, c.Name)
	}
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("; is it %q?", near)
	}
	if len(choices) > 0 && len(choices) < 6 {
		return ": say " + alternatives(choices)
	}
	return ""
}

// alternatives lists names as "create, list or revoke".
func alternatives(choices []*Command) string {
	var b strings.Builder
	for i, c := range choices {
		switch {
		case i == 0:
		case i == len(choices)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(c.Name)
	}
	return b.String()
}
