// Command pyrocumulus is the command line: it pushes profiles, and shows those
// that are stored as a text flame graph, a table, a pprof or a comparison.
//
// Usage: go run ./scripts/pyrocumulus <command> [flags], see `help`
//
// The commands of the operator (tokens, limits, cost, reindex, ...) are programs
// of their own beside it, which it starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// Environment variables. The token is no flag, so that the list of processes
// does not show it.
const (
	urlVariable   = "PYROCUMULUS_URL"
	tokenVariable = "PYROCUMULUS_TOKEN"
)

const defaultURL = "http://127.0.0.1:4040"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := &cli{stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, now: time.Now}
	err := c.run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "pyrocumulus:", err)
		os.Exit(1)
	}
}

// cli is the command line and what it works with.
type cli struct {
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
	now            func() time.Time
}

// command is one of what can be done.
type command struct {
	name, args, meaning string
	run                 func(*cli, context.Context, *flag.FlagSet, []string) error
}

func commands() []command {
	return []command{
		{"push", "FILE...", "send profiles: pprof files, or folded stacks with -format folded", (*cli).push},
		{"services", "", "list the services and their profile types", (*cli).services},
		{"labels", "[NAME]", "list label names, or the values of one", (*cli).labels},
		{"flame", "", "show a flame graph as text", (*cli).flame},
		{"top", "", "show the functions that take most", (*cli).top},
		{"pprof", "-o FILE", "write the merged profile as a pprof, for go tool pprof", (*cli).pprof},
		{"diff", "", "compare two ranges of time, or two label sets, by function", (*cli).diff},
		{"completion", "bash|zsh|fish", "print the completion of a shell", (*cli).completion},
	}
}

// operators are the programs beside this one, and what they do.
func operators() [][2]string {
	return [][2]string{
		{"tokens", "create, list, rotate and revoke tokens"},
		{"limits", "show and change the limits of tenants"},
		{"cost", "compute the bill of a month"},
		{"inspect", "show what a block holds"},
		{"verify", "check the index against the bucket"},
		{"reindex", "rebuild the index from the bucket"},
		{"redrive", "move dead letters back to the queue"},
		{"sections", "write the stored profiles as Parquet files for SQL"},
	}
}

func (c *cli) run(ctx context.Context, args []string) error {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		c.usage()
		if len(args) == 0 {
			return flag.ErrHelp
		}
		return nil
	}
	name, rest := args[0], args[1:]
	for _, cmd := range commands() {
		if cmd.name == name {
			flags := flag.NewFlagSet(name, flag.ContinueOnError)
			flags.SetOutput(c.stderr)
			flags.Usage = func() {
				fmt.Fprintf(c.stderr, "pyrocumulus %s %s: %s\n\n", name, cmd.args, cmd.meaning)
				flags.PrintDefaults()
			}
			return cmd.run(c, ctx, flags, rest)
		}
	}
	for _, o := range operators() {
		if o[0] == name {
			return c.start(ctx, name, rest)
		}
	}
	return fmt.Errorf("there is no command %q; see `help`", name)
}

func (c *cli) usage() {
	var b strings.Builder
	fmt.Fprintf(&b, "pyrocumulus <command> [flags]\n\nProfiles, over HTTP (-url or %s; %s for the token):\n", urlVariable, tokenVariable)
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-11s %s\n", cmd.name, cmd.meaning)
	}
	b.WriteString("\nThe store, from a checkout of the source:\n")
	for _, o := range operators() {
		fmt.Fprintf(&b, "  %-11s %s\n", o[0], o[1])
	}
	b.WriteString("\npyrocumulus <command> -h lists the flags of a command.\n")
	fmt.Fprint(c.stdout, b.String())
}
