package web

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	// So that a change to what is built makes this test run again.
	_ "github.com/pyrocumulus/pyrocumulus/shared/webui"
)

var update = flag.Bool("update", false, "build the page anew, and take its screenshots")

const (
	app  = "../../shared/webui/app"
	dist = "../../shared/webui/dist"
)

// run runs a program in a directory and returns what it says.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// install gets what the lock file of a directory lists, if it has changed.
func install(t *testing.T, dir string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	require.NoError(t, err)
	done := filepath.Join(dir, "node_modules", ".installed")
	if have, err := os.ReadFile(done); err == nil && string(have) == string(want) {
		return
	}
	run(t, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	require.NoError(t, os.WriteFile(done, want, 0o644))
}

// files returns the contents of a directory by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(body)
		return err
	}))
	return all
}

func TestThePageIsBuiltFromItsSources(t *testing.T) {
	install(t, app)
	for _, dir := range []string{"src", "test"} { // for the cache of test results
		files(t, filepath.Join(app, dir))
	}
	run(t, app, "node", "node_modules/typescript/bin/tsc", "--noEmit")
	out := filepath.Join(t.TempDir(), "dist")
	run(t, app, "node", "build.mjs", out)
	if *update {
		run(t, app, "node", "build.mjs", "../dist")
	}
	built, committed := files(t, out), files(t, dist)
	require.Contains(t, built, "index.html")
	for name, body := range built {
		require.Equal(t, len(body), len(committed[name]), "%s is not what the sources give: run make web", name)
		require.True(t, body == committed[name], "%s is not what the sources give: run make web", name)
	}
	require.Len(t, committed, len(built), "there are files in dist that the sources do not give: run make web")
}

func TestThePagesParts(t *testing.T) {
	install(t, app)
	files(t, filepath.Join(app, "src"))
	files(t, filepath.Join(app, "test"))
	t.Log(run(t, app, "node", "test/run.mjs"))
}
