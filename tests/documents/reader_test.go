package documents

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	// The commands run as processes. These are imported so that a change to
	// anything in them makes these tests run again instead of passing from the
	// cache.
	_ "github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

const root = "../.."

// timeLimit is for commands that hang; the first one compiles.
const timeLimit = 8 * time.Minute

// clone makes the clean clone that all stories take place in, since Go compiles
// anew what lies in another directory.
var clone = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pyrocumulus-documents-")
	if err != nil {
		return "", err
	}
	return dir, Clone(root, dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := clone(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// reader is who follows the documents.
type reader struct {
	Shell
	url   string            // of the local host, while it runs
	token string            // of the tenant acme
	found map[string]string // by the name that a document has for it
	top   map[string]string // CPU time by function, itself and in all, before the local host was stopped
}

// step is a command of a document, and what its reader expects of it.
type step struct {
	text string // as it stands in the document
	// replace has pairs of what stands there for what the reader knows and what
	// that is; the address of the local host is always replaced.
	replace func(r *reader) []string
	want    []string // regular expressions of what it prints
	usage   bool     // it explains itself, for which Go's programs exit with 2
	after   func(t *testing.T, r *reader, out string)
}

// story is a document's commands in an order that makes sense.
type story struct {
	name  string
	serve string // the command that starts the local host, if it runs
	flags string // of the local host, beside those that the command has
	steps []step
}

// newReader has what readers have: a clone, and a profile of a program.
func newReader(t *testing.T) *reader {
	t.Helper()
	dir, err := clone()
	require.NoError(t, err)
	r := &reader{Shell: Shell{Dir: dir}, found: make(map[string]string)}
	profile, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	recording, err := os.ReadFile(root + "/shared/ingest/testdata/jfr/itimer.jfr.gz")
	require.NoError(t, err)
	z, err := gzip.NewReader(bytes.NewReader(recording))
	require.NoError(t, err)
	jfr, err := io.ReadAll(z)
	require.NoError(t, err)
	for name, body := range map[string][]byte{
		"cpu.pprof": profile, "big.jfr": jfr,
		"rules.json": []byte(`[{"action": "labeldrop", "regex": "pod"}]`),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), body, 0o644))
	}
	return r
}

// follow carries out a story.
func (r *reader) follow(t *testing.T, s story) {
	if s.serve != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(r.Dir, ".pyrocumulus"))) // what an earlier story left
		server, err := r.Serve(t.Context(), withFlags(s.serve, s.flags))
		require.NoError(t, err)
		defer server.Stop()
		r.url = server.URL
	}
	for _, step := range s.steps {
		require.True(t, t.Run(step.text, func(t *testing.T) { r.try(t, step) }))
	}
}

// withFlags has the local host serve on a port that is free, and adds flags.
func withFlags(text, flags string) string {
	flags = strings.TrimSpace("-listen 127.0.0.1:0 " + flags)
	if before, after, found := strings.Cut(text, "ARGS='"); found {
		return before + "ARGS='" + flags + " " + after
	}
	return text + " ARGS='" + flags + "'"
}

func (r *reader) try(t *testing.T, s step) {
	pairs := []string{"http://localhost:4040", r.url}
	if s.replace != nil {
		pairs = append(pairs, s.replace(r)...)
	}
	text := strings.NewReplacer(pairs...).Replace(s.text)
	r.Env = []string{
		"PYROCUMULUS_URL=" + r.url, "PYROCUMULUS_TENANT=acme", "PYROCUMULUS_TOKEN=" + r.token, "TOKEN=" + r.token,
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	out, err := r.Run(ctx, text)
	if s.usage {
		require.Error(t, err)
	} else {
		require.NoError(t, err)
	}
	for _, want := range s.want {
		require.Regexp(t, want, out)
	}
	if s.after != nil {
		s.after(t, r, out)
	}
}

// eventually runs a command until what it prints is as wanted, for it takes a
// moment until profiles can be queried.
func (r *reader) eventually(t *testing.T, text, want string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		out, err := r.Run(t.Context(), text)
		if err == nil && strings.Contains(out, want) {
			return
		}
		require.True(t, time.Now().Before(deadline), "%s: %v\n%s", text, err, out)
		time.Sleep(200 * time.Millisecond)
	}
}
