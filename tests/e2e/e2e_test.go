package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	// The host runs as a process. It is imported so that a change to anything
	// in it makes these tests run again instead of passing from the cache.
	_ "github.com/pyrocumulus/pyrocumulus/functions/local/host"
)

// hostSource is what the import above does not cover.
const hostSource = "../../functions/local"

var update = flag.Bool("update", false, "write what scripts compare with cmp anew")

// binary is the built host; TestMain sets it.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := runManyAtOnce(); err != nil {
		fail(err)
	}
	dir, err := os.MkdirTemp("", "pyrocumulus-e2e-")
	if err != nil {
		fail(err)
	}
	binary = filepath.Join(dir, "pyrocumulus")
	if _, err := os.ReadFile(filepath.Join(hostSource, "main.go")); err != nil { // for the cache, as above
		fail(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, hostSource).CombinedOutput(); err != nil {
		fail(fmt.Errorf("build the host: %w\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// runManyAtOnce lets eight scripts run at once, unless the command line says
// otherwise: they wait more than they compute.
func runManyAtOnce() error {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return nil
	}
	return flag.Set("test.parallel", "8")
}

func TestScripts(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Abs("../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds:                commands(),
		Setup: func(env *testscript.Env) error {
			s := newScenario(env.WorkDir)
			env.Defer(s.end)
			env.Values[scenarioKey{}] = s
			env.Setenv("FIXTURES", fixtures)
			return nil
		},
	})
}
