package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

func candidates(l *line, words ...string) []string {
	out := l.run(append([]string{"__complete"}, words...)...)
	var texts []string
	for row := range strings.Lines(out) {
		text, _, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		texts = append(texts, text)
	}
	return texts
}

func TestCandidates(t *testing.T) {
	url, _ := startHost(t, t.TempDir())
	l := &line{t: t, url: url}
	l.run("push", "-service", "shop", "-label", "pod=pod-1", write(t, filepath.Join(t.TempDir(), "a.folded"), "main;work 60\n"))
	l.run("push", "-service", "shelf", "-kind", "alloc_space", "-")
	require.Eventually(t, func() bool {
		out, err := l.try("services")
		return err == nil && strings.Count(out, "\n") == 2
	}, 20*time.Second, 50*time.Millisecond)
	const cpu, space = "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "memory:alloc_space:bytes::"
	for _, c := range []struct {
		words string // the last one is what is completed
		want  []string
	}{
		{"fl", []string{"flame"}},
		{"re", []string{"retention", "reindex", "redrive"}},
		{"tokens ", []string{"create", "list", "rotate", "revoke"}},
		{"tokens re", []string{"revoke"}},
		{"help tokens c", []string{"create"}},
		{"help ret", []string{"retention"}},
		{"completion z", []string{"zsh"}},
		{"nothing ", nil},
		{"tokens nothing ", nil},
		{"verify -d", []string{"-data", "-deep"}},
		{"verify --d", []string{"--data", "--deep"}},
		{"verify -deep -da", []string{"-data"}},
		{"verify -data ", []string{":directories"}},
		{"push ", []string{":files"}},
		{"push -format sp", []string{"speedscope"}},
		{"push -format=sp", []string{"-format=speedscope"}},
		{"tokens create -scopes a", []string{"admin"}},
		{"limits set acme max_labels", []string{"max_labels="}},
		{"limits get acme max_labels", []string{"max_labels"}},
		{"flame -service sh", []string{"shelf", "shop"}},
		{"flame -service=sho", []string{"-service=shop"}},
		{"flame -type ", []string{"alloc_space", "cpu", space, cpu}},
		{"flame -service shop -type ", []string{"cpu", cpu}},
		{"flame -type process_cpu:cpu:n", []string{cpu}},
		{"labels p", []string{"pod", "pyroscope_spy"}},
		{"labels pod ", nil},
		{"flame -url http://127.0.0.1:1 -service sh", nil},
		{"flame -json=", nil},
		{"pprof -o ", []string{":files"}},
	} {
		require.Equal(t, c.want, candidates(l, strings.Split(c.words, " ")...), c.words)
	}
	require.Contains(t, l.run("__complete", "fl"), "flame\tshow a flame graph")
	require.Contains(t, candidates(l, ""), "completion")
}

// terminalOf starts a program on a terminal of its own.
type terminalOf struct {
	t    *testing.T
	file *os.File
	seen chan []byte
	text []byte
}

func newTerminal(t *testing.T, cmd *exec.Cmd) *terminalOf {
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	require.NoError(t, err)
	term := &terminalOf{t: t, file: file, seen: make(chan []byte)}
	go func() {
		defer close(term.seen)
		for {
			buf := make([]byte, 4096)
			n, err := file.Read(buf)
			if n > 0 {
				term.seen <- buf[:n]
			}
			if err != nil { // it has ended
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = file.Close()
		for range term.seen { // until the reader has ended
		}
	})
	return term
}

func (term *terminalOf) send(text string) {
	_, err := term.file.WriteString(text)
	require.NoError(term.t, err)
}

// all returns what is written until the program ends.
func (term *terminalOf) all() string {
	for more := range term.seen {
		term.text = append(term.text, more...)
	}
	return string(term.text)
}

// until returns what was written since the last call, up to the first end.
func (term *terminalOf) until(end string) string {
	term.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		if i := bytes.Index(term.text, []byte(end)); i >= 0 {
			text := string(term.text[:i])
			term.text = term.text[i+len(end):]
			return text
		}
		select {
		case more, open := <-term.seen:
			if !open {
				term.t.Fatalf("it ended without %q: %q", end, term.text)
			}
			term.text = append(term.text, more...)
		case <-deadline:
			term.t.Fatalf("%q does not come: %q", end, term.text)
		}
	}
}

// What a key does to the line is asked of bash itself.
func TestBashCompletes(t *testing.T) {
	bin := built(t)
	url, _ := startHost(t, t.TempDir())
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one profile.folded"), "main;work 60\n")
	l := &line{t: t, url: url}
	l.run("push", "-service", "shop", filepath.Join(dir, "one profile.folded"))
	require.Eventually(t, func() bool {
		out, err := l.try("services")
		return err == nil && out != ""
	}, 20*time.Second, 50*time.Millisecond)

	bash := exec.Command("bash", "--norc", "--noprofile", "-i")
	bash.Dir = dir
	bash.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "PYROCUMULUS_URL="+url, "TERM=dumb", "PS1=> ", "HISTFILE=", "INPUTRC=/dev/null")
	term := newTerminal(t, bash)
	term.send("source <(pyrocumulus completion bash)\n")
	term.send(`bind -x '"\C-xd": printf "<%s""!>" "$READLINE_LINE"'; echo rea""dy` + "\n")
	term.until("ready")
	term.until("> ") // from here on it is bash that reads keys
	for typed, want := range map[string]string{
		"pyrocumulus fl":                             "pyrocumulus flame ",
		"pyrocumulus tokens cr":                      "pyrocumulus tokens create ",
		"pyrocumulus verify -dee":                    "pyrocumulus verify -deep ",
		"pyrocumulus verify -deep -js":               "pyrocumulus verify -deep -json ",
		"pyrocumulus flame -service sh":              "pyrocumulus flame -service shop ",
		"pyrocumulus flame -service=sh":              "pyrocumulus flame -service=shop ",
		"pyrocumulus flame -type process_cpu:cpu:n":  "pyrocumulus flame -type process_cpu:cpu:nanoseconds:cpu:nanoseconds ",
		"pyrocumulus flame -type process_cpu:":       "pyrocumulus flame -type process_cpu:cpu:nanoseconds:cpu:nanoseconds ",
		"pyrocumulus flame -type=process_cpu:cpu":    "pyrocumulus flame -type=process_cpu:cpu:nanoseconds:cpu:nanoseconds ",
		"pyrocumulus push -service shop one":         `pyrocumulus push -service shop one\ profile.folded `,
		"pyrocumulus limits get acme max_labels":     "pyrocumulus limits get acme max_labels ",
		"pyrocumulus limits set acme max_labels":     "pyrocumulus limits set acme max_labels=",
		`pyrocumulus top -query '{pod="a b"}' -serv`: `pyrocumulus top -query '{pod="a b"}' -service `,
		"  pyrocumulus   fl":                         "  pyrocumulus   flame ",
	} {
		term.send(typed + "\t\x18d\x15") // complete, tell, clear
		term.until("<")
		require.Equal(t, want, term.until("!>"), typed)
	}
}

// No other shell is needed to run the tests; what is printed for them asks for
// the same candidates.
func TestOtherShells(t *testing.T) {
	l := &line{t: t}
	require.Contains(t, l.run("completion", "zsh"), "compdef _pyrocumulus pyrocumulus")
	require.Contains(t, l.run("completion", "fish"), "complete -c pyrocumulus -f -a '(__pyrocumulus_complete)'")
	require.Contains(t, l.run("help", "completion"), "source <(pyrocumulus completion bash)")
	require.Equal(t, l.run("help", "completion"), l.run("completion", "-h"))
}
