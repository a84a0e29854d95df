// Command pyrocumulus is the command line: it pushes and shows profiles, makes
// tokens, sets limits and retention, and looks after what is stored.
//
// Usage: go run ./scripts/pyrocumulus <command> [flags], see `help`
//
// Each command is a package below this one; package command is what they have in
// common.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/cost"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/inspect"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/limits"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/list"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/push"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/redrive"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/reindex"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/retention"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/sections"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/show"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/tokens"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/verify"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	env := &command.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Out: terminal.Of(os.Stdout, os.LookupEnv), Err: terminal.Of(os.Stderr, os.LookupEnv),
		Lookup: os.LookupEnv, Now: time.Now,
	}
	code := program().Main(ctx, env, os.Args[1:])
	stop()
	os.Exit(code)
}

func program() *command.Program {
	const (
		profiles = "Profiles, over HTTP (-url or PYROCUMULUS_URL; PYROCUMULUS_TOKEN is the token)"
		tenants  = "Tenants (-data, or -table on AWS)"
		store    = "What is stored (-data, or -aws)"
		others   = "Others"
	)
	group := func(name string, all ...*command.Command) []*command.Command {
		for _, c := range all {
			c.Group = name
		}
		return all
	}
	p := &command.Program{Name: "pyrocumulus", About: "Pushes profiles to Pyrocumulus, shows them, and looks after what is stored."}
	p.Commands = append(p.Commands, group(profiles, push.Command(), list.Services(), list.Labels(), show.Flame(), show.Top(), show.Diff(), show.Pprof())...)
	p.Commands = append(p.Commands, group(tenants, tokens.Command(), limits.Command(), retention.Command())...)
	p.Commands = append(p.Commands, group(store, inspect.Command(), verify.Command(), reindex.Command(), sections.Command(), redrive.Command())...)
	p.Commands = append(p.Commands, group(others, cost.Command(), version.Command())...)
	return p
}
