package web

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// buildLimit is for a host that does not say where it serves; it is built first.
	buildLimit = 5 * time.Minute
	// strangerLimit is for a browser that hangs. What it waits for takes two minutes.
	strangerLimit = 6 * time.Minute
)

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
	clone := cloneTree(t)
	readme, err := os.ReadFile(filepath.Join(clone, "README.md"))
	require.NoError(t, err)
	program := buildFromSnippet(t, string(readme))
	url := makeRun(t, clone, string(readme))

	ctx, cancel := context.WithTimeout(t.Context(), strangerLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", "firstminutes.mjs")
	cmd.WaitDelay = time.Second
	cmd.Dir = "browser"
	cmd.Env = append(os.Environ(), "PAGE="+url, "PROGRAM="+program)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// cloneTree copies what git has or would add, without what was built or fetched.
func cloneTree(t *testing.T) string {
	t.Helper()
	const root = "../.."
	clone := filepath.Join(t.TempDir(), "pyrocumulus")
	for name := range strings.SplitSeq(run(t, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if name == "" {
			continue
		}
		body, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) { // deleted, but not in git yet
			continue
		}
		require.NoError(t, err)
		info, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		to := filepath.Join(clone, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, body, info.Mode().Perm()))
	}
	return clone
}

var (
	goSnippet = regexp.MustCompile("(?ms)^ *```go\n(.*?)^ *```$")
	goGet     = regexp.MustCompile("`(go get (\\S+))`")
	runs      = regexp.MustCompile("(?ms)^```sh\n(make run)\n```$")
	servesOn  = regexp.MustCompile(`serves on (http://\S+),`)
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

// makeRun runs the README's command until the test ends and returns the address
// that it prints.
func makeRun(t *testing.T, clone, readme string) string {
	t.Helper()
	command := strings.Fields(only(t, readme, runs)[0] + " ARGS=-listen=127.0.0.1:0")
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = clone
	cmd.Env = withoutSettings()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make, go and the host
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	said := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if m := servesOn.FindStringSubmatch(lines.Text()); m != nil {
				said <- m[1]
			}
		}
		_ = cmd.Wait() // a group that was told to end says so
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // it may have ended
		<-ended
	})
	select {
	case url := <-said:
		return url
	case <-ended:
		t.Fatalf("%s ended: %s", command, complaints.String())
	case <-time.After(buildLimit):
		t.Fatalf("%s does not say where it serves", command)
	}
	return ""
}

// withoutSettings is the environment of somebody who has set nothing yet.
func withoutSettings() []string {
	var all []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PYROCUMULUS_") {
			all = append(all, v)
		}
	}
	return all
}
