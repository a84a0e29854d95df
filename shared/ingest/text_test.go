package ingest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// zip packs text.
func zip(t testing.TB, text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

const speedscopeHead = `{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"main","file":"m.py","line":3},{"name":"work"}]},"profiles":[`

func speedscopeProfile(name, unit string) string {
	return fmt.Sprintf(`{"type":"sampled","name":%q,"unit":%q,"startValue":0,"endValue":3,"samples":[[0,1],[0]],"weights":[1.5,2]}`, name, unit)
}

// What the formats become is written down as a whole: labels, types and stacks.
func TestTextFormats(t *testing.T) {
	var got strings.Builder
	for _, c := range []struct{ name, query, contentType, body string }{
		{"folded", "name=shop{region=eu}&sampleRate=97&spyName=scripting", "", "main;work 3\nmain 1\nmain;work 4\n"},
		{"folded by any other name", "name=shop.cpu&format=groups", "text/plain", "main;work 3\n"},
		{"folded in gzip", "name=shop", "", zip(t, "main;work 3\n")},
		{"folded without rate", "name=shop.cpu&sampleRate=0", "", "main;work 3\n"},
		{"folded of another type", "name=my.shop.alloc_space", "", "main;work 3\n"},
		{"folded with service", "name=app.wall{service_name=shop}", "", "main;work 3\n"},
		{"folded with service and app", "name=app.cpu{service_name=shop,app_name=mine}", "", "main;work 3\n"},
		{"name that replaces the app", "name=app{__name__=shop.mutex_count}", "", "main 3\n"},
		{"lines", "name=shop&format=lines", "", "main;work\nmain\nmain;work\n"},
		{"trie", "name=shop&format=trie", "", "\x00\x00\x01\x05main;\x00\x02\x01w\x03\x00\x01x\x04\x00"},
		{"trie by type", "name=shop", "binary/octet-stream+trie", "\x00\x00\x01\x04main\x05\x00"},
		{"tree", "name=shop&format=tree", "", "\x00\x00\x01\x04main\x02\x01\x04work\x03\x00"},
		{"tree by type", "name=shop", "binary/octet-stream+tree", "\x00\x00\x01\x04main\x05\x00"},
		{"speedscope", "name=shop&format=speedscope", "", speedscopeHead + speedscopeProfile("t1", "milliseconds") + "]}"},
		{"speedscope of bytes", "name=shop&format=speedscope", "", speedscopeHead + speedscopeProfile("", "bytes") + "]}"},
		{"speedscope without unit", "name=shop&format=speedscope&sampleRate=10", "", speedscopeHead + speedscopeProfile("", "none") + "]}"},
		{"speedscope of several", "name=shop&format=speedscope", "application/json",
			speedscopeHead + speedscopeProfile("t1", "seconds") + "," + speedscopeProfile("t2", "seconds") + "," + speedscopeProfile("t3", "none") + "]}"},
	} {
		b := newBench(t)
		target := fmt.Sprintf("/ingest?%s&from=%d&until=%d", c.query, now.Unix()-10, now.Unix())
		w := b.do("POST", target, strings.NewReader(c.body), "Content-Type", c.contentType)
		require.Equal(t, 200, w.Code, "%s: %s", c.name, w.Body)
		require.Empty(t, w.Body.String())
		require.Empty(t, w.Header())
		fmt.Fprintf(&got, "# %s: %s\n", c.name, c.query)
		for _, r := range b.received() {
			require.Equal(t, now.Add(-10*time.Second).UnixNano(), r.Profile.TimeNanos)
			require.EqualValues(t, 1e10, r.Profile.DurationNanos)
			kind := profile.Type{Name: r.Labels.Get(profile.LabelName), Sample: r.Profile.SampleTypes[0], Period: r.Profile.PeriodType}
			fmt.Fprintf(&got, "%s\n%s period %d\n%s", r.Labels, kind, r.Profile.Period, stackstest.Lines(r.Profile))
		}
		got.WriteByte('\n')
	}
	golden := filepath.Join("testdata", "text_formats.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}

func TestTextStatuses(t *testing.T) {
	many := &strings.Builder{}
	for i := range 16001 {
		fmt.Fprintf(many, "f%d 1\n", i)
	}
	for _, c := range []ingestCase{
		{"folded", "name=app", "a;b 1", 1, 200, "", ""},
		{"unknown format", "name=app&format=what", "a;b 1", 1, 200, "", ""},
		{"nothing to store", "name=app", "a;b 0\n\n", 0, 200, "", ""},
		{"part of a span", "name=app{profile_id=00f067aa0ba902b7}", "a;b 1", 0, 200, "", ""},
		{"empty body", "name=my.service&format=tree", "", 0, 200, "", ""},
		{"unknown type", "name=my.service", "a;b 1", 0, 400, "invalid_argument", "unknown profile type: service"},
		{"bad name", "name=a%20b", "a;b 1", 0, 400, "invalid_argument", "parameter name"},
		{"bad folded", "name=app", "a;b", 0, 400, "invalid_argument", "line 1: no space"},
		{"bad lines", "name=app&format=lines", "a\x00", 0, 400, "invalid_argument", "not text"},
		{"bad tree", "name=app&format=tree", "hello", 0, 400, "invalid_argument", "malformed"},
		{"bad trie", "name=app&format=trie", "hello", 0, 400, "invalid_argument", "malformed"},
		{"bad speedscope", "name=app&format=speedscope", "{}", 0, 400, "invalid_argument", "$schema"},
		{"bad profile of speedscope", "name=app&format=speedscope", speedscopeHead + `{"unit":"none"}]}`, 0, 400, "invalid_argument", "neither sampled"},
		{"speedscope of unknown type", "name=my.service&format=speedscope", speedscopeHead + speedscopeProfile("", "none") + "]}", 0, 400, "invalid_argument", "unknown profile type"},
		{"pprof as folded", "name=app", string(plain(t, cpu(now, 1))), 0, 400, "invalid_argument", "malformed"},
		{"cut gzip", "name=app", zip(t, "a;b 1")[:20], 0, 400, "invalid_argument", "unpack gzip"},
		{"bad gzip", "name=app", "\x1f\x8bhello", 0, 400, "invalid_argument", "unpack gzip"},
		{"bomb", "name=app", zip(t, strings.Repeat("a;b 1\n", 1<<20)), 0, 413, "invalid_argument", "larger than 2097152 bytes"},
		{"too large body", "name=app", strings.Repeat("x", 2<<20+1), 0, 413, "invalid_argument", "larger than 2097152 bytes"},
		{"too many samples", "name=app", many.String(), 0, 422, "unknown", "limit MaxSamples"},
		{"too old", "name=app&from=20200101", "a;b 1", 0, 422, "unknown", "time window"},
		{"bad label", "name=app{a=" + strings.Repeat("v", 2049) + "}", "a;b 1", 0, 422, "unknown", "2049 bytes"},
		{"no service", "name=.cpu", "a;b 1", 0, 422, "unknown", "service_name is empty"},
	} {
		t.Run(c.name, c.run)
	}
}
