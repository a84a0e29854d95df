package e2e

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scenario is the state of a script.
type scenario struct {
	dir    string    // where the script's files are
	now    time.Time // the present; whole milliseconds
	server *server   // nil while none runs
}

type scenarioKey struct{}

func newScenario(dir string) *scenario {
	return &scenario{dir: dir, now: time.Now().Truncate(time.Millisecond)}
}

// end kills the host that a script has left running.
func (s *scenario) end() {
	if s.server != nil {
		s.server.kill()
	}
}

// call is one command of a script.
type call struct {
	*scenario
	ts    *testscript.TestScript
	neg   bool // the command has a "!"
	flags *flag.FlagSet
	args  []string // without flags, once parsed
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*call){
		"serve": (*call).serve, "shutdown": (*call).shutdown, "crash": (*call).crash,
		"push": (*call).push, "ingest": (*call).ingest, "raw": (*call).raw, "flood": (*call).flood,
		"query": (*call).query, "diff": (*call).diff, "points": (*call).points,
		"types": (*call).types, "labels": (*call).labels, "series": (*call).series,
		"token": (*call).token, "http": (*call).http, "fill": (*call).fill,
	}
	cmds := make(map[string]func(*testscript.TestScript, bool, []string))
	for name, run := range all {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			flags := flag.NewFlagSet(name, flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			run(&call{scenario: ts.Value(scenarioKey{}).(*scenario), ts: ts, neg: neg, flags: flags, args: args})
		}
	}
	return cmds
}

// parse parses the flags; at least least arguments must remain.
func (c *call) parse(least int) {
	c.ts.Check(c.flags.Parse(c.args))
	c.args = c.flags.Args()
	if len(c.args) < least {
		c.ts.Fatalf("usage: see the comment of package e2e")
	}
}

// at adds a flag for a time relative to the present.
func (c *call) at(name string, offset time.Duration) *time.Time {
	t := c.now.Add(offset)
	c.flags.Func(name, "", func(value string) error {
		d, err := time.ParseDuration(value)
		t = c.now.Add(d)
		return err
	})
	return &t
}

// url is where the running host is.
func (c *call) url() string {
	if c.server == nil {
		c.ts.Fatalf("no host is running")
	}
	return c.server.url
}

// file returns the content of a file of the script or a full path.
func (c *call) file(name string) []byte {
	b, err := os.ReadFile(c.ts.MkAbs(name))
	c.ts.Check(err)
	return b
}

// fill makes a file of zeros.
func (c *call) fill() {
	c.parse(2)
	size, err := strconv.Atoi(c.args[1])
	c.ts.Check(err)
	c.ts.Check(os.WriteFile(c.ts.MkAbs(c.args[0]), make([]byte, size), 0o644))
}

func (s *scenario) path(name string) string { return filepath.Join(s.dir, name) }

// lines splits text into its lines, without empty ones at the end.
func lines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
