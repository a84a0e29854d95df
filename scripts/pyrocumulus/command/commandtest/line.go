// Package commandtest runs commands in tests, as a command line does.
package commandtest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// Line runs a command. Its fields may be changed between two runs.
type Line struct {
	T      *testing.T
	Cmd    *command.Command
	Before []string          // flags that follow the names of the command
	Env    map[string]string // environment variables
	Now    func() time.Time
	Stdin  string
	Code   int // of the last run
}

// New returns a line of a command.
func New(t *testing.T, cmd *command.Command, before ...string) *Line {
	return &Line{T: t, Cmd: cmd, Before: before, Now: time.Now}
}

// Try runs the command with what follows its name. The error has what was
// written to the standard error stream.
func (l *Line) Try(args ...string) (stdout string, err error) {
	var out, errs bytes.Buffer
	env := &command.Env{
		Stdin: strings.NewReader(l.Stdin), Stdout: &out, Stderr: &errs, Now: l.Now,
		Lookup: func(name string) (string, bool) { value, ok := l.Env[name]; return value, ok },
	}
	names := []string{l.Cmd.Name}
	if len(l.Cmd.Verbs) > 0 && len(args) > 0 {
		names, args = append(names, args[0]), args[1:]
	}
	if len(l.Cmd.Verbs) == 0 || len(names) > 1 {
		names = append(names, l.Before...)
	}
	p := &command.Program{Name: "pyrocumulus", Commands: []*command.Command{l.Cmd}}
	if l.Code = p.Main(l.T.Context(), env, append(names, args...)); l.Code != 0 {
		err = errors.New(errs.String())
	}
	return out.String(), err
}

// Run is Try for what must not fail.
func (l *Line) Run(args ...string) string {
	l.T.Helper()
	out, err := l.Try(args...)
	if err != nil {
		l.T.Fatalf("%v: %v", args, err)
	}
	return out
}
