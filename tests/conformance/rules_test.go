package conformance

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bytes"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rule is one sentence about the API, with a call that shows it.
//
// In ask and want CPU and MEM stand for ids of profile types, @N for N
// milliseconds after base.
type rule struct {
	says   string
	method string // of callers
	ask    string // JSON
	// want is the answer as JSON; "!code text" for an error with this code whose
	// message has the text; "=name" for the golden file of this name; "~text" for
	// an answer that has the text, "" for any.
	want   string
	header []string // names and values beside the tenant's; tenant acme unless they say
}

const (
	cpuID = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
	memID = "memory:inuse_space:bytes:space:bytes"
)

var offset = regexp.MustCompile(`@(-?\d+)`)

// expand fills in what stands for something else.
func expand(s string) string {
	s = strings.NewReplacer("CPU", cpuID, "MEM", memID).Replace(s)
	return offset.ReplaceAllStringFunc(s, func(at string) string {
		n, err := strconv.ParseInt(at[1:], 10, 64)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return strconv.FormatInt(base+n, 10)
	})
}

const multitenancy = "PYROCUMULUS_AUTH=header"

// servers are the ways to answer: alone, and by a worker for each block.
func servers(t *testing.T, w *world) map[string]string {
	return map[string]string{
		"inline": w.serve(t, multitenancy),
		"divided": w.serve(t, multitenancy, "PYROCUMULUS_QUERY_INLINE_BYTES=0",
			"PYROCUMULUS_QUERY_WORKER_BYTES=64KiB", "PYROCUMULUS_QUERY_WORKER_BLOCKS=1"),
	}
}

// check holds rules against every server in every dialect.
func check(t *testing.T, rules []rule) {
	w := newWorld(t)
	for server, url := range servers(t, w) {
		for _, dialect := range slices.Sorted(maps.Keys(dialects())) {
			for _, r := range rules {
				t.Run(server+"/"+dialect+"/"+r.says, func(t *testing.T) { r.check(t, url, dialects()[dialect]...) })
			}
		}
	}
}

// story holds rules that build on one another against a server of their own, in
// every dialect.
func story(t *testing.T, rules []rule) {
	for _, dialect := range slices.Sorted(maps.Keys(dialects())) {
		url := newWorld(t).serve(t, multitenancy)
		for _, r := range rules {
			t.Run(dialect+"/"+r.says, func(t *testing.T) { r.check(t, url, dialects()[dialect]...) })
		}
	}
}

func (r rule) check(t *testing.T, url string, o ...connect.ClientOption) {
	call := callers()[r.method]
	require.NotNil(t, call, "no method %s", r.method)
	answer, err := call(t.Context(), url, r.headers(), expand(r.ask), o...)
	if text, failed := strings.CutPrefix(r.want, "!"); failed {
		code, text, _ := strings.Cut(text, " ")
		require.Error(t, err, "%s", answer)
		require.Equal(t, code, connect.CodeOf(err).String(), err.Error())
		require.Contains(t, err.Error(), text)
		return
	}
	require.NoError(t, err)
	switch {
	case strings.HasPrefix(r.want, "="):
		golden(t, r.want[1:], answer)
	case strings.HasPrefix(r.want, "~"):
		require.Contains(t, answer, expand(r.want[1:]))
	case r.want != "":
		require.Equal(t, expand(r.want), answer)
	}
}

func (r rule) headers() http.Header {
	h := http.Header{"X-Scope-Orgid": {"acme"}}
	for i := 0; i+1 < len(r.header); i += 2 {
		h.Set(r.header[i], r.header[i+1])
		if r.header[i+1] == "" {
			h.Del(r.header[i])
		}
	}
	return h
}

// golden compares JSON with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, []byte(got), "", " "), "%s", got)
	b.WriteByte('\n')
	path := filepath.Join("testdata", filepath.FromSlash(name)+".json")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}
