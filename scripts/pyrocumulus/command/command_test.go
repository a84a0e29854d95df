package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a program with one command that has verbs and one that has none.
func sample(ran *[]string) *Program {
	act := func(name string) func(*Env, *flag.FlagSet) Action {
		return func(env *Env, flags *flag.FlagSet) Action {
			n := flags.Int("n", 1, "`number`")
			deep := flags.Bool("deep", false, "more")
			return Action{Run: func(ctx context.Context, args []string) error {
				*ran = append([]string{name}, args...)
				switch {
				case *n == 7:
					return errors.New("seven fails")
				case *deep:
					return env.JSON(map[string]any{"n": *n, "text": "<&>"})
				}
				return nil
			}}
		}
	}
	return &Program{Name: "p", About: "It is a sample.", Commands: []*Command{
		{Name: "show", Args: "[X]", Short: "shows", Long: "Long.", Examples: []string{"show x"}, JSON: "{}", Group: "One", New: act("show")},
		{Name: "things", Short: "manages", Group: "Two", Verbs: []*Command{
			{Name: "make", Args: "X", Short: "makes", New: act("make")}, {Name: "break", Short: "breaks", New: act("break")},
		}},
	}}
}

func run(args string) (ran []string, code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	env := &Env{Stdout: &out, Stderr: &errs, Lookup: func(string) (string, bool) { return "", false }}
	code = sample(&ran).Main(context.Background(), env, strings.Fields(args))
	return ran, code, out.String(), errs.String()
}

func TestFlagsMayStandAnywhere(t *testing.T) {
	for args, want := range map[string]string{
		"show": "show", "show a -n 2 b": "show a b", "show -n=2 a --deep b": "show a b", "show -deep a": "show a",
		"show -n 2 -- -deep a": "show -deep a", "show - a": "show - a", "things make -n 3 x": "make x", "things make x -deep": "make x",
	} {
		ran, code, _, stderr := run(args)
		require.Zero(t, code, stderr)
		require.Equal(t, want, strings.Join(ran, " "), args)
	}
	_, _, stdout, _ := run("show -n 2 -deep")
	require.JSONEq(t, `{"n": 2, "text": "<&>"}`, stdout)
	require.Contains(t, stdout, "<&>")
}

func TestWhatGoesWrong(t *testing.T) {
	for args, c := range map[string]struct {
		code int
		text string
	}{
		"":                 {2, "p: say what to do\nSee: p help\n"},
		"shwo":             {2, "p: there is no command \"shwo\"; is it \"show\"?\n"},
		"x":                {2, "there is no command \"x\": say show or things\n"},
		"things":           {2, "p things: say make or break first\nSee: p help things\n"},
		"things -n 1 make": {2, "say make or break first"},
		"things brek":      {2, "there is no verb \"brek\"; is it \"break\"?"},
		"show -n x":        {2, "p show: invalid value \"x\" for flag -n"},
		"show -n":          {2, "flag needs an argument: -n"},
		"show -m 1":        {2, "there is no flag -m\n"},
		"show -dep":        {2, "there is no flag -dep; is it -deep?"},
		"show -n 7":        {1, "p show: seven fails\n"},
		"help shwo":        {2, "is it \"show\"?"},
		"help show x":      {2, "show has no part \"x\""},
	} {
		_, code, _, stderr := run(args)
		require.Equal(t, c.code, code, args)
		require.Contains(t, stderr, c.text, args)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var errs bytes.Buffer
	require.Equal(t, 1, sample(&[]string{}).Main(ctx, &Env{Stderr: &errs}, []string{"show", "-n", "7"}))
	require.Contains(t, errs.String(), "p show: stopped")
}

func TestHelp(t *testing.T) {
	_, code, list, _ := run("help")
	require.Zero(t, code)
	require.Regexp(t, `(?s)It is a sample.*One:\n  show +shows\n\nTwo:\n  things +manages`, list)
	_, _, show, _ := run("help show")
	for _, want := range []string{"p show [flags] [X]: shows\n\nLong.\n", "  -n number", "Examples:\n  p show x\n", "With -json it prints"} {
		require.Contains(t, show, want)
	}
	for _, same := range []string{"show -h", "show -help", "show x --help"} {
		ran, code, text, _ := run(same)
		require.Empty(t, ran)
		require.Zero(t, code)
		require.Equal(t, show, text)
	}
	for _, same := range []string{"help things", "things -h", "things help"} {
		_, code, text, _ := run(same)
		require.Zero(t, code)
		require.Regexp(t, `(?s)^p things <verb>: manages\n\n  make X +makes\n  break +breaks`, text)
	}
}

func TestCheckRunsNothing(t *testing.T) {
	var ran []string
	p := sample(&ran)
	for args, ok := range map[string]bool{
		"show -n 2 x": true, "things make x": true, "help": true, "show -h": true, "completion bash": true, "things -h": true,
		"shwo": false, "things": false, "show -m": false, "": false,
	} {
		require.Equal(t, ok, p.Check(&Env{}, strings.Fields(args)) == nil, args)
	}
	require.Empty(t, ran)
}
