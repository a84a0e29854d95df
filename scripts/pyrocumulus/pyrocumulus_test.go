package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
)

// startHost runs a host until the test ends and returns its URL.
func startHost(t *testing.T) string {
	t.Helper()
	ready, stopped := make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		stopped <- host.Run(ctx, host.Config{
			Listen: "127.0.0.1:0", Data: t.TempDir(), FlushInterval: 100 * time.Millisecond,
			Lookup: func(string) (string, bool) { return "", false },
			Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
			Ready:  func(url string) { ready <- url },
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-stopped)
	})
	return <-ready
}

// line runs a command line against a server.
type line struct {
	t   *testing.T
	url string
}

func (l line) try(args ...string) (stdout string, err error) {
	var out, errs bytes.Buffer
	c := &cli{stdout: &out, stderr: &errs, now: time.Now, lookup: func(name string) (string, bool) {
		return l.url, name == urlVariable
	}}
	err = c.run(l.t.Context(), args)
	return out.String(), err
}

func (l line) run(args ...string) string {
	l.t.Helper()
	out, err := l.try(args...)
	require.NoError(l.t, err)
	return out
}

func TestProfilesComeBack(t *testing.T) {
	l := line{t, startHost(t)}
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before.folded"), filepath.Join(dir, "after.folded")
	require.NoError(t, os.WriteFile(before, []byte("main;work 60\nmain;rest 40\n"), 0o644))
	require.NoError(t, os.WriteFile(after, []byte("main;work 90\nmain;rest;main 10\n"), 0o644))
	l.run("push", "-service", "shop", "-format", "folded", "-label", "version=1", before)
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
	merged, err := profile.ParseData(body)
	require.NoError(t, err)
	require.NoError(t, merged.CheckValid())

	_, err = l.try("flame", "-type", "alloc_space")
	require.ErrorContains(t, err, "nothing measures \"alloc_space\"; there is:\n  process_cpu:cpu:")
	_, err = l.try("top", "-service", "shelf")
	require.ErrorContains(t, err, "`pyrocumulus services` lists what there is")
	_, err = l.try("push", "-service", "shop", file, "/nowhere")
	require.ErrorContains(t, err, "/nowhere")
	_, err = l.try("push", "-service", "shop", before)
	require.ErrorContains(t, err, "the server answers 422")
}

func TestErrorsSayWhatToDo(t *testing.T) {
	l := line{t, "http://127.0.0.1:1"}
	for want, args := range map[string]string{
		"there is no command \"flam\"; see `help`":             "flam",
		"nothing listens at http://127.0.0.1:1: start it":      "services",
		"name the service with -service":                       "push x.pprof",
		"name the files to push":                               "push -service a",
		"name the file to write with -o":                       "pprof",
		`-from "yesterday"`:                                    "flame -from yesterday",
		"is not before -until":                                 "flame -from now -until now-1h",
		`"shop" is not a flag; see top -h`:                     "top shop",
		`shell "csh": want bash, zsh or fish`:                  "completion csh",
		"flag: help requested":                                 "push -label version a.pprof",
		"http://127.0.0.1:1: start it with `make run`, or nam": "push -service a main.go",
	} {
		_, err := l.try(strings.Fields(args)...)
		require.ErrorContains(t, err, want, args)
	}
}

func TestHelpListsEverything(t *testing.T) {
	out := line{t, ""}.run("help")
	for _, cmd := range commands() {
		require.Contains(t, out, cmd.name)
	}
	for _, o := range operators() {
		require.Contains(t, out, o[0])
		require.DirExists(t, filepath.Join("..", o[0]))
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, line{t, ""}.run("completion", shell), "flame")
	}
}

func TestQuantities(t *testing.T) {
	for want, got := range map[string]string{
		"1.5 s": quantity(1_500_000_000, "nanoseconds"), "0 ns": quantity(0, "nanoseconds"), "-2 ms": quantity(-2_000_000, "nanoseconds"),
		"3 MiB": quantity(3<<20, "bytes"), "12": quantity(12, "count"), "1.2 k": quantity(1200, "count"),
	} {
		require.Equal(t, want, got)
	}
	require.Equal(t, `{service_name="a",x="y"}`, matchers("a", `{x="y"}`))
	require.Equal(t, `{}`, matchers("", " "))
}
