package ingest_test

import (
	"bytes"
	"fmt"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
)

// maxFuzzBody is the limit of bodies and profiles below, and maxFuzzAlloc what
// a request may allocate then, in all: compressed or not.
const (
	maxFuzzBody  = 1 << 20
	maxFuzzAlloc = 100 << 20
)

func fuzzBench(f *testing.F) *bench {
	return newBench(f, func(s *ingest.Settings) { s.MaxBodyBytes, s.Limits.Profile.MaxBytes = maxFuzzBody, maxFuzzBody })
}

// fuzzed sends a request: it must not allocate without bound, and its client must
// never be told to try again.
func (b *bench) fuzzed(t *testing.T, target, contentType string, body []byte) {
	if len(body) > maxFuzzBody {
		return
	}
	allocs := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(allocs)
	before := allocs[0].Value.Uint64()
	w := b.do("POST", target, bytes.NewReader(body), "Content-Type", contentType)
	metrics.Read(allocs)
	require.Less(t, allocs[0].Value.Uint64()-before, uint64(maxFuzzAlloc))
	require.Contains(t, []int{200, 400, 413, 415, 422}, w.Code, w.Body)
	b.t = t
	b.received() // which decodes them
	b.queue.sent, b.store.objects = nil, nil
	b.log.Reset()
}

// FuzzIngest sends any body in any format.
func FuzzIngest(f *testing.F) {
	for _, format := range []string{"", "pprof", "lines", "trie", "tree", "speedscope", "jfr"} {
		for _, body := range []string{"a;b 1", "\x00\x00\x01\x04main\x05\x00", speedscopeHead + speedscopeProfile("", "none") + "]}", zip(f, "a 1")} {
			f.Add(format, []byte(body))
		}
	}
	f.Add("pprof", plain(f, cpu(now, 1)))
	f.Add("pprof", gz(f, cpu(now, 1, paths(3))))
	f.Add("jfr", jfrFixture(f, "wall.jfr.gz"))
	b := fuzzBench(f)
	f.Fuzz(func(t *testing.T, format string, body []byte) {
		if strings.ContainsAny(format, " #%&+\x7f") || strings.IndexFunc(format, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			return
		}
		b.fuzzed(t, "/ingest?name=app&spyName=dotnetspy&format="+format, "", body)
	})
}

// FuzzForm sends any form: the bodies of its parts, and what it may be instead.
func FuzzForm(f *testing.F) {
	ok := string(gz(f, cpu(now, 1)))
	part := func(name, content string) string {
		return fmt.Sprintf("--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, content)
	}
	f.Add([]byte(part("profile", ok)+part("sample_type_config", `{"cpu":{"display-name":"x"}}`)+"--x--\r\n"), false)
	f.Add([]byte(part("jfr", string(jfrFixture(f, "wall.jfr.gz")))+part("labels", "\x0a\x00")+"--x--\r\n"), true)
	f.Add([]byte("--x--"), false)
	b := fuzzBench(f)
	f.Fuzz(func(t *testing.T, body []byte, jfr bool) {
		target := "/ingest?name=app"
		if jfr {
			target += "&format=jfr"
		}
		b.fuzzed(t, target, "multipart/form-data; boundary=x", body)
	})
}

// FuzzPush sends any body to Push, to a tenant with rules.
func FuzzPush(f *testing.F) {
	for _, p := range [][]byte{plain(f, cpu(now, 1)), gz(f, cpu(now, 1, paths(3)))} {
		body, err := proto.Marshal(one(p, with("__session_id__", "294b642fa0d4beee", "service_git_ref", "v1")...))
		require.NoError(f, err)
		f.Add(body)
	}
	rules := relabeling(f, `[{"source_labels":["path"],"regex":"p(.)","target_label":"service_name"},{"regex":"pod","action":"labeldrop"}]`)
	b := newBench(f, rules, func(s *ingest.Settings) {
		s.MaxBodyBytes, s.Limits.Profile.MaxBytes, s.Limits.MaxSessions = maxFuzzBody, maxFuzzBody, 3
	})
	f.Fuzz(func(t *testing.T, body []byte) { b.fuzzed(t, pushPath, "application/proto", body) })
}
