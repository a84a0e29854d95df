package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/tests/documents"
)

// strangerLimit is for a browser that hangs. What it waits for takes two minutes.
const strangerLimit = 6 * time.Minute

// twoKinds is a program of a stranger: it does one thing for longer than two
// uploads of the SDK, then another, and ends with its standard input.
const twoKinds = `package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

var sink float64

//go:noinline
func spell(n int) {
	for i := range n {
		sink += float64(i)
	}
}

//go:noinline
func brew(n int) {
	for i := range n {
		sink -= float64(i)
	}
}

func main() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for begin := time.Now(); time.Since(begin) < 40*time.Second; {
		spell(1e6)
	}
	fmt.Println("brew")
	for {
		brew(1e6)
	}
}
`

// A stranger who reads nothing but the README: a clean clone, `make run`, the
// host's own flame graph, a program with the README's snippet, and two ranges of
// its time compared. firstminutes.mjs is what is done in the browser.
func TestTheFirstFiveMinutes(t *testing.T) {
	installBrowser(t)
	t.Parallel()
	script, err := os.ReadFile("browser/firstminutes.mjs") // for the cache of test results
	require.NoError(t, err)
	require.NotEmpty(t, script)
	clone := t.TempDir()
	require.NoError(t, documents.Clone("../..", clone))
	readme, err := os.ReadFile(filepath.Join(clone, "README.md"))
	require.NoError(t, err)
	program := buildFromSnippet(t, string(readme))
	server, err := documents.Shell{Dir: clone}.Serve(t.Context(), only(t, string(readme), runs)[0]+" ARGS=-listen=127.0.0.1:0")
	require.NoError(t, err)
	defer server.Stop()

	ctx, cancel := context.WithTimeout(t.Context(), strangerLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", "firstminutes.mjs")
	cmd.WaitDelay = time.Second
	cmd.Dir = "browser"
	cmd.Env = append(os.Environ(), "PAGE="+server.URL, "PROGRAM="+program)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

var (
	goSnippet = regexp.MustCompile("(?ms)^ *```go\n(.*?)^ *```$")
	goGet     = regexp.MustCompile("`(go get (\\S+))`")
	runs      = regexp.MustCompile("(?ms)^```sh\n(make run)\n```$")
)

// only is what the one match of a pattern has in brackets.
func only(t *testing.T, text string, pattern *regexp.Regexp) []string {
	t.Helper()
	all := pattern.FindAllStringSubmatch(text, -1)
	require.Len(t, all, 1, "places in README.md that match %s", pattern)
	return all[0][1:]
}

// buildFromSnippet builds a program in a module of its own, with the README's
// snippet as it is there.
func buildFromSnippet(t *testing.T, readme string) (program string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, body string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644))
	}
	write("main.go", twoKinds)
	write("profile.go", only(t, readme, goSnippet)[0])
	run(t, dir, "go", "mod", "init", "example.com/my-app")
	get := only(t, readme, goGet)
	require.Equal(t, "github.com/grafana/pyroscope-go", get[1])
	// The version that is tested elsewhere, so that a new one breaks nothing here.
	version := strings.TrimSpace(run(t, "../..", "go", "list", "-m", "-f", "{{.Version}}", get[1]))
	command := strings.Fields(get[0] + "@" + version)
	run(t, dir, command[0], command[1:]...)
	run(t, dir, "go", "build", "-o", "my-app", ".")
	return filepath.Join(dir, "my-app")
}
