// Package command is what the commands of the command line have in common: how
// they are described, found, parsed, completed and explained, and how they end.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
)

// Command is one of what can be done. It has either verbs or New.
type Command struct {
	Name  string
	Args  string // what follows the flags, as "TENANT ID"
	Short string // one line for lists
	Long  string // what help says besides
	// Examples are lines as they are typed after the name of the program.
	Examples []string
	// JSON is an example of what -json prints. Its names and kinds of values are
	// a promise.
	JSON  string
	Group string // heading in the list of commands
	Verbs []*Command
	// New adds the flags of the command and returns what it does.
	New func(*Env, *flag.FlagSet) Action
}

// Action is what a command does once its flags are parsed.
type Action struct {
	// Run gets the arguments that are no flags.
	Run func(ctx context.Context, args []string) error
	// Complete lists what the value of a flag can be or, if name is "", the
	// argument after args. It may be nil, and list more than fits. [Files] and
	// [Directories] stand for those.
	Complete func(ctx context.Context, name string, args []string) []string
}

// Env is what commands work with.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Out, Err       terminal.Screen // what the two are written to
	Lookup         func(string) (string, bool)
	Now            func() time.Time
}

// Get returns an environment variable, "" if it is not set.
func (e *Env) Get(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// JSONFlag adds the flag that all commands have that print data.
func JSONFlag(flags *flag.FlagSet) *bool {
	return flags.Bool("json", false, "print JSON")
}

// JSON prints a value.
func (e *Env) JSON(v any) error {
	enc := json.NewEncoder(e.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// usageError is of a command line that cannot be meant.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Usage marks an error as one of the command line: nothing was done.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// Usagef makes an error of the command line.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// exitCode is that of an error.
func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitFailed
}

// NoArgs refuses arguments that a command does not take.
func NoArgs(args []string) error {
	if len(args) > 0 {
		return Usagef("%q is not a flag, and nothing else is expected", args[0])
	}
	return nil
}
