package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/client"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/terminal"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// startHost runs a host on a data directory until stop is called.
func startHost(t *testing.T, data string) (url string, stop func()) {
	t.Helper()
	ready, stopped := make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		stopped <- host.Run(ctx, host.Config{
			Listen: "127.0.0.1:0", Data: data, FlushInterval: 100 * time.Millisecond,
			Lookup: func(string) (string, bool) { return "", false },
			Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
			Ready:  func(url string) { ready <- url },
		})
	}()
	done := false
	stop = func() {
		if !done {
			done = true
			cancel()
			require.NoError(t, <-stopped)
		}
	}
	t.Cleanup(stop)
	select {
	case url = <-ready:
	case err := <-stopped:
		done = true
		require.NoError(t, err)
	}
	return url, stop
}

// line runs command lines against a server.
type line struct {
	t      *testing.T
	url    string
	out    terminal.Screen
	code   int
	stderr string
}

func (l *line) try(args ...string) (stdout string, err error) {
	var out, errs bytes.Buffer
	env := &command.Env{Stdout: &out, Stderr: &errs, Out: l.out, Now: time.Now, Stdin: strings.NewReader("main;stdin 7\n")}
	env.Lookup = func(name string) (string, bool) { return l.url, name == client.URLVariable }
	l.code = program().Main(l.t.Context(), env, args)
	if l.stderr = errs.String(); l.code != 0 {
		err = errors.New(l.stderr)
	}
	return out.String(), err
}

func (l *line) run(args ...string) string {
	l.t.Helper()
	out, err := l.try(args...)
	require.NoError(l.t, err)
	return out
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

func TestProfilesComeBack(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	l := &line{t: t, url: url}
	dir := t.TempDir()
	before := write(t, filepath.Join(dir, "before.folded"), "main;work 60\nmain;rest 40\n")
	after := write(t, filepath.Join(dir, "after.folded"), "main;work 90\nmain;rest;main 10\n")
	require.Equal(t, before+": folded, 26 bytes\n", l.run("push", "-service", "shop", before, "-label", "version=1"))
	require.Empty(t, l.stderr)
	l.run("push", "-service", "shop", "-format", "folded", "-label", "version=2", after)
	require.Eventually(t, func() bool {
		out, err := l.try("labels", "version")
		return err == nil && out == "1\n2\n"
	}, 20*time.Second, 50*time.Millisecond)

	require.Equal(t, "shop\tprocess_cpu:cpu:nanoseconds:cpu:nanoseconds\n", l.run("services"))
	require.Contains(t, l.run("labels"), "version\n")

	flame := l.run("flame", "-service", "shop", "-query", `{version="1"}`)
	require.Contains(t, flame, "process_cpu:cpu:nanoseconds:cpu:nanoseconds, total 1 s")
	require.Regexp(t, `60\.0% █+░* +60\.0% .*work`, flame)
	var tree struct {
		Root struct {
			Total    int64
			Children []struct {
				Name     string
				Total    int64
				Children []struct{ Name string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(l.run("flame", "-json", "-query", `version="1"`)), &tree))
	require.EqualValues(t, 1e9, tree.Root.Children[0].Total)
	require.Equal(t, "work", tree.Root.Children[0].Children[0].Name, "the heaviest comes first")

	type function struct {
		Name        string
		Self, Total int64
	}
	var top struct {
		Total     int64
		Functions []function
	}
	require.NoError(t, json.Unmarshal([]byte(l.run("top", "-service", "shop", "-query", `version="2"`, "-json")), &top))
	require.Equal(t, []function{{"work", 9e8, 9e8}, {"main", 1e8, 1e9}, {"rest", 0, 1e8}}, top.Functions, "what is recursive counts once")
	require.Regexp(t, `900 ms +90\.0% +900 ms +90\.0%  work`, l.run("top", "-query", `version="2"`))

	diff := l.run("diff", "-service", "shop", "-before-query", `version="1"`, "-query", `version="2"`)
	require.Regexp(t, `400 ms +0 ns +-400 ms  rest\n +600 ms +900 ms +300 ms  work`, diff)

	file := filepath.Join(dir, "merged.pb.gz")
	require.Contains(t, l.run("pprof", "-service", "shop", "-o", file), "3 stacks")
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, written := range [][]byte{body, []byte(l.run("pprof", "-service", "shop", "-o", "-"))} {
		merged, err := profile.ParseData(written)
		require.NoError(t, err)
		require.NoError(t, merged.CheckValid())
		require.Len(t, merged.Sample, 3)
	}

	for want, args := range map[string][]string{
		"nothing measures \"alloc_space\"; there is:\n  process_cpu:cpu:": {"flame", "-type", "alloc_space"},
		"`pyrocumulus services` lists what there is":                      {"top", "-service", "shelf"},
		"/nowhere: no such file":                                          {"push", "-service", "shop", file, "/nowhere"},
		"the server answers 422":                                          {"push", "-service", "shop", "-format", "pprof", before},
		"the server answers 400":                                          {"push", "-service", "shop", "-kind", "nothing", before},
	} {
		_, err = l.try(args...)
		require.ErrorContains(t, err, want)
		require.Equal(t, 1, l.code)
	}
	require.Contains(t, func() string { _, err := l.try("push", "-service", "shop", before, "/nowhere"); return err.Error() }(), "(1 of 2 files were pushed before)")
}

// Each format is told by its content, and comes back under the time that is said.
func TestFormatsAndTimes(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	l := &line{t: t, url: url}
	dir := t.TempDir()
	gz, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	for service, file := range map[string]string{
		"a": write(t, filepath.Join(dir, "a"), string(gz)),
		"b": write(t, filepath.Join(dir, "b"), "main;work 60\n"),
		"c": filepath.Join("..", "..", "shared", "ingest", "testdata", "jfr", "itimer.jfr.gz"),
		"d": write(t, filepath.Join(dir, "d"), `{"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": [{"name": "main"}]},
			"profiles": [{"type": "sampled", "unit": "none", "name": "x", "startValue": 0, "endValue": 1, "samples": [[0]], "weights": [1]}]}`),
	} {
		l.run("push", "-service", service, "-time", "now-10m", file)
	}
	require.Equal(t, "-: folded, 13 bytes\n", l.run("push", "-service", "e.f", "-"))
	require.Eventually(t, func() bool {
		out, err := l.try("labels", "service_name")
		return err == nil && out == "a\nb\nc\nd\ne.f\n"
	}, 20*time.Second, 50*time.Millisecond)
	for _, service := range []string{"a", "b", "c", "d"} {
		require.NotEmpty(t, l.run("top", "-service", service, "-from", "now-11m", "-until", "now-9m"))
		_, err := l.try("top", "-service", service, "-from", "now-8m")
		require.ErrorContains(t, err, "lists what there is", service)
	}
	then := []string{"diff", "-service", "b", "-from", "now-11m", "-until", "now-9m"}
	require.Regexp(t, `0 ns +600 ms +600 ms  work`, l.run(then...))
	require.Contains(t, l.stderr, "Nothing to compare with: no profile of process_cpu:cpu")
	require.Regexp(t, `600 ms +0 ns +-600 ms  work`, l.run("diff", "-query", `service_name=~"b|e.f"`, "-from", "now-1m", "-before", "9m30s"))
}

// What is too large for a request is uploaded first; a server that does not know
// uploads gets it as it is.
func TestLargeFilesAreUploaded(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	var text strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&text, "main;work;%s%d 1\n", strings.Repeat("step", 16), i%50)
	}
	file := write(t, filepath.Join(t.TempDir(), "large.folded"), text.String())
	target, err := neturl.Parse(url)
	require.NoError(t, err)
	var mu sync.Mutex
	var asked []string
	forward := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.URL.Path)
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	defer front.Close()
	l := &line{t: t, url: front.URL}
	require.Contains(t, l.run("push", "-service", "shop", file), "folded, 4")
	require.Equal(t, "POST /upload", asked[0])
	require.Equal(t, "POST /ingest", asked[len(asked)-1])
	require.Eventually(t, func() bool {
		out, err := l.try("top", "-service", "shop")
		return err == nil && strings.Contains(out, "total 10 min")
	}, 20*time.Second, 50*time.Millisecond)

	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/upload" || len(body) != text.Len() {
			http.NotFound(w, r)
		}
	}))
	defer plain.Close()
	(&line{t: t, url: plain.URL}).run("push", "-service", "shop", file)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	l := &line{t: t, url: "http://127.0.0.1:1"}
	for want, c := range map[string]struct {
		code int
		args string
	}{
		"say what to do": {2, ""},
		`there is no command "flam"; is it "flame"`: {2, "flam"},
		`there is no command "dance"`:               {2, "dance"},
		"nothing listens at http://127.0.0.1:1: start it with `make run`, or name another server with -url": {1, "services"},
		"to delete see `pyrocumulus help retention`":                                                        {2, "services delete"},
		"there is no host nowhere.invalid: name another server":                                             {1, "labels -url http://nowhere.invalid"},
		"name the service with -service":                                                                    {2, "push x.pprof"},
		"name the files to push; - is":                                                                      {2, "push -service a"},
		"is a directory: name the files in it, as 'push/*'":                                                 {2, "push -service a push"},
		`no file matches "*.none"`:                                                                          {1, "push -service a *.none"},
		"it is neither a pprof, nor folded stacks":                                                          {1, "push -service a main.go"},
		`-format "xml": want one of auto, pprof`:                                                            {2, "push -service a -format xml main.go"},
		`-time "soon"`:                                                                                      {2, "push -service a -time soon main.go"},
		"want name=value":                                                                                   {2, "push -label version a.pprof"},
		"a value cannot have a comma":                                                                       {2, "push -label version=1,2 a.pprof"},
		"start it with `make run`, or na":                                                                   {1, "push -service a -format pprof main.go"},
		"name the file to write with -o":                                                                    {2, "pprof"},
		`-from "yesterday"`:                                                                                 {2, "flame -from yesterday"},
		"is not before -until":                                                                              {2, "flame -from now -until now-1h"},
		`"shop" is not a flag`:                                                                              {2, "top shop"},
		"there is no flag -servce; is it -service?":                                                         {2, "top -servce shop"},
		"flag needs an argument: -service":                                                                  {2, "top -service"},
		`-before "yesterday": want how much earlier`:                                                        {2, "diff -before yesterday"},
		"-before and -before-from say the same":                                                             {2, "diff -before 1m -before-from now-1h"},
		"-before-until needs -before-from":                                                                  {2, "diff -before-until now-1h"},
		`shell "csh": want bash, zsh or fish`:                                                               {2, "completion csh"},
		"name one shell":                                                                                    {2, "completion"},
		"say create, list, rotate or revoke":                                                                {2, "tokens -json"},
		"tokens create has no part \"acme\"":                                                                {2, "help tokens create acme"},
		"nothing else is expected":                                                                          {2, "version 2"},
		"./.pyrocumulus holds no data of the local host":                                                    {1, "inspect"},
		"do not name \"x\" as well":                                                                         {2, "inspect -all x"},
		"name a directory to write to with -out":                                                            {2, "sections"},
	} {
		_, err := l.try(strings.Fields(c.args)...)
		require.ErrorContains(t, err, want, c.args)
		require.Equal(t, c.code, l.code, c.args)
		require.Equal(t, c.code == 2, strings.Contains(l.stderr, "See: pyrocumulus help"), c.args)
	}
}

func TestColoursAndWidthAreThoseOfTheTerminal(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	l := &line{t: t, url: url}
	l.run("push", "-service", "shop", "-label", "v=1", write(t, filepath.Join(t.TempDir(), "a"), "main;"+strings.Repeat("long", 40)+" 60\nmain;rest 40\n"))
	l.run("push", "-service", "shop", "-label", "v=2", "-")
	require.Eventually(t, func() bool {
		out, err := l.try("labels", "v")
		return err == nil && out == "1\n2\n"
	}, 20*time.Second, 50*time.Millisecond)
	flame := []string{"flame", "-service", "shop", "-query", `v="1"`}
	diff := []string{"diff", "-service", "shop", "-query", `v="2"`, "-before-query", `v="1"`}
	widest := func(text string) (most int) {
		for row := range strings.Lines(strings.ReplaceAll(strings.ReplaceAll(text, "\x1b[33m", ""), "\x1b[0m", "")) {
			most = max(most, len([]rune(strings.TrimSuffix(row, "\n"))))
		}
		return most
	}
	require.Equal(t, 120, widest(l.run(flame...)))
	require.NotContains(t, l.run(flame...)+l.run(diff...), "\x1b")
	l.out = terminal.Screen{Terminal: true, Width: 77}
	require.Equal(t, 77, widest(l.run(flame...)))
	require.NotContains(t, l.run(flame...)+l.run(diff...), "\x1b")
	l.out.Colour = true
	require.Equal(t, 77, widest(l.run(flame...)))
	require.Regexp(t, `60\.0% \x1b\[33m█{12}\x1b\[0m░`, l.run(flame...))
	require.Regexp(t, `\x1b\[32m +-400 ms\x1b\[0m  rest`, l.run(diff...))
	require.Regexp(t, `\x1b\[31m +70 ms\x1b\[0m  stdin`, l.run(diff...))
	_, err := l.try("pprof", "-service", "shop", "-o", "-")
	require.ErrorContains(t, err, "a pprof is no text")
}
