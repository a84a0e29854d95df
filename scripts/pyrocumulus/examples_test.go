package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/inspect"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// built builds the program, as users do, and returns the directory that has it.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "pyrocumulus"), ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dir
}

// place is a directory in which the examples work: there are the files that
// they name, and the data directory of a host.
type place struct {
	t    *testing.T
	bin  string // the program
	dir  string
	env  []string
	done map[string]bool // commands of which an answer in JSON was seen
}

func newPlace(t *testing.T, bin, url string) *place {
	p := &place{t: t, bin: filepath.Join(bin, "pyrocumulus"), dir: t.TempDir(), done: make(map[string]bool)}
	p.env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PYROCUMULUS_URL="+url)
	for name, fixture := range map[string]string{
		"cpu.pprof": "cpu-shop_0.pb.gz", "profiles/a.pb.gz": "mem-shop_0.pb.gz", "profiles/b.pb.gz": "mutex-shop_0.pb.gz",
	} {
		body, err := fixtures.Profiles.ReadFile(fixture)
		require.NoError(t, err)
		write(t, filepath.Join(p.dir, name), string(body))
	}
	write(t, filepath.Join(p.dir, "stacks.folded"), "main;grow 12\n")
	write(t, filepath.Join(p.dir, "rules.json"), `[{"regex": "pod", "action": "labeldrop"}]`)
	return p
}

// sh runs a line in a shell.
func (p *place) sh(line string) (stdout string, err error) {
	cmd := exec.CommandContext(p.t.Context(), "sh", "-c", line)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Log(line, err, stderr.String())
	}
	return string(out), err
}

func (p *place) must(line string) string {
	p.t.Helper()
	out, err := p.sh(line)
	require.NoError(p.t, err, line)
	return out
}

// placeholder is in examples that only work with a deployment.
var placeholder = regexp.MustCompile(`\b(BUCKET|TABLE|NAME|URL)\b|-aws`)

// example runs an example as it is and, if that can be, once more for JSON. The
// ids in it become those of what there is.
func (p *place) example(name, example, shape string) {
	p.t.Helper()
	if placeholder.MatchString(example) {
		return
	}
	fresh := func() string {
		var token struct{ ID string }
		require.NoError(p.t, json.Unmarshal([]byte(p.must("pyrocumulus tokens create acme -json")), &token))
		line := strings.ReplaceAll(example, "0123456789ab", token.ID)
		if strings.Contains(line, "01J0") {
			var blocks []struct{ ID string }
			require.NoError(p.t, json.Unmarshal([]byte(p.must("pyrocumulus inspect -json")), &blocks))
			line = strings.ReplaceAll(line, "01J00000000000000000000001", blocks[0].ID)
		}
		return "pyrocumulus " + strings.ReplaceAll(line, "/tmp/blocks", filepath.Join(p.dir, "blocks"))
	}
	if line := fresh(); !strings.Contains(line, " | ") { // what follows is not of ours
		require.NotEmpty(p.t, p.must(line), line)
	}
	if shape == "" || strings.Contains(example, "-o -") {
		return
	}
	line := fresh()
	if !strings.Contains(line, "-json") {
		line = strings.Replace(line, "pyrocumulus "+name, "pyrocumulus "+name+" -json", 1)
	}
	require.NoError(p.t, commandtest.Shape(shape, p.must(line)), line)
	p.done[name] = true
}

// Everything in help works as it is, and -json prints what help says.
func TestExamplesWork(t *testing.T) {
	bin := built(t)
	data := filepath.Join(t.TempDir(), "data")
	url, stop := startHost(t, data)
	p := newPlace(t, bin, url)
	require.NoError(t, os.Symlink(data, filepath.Join(p.dir, ".pyrocumulus")))
	for _, version := range []string{"1", "2"} {
		p.must("pyrocumulus push -service shop -time now -label pod=pod-1 -label version=" + version + " cpu.pprof")
	}
	p.must("pyrocumulus push -service shop -time now profiles/a.pb.gz")
	require.Eventually(t, func() bool {
		out, err := p.sh("pyrocumulus services")
		return err == nil && strings.Contains(out, "alloc_space") && strings.Contains(out, "process_cpu:cpu")
	}, 20*time.Second, 50*time.Millisecond)

	var stopped []func() // examples of what wants the host not to run
	var names []string
	program().Visit(func(cmd *command.Command, where []string) {
		name := strings.Join(where, " ")
		names = append(names, name)
		require.NotEmpty(t, cmd.Examples, name)
		require.NotEmpty(t, cmd.Short, name)
		for _, example := range cmd.Examples {
			require.True(t, strings.HasPrefix(example, name), example)
			run := func() { p.example(name, example, cmd.JSON) }
			switch name {
			case "inspect", "verify", "reindex":
				stopped = append(stopped, run)
			default:
				run()
			}
		}
	})
	stop()
	for _, run := range stopped {
		run()
	}
	p.example("inspect", "inspect -all", inspect.Command().JSON)
	for _, name := range names {
		if name != "redrive" { // which is AWS's; its own test asks for JSON
			require.True(t, p.done[name], "%s has no -json that works", name)
		}
	}
}

func TestExitCodesOfTheProgram(t *testing.T) {
	p := newPlace(t, built(t), "http://127.0.0.1:1")
	code := func(line string) int {
		_, err := p.sh("pyrocumulus " + line)
		if err == nil {
			return 0
		}
		return err.(*exec.ExitError).ExitCode()
	}
	require.Equal(t, []int{0, 0, 0, 1, 2, 2}, []int{code("help"), code("help flame"), code("top -h"), code("services"), code("top -n"), code("")})
	require.Regexp(t, `^pyrocumulus \S+.*, go1\.\S+, \w+/\w+\n$`, p.must("pyrocumulus version"))
}
