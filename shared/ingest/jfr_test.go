package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// recordings are those in testdata/jfr, which capture.sh there made: three of
// the Java agent, with different settings, and one of the JDK.
func recordings() []string { return []string{"itimer", "wall", "both", "jdk"} }

// jfrFixture returns a file in testdata/jfr, empty if there is none.
func jfrFixture(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", "jfr", name))
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return b
}

func unzip(t testing.TB, packed []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(plain)
}

// jfrRequest is what was sent to deliver a recording.
func jfrRequest(t testing.TB, name string) (target string, until time.Time) {
	line := strings.TrimSpace(string(jfrFixture(t, name+".request")))
	if line == "" {
		return fmt.Sprintf("/ingest?name=work&format=jfr&from=%d&until=%d", now.Unix()-2, now.Unix()), now
	}
	_, target, _ = strings.Cut(line, " ")
	u, err := url.Parse(target)
	require.NoError(t, err)
	seconds, err := strconv.ParseInt(u.Query().Get("until"), 10, 64)
	require.NoError(t, err)
	return target, time.Unix(seconds, 0)
}

// pushRecording sends a recording as the agent does, or, if there are no labels,
// as the body.
func pushRecording(t testing.TB, name string) *bench {
	b := newBench(t)
	target, until := jfrRequest(t, name)
	b.now = until
	body, contentType := bytes.NewBuffer(jfrFixture(t, name+".jfr.gz")), ""
	if labels := jfrFixture(t, name+".labels.gz"); len(labels) > 0 {
		body, contentType = form(t, "jfr", body.String(), "labels", string(labels))
	}
	w := b.do("POST", target, body, "Content-Type", contentType)
	require.Equal(t, 200, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	return b
}

// What recordings become is written down as a whole: labels, types, and stacks
// with lines and labels.
func TestRecordings(t *testing.T) {
	for _, name := range recordings() {
		var got strings.Builder
		b := pushRecording(t, name)
		for _, r := range b.received() {
			fmt.Fprintf(&got, "%s\n", r.Labels)
			for _, s := range r.Profile.SampleTypes {
				fmt.Fprintln(&got, profile.Type{Name: r.Labels.Get(profile.LabelName), Sample: s, Period: r.Profile.PeriodType})
			}
			fmt.Fprintf(&got, "from %d for %d, period %d\n", r.Profile.TimeNanos, r.Profile.DurationNanos, r.Profile.Period)
			lines := sampleLines(r.Profile)
			slices.Sort(lines)
			fmt.Fprintf(&got, "%s\n\n", strings.Join(lines, "\n"))
		}
		golden := filepath.Join("testdata", "jfr", name+".golden")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got.String())
	}
}

// sampleLines returns a line for each sample: its labels, its stack from the
// root on, with lines of code, and its values.
func sampleLines(p *pprof.Profile) []string {
	var out []string
	for i := range p.Samples {
		var line strings.Builder
		for _, l := range p.SampleLabels(i) {
			fmt.Fprintf(&line, "%s=%s ", p.Strings[l.Key], p.Strings[l.Value])
		}
		for _, at := range slices.Backward(p.Stack(i)) {
			l := p.Lines[p.Locations[at].FirstLine]
			fmt.Fprintf(&line, "%s:%d;", p.Strings[p.Functions[l.Function].Name], l.Line)
		}
		fmt.Fprint(&line, p.SampleValues(i))
		out = append(out, line.String())
	}
	return out
}

// Every way to send a recording comes to the same.
func TestRecordingForms(t *testing.T) {
	packed := string(jfrFixture(t, "jdk.jfr.gz"))
	plain := unzip(t, []byte(packed))
	target, _ := jfrRequest(t, "jdk")
	want := pushRecording(t, "jdk").received()
	require.NotEmpty(t, want)
	for name, body := range map[string]any{"raw": plain, "form": parts{"jfr", plain}, "packed form": parts{"other", "x", "labels", "", "jfr", packed}} {
		b := newBench(t)
		send, contentType := bytes.NewBufferString(plain), "application/octet-stream"
		if p, ok := body.(parts); ok {
			send, contentType = form(t, p...)
		}
		w := b.do("POST", target, send, "Content-Type", contentType)
		require.Equal(t, 200, w.Code, w.Body)
		got := b.received()
		require.Len(t, got, len(want), name)
		for i := range got {
			require.Equal(t, want[i].DedupID, got[i].DedupID, name)
		}
	}
}

// Labels that the client gives are kept, as of text formats.
func TestRecordingLabels(t *testing.T) {
	b := newBench(t)
	b.now = now
	target := fmt.Sprintf("/ingest?name=app{service_name=shop,jfr_event=mine}&format=jfr&from=%d", now.Unix())
	w := b.do("POST", target, bytes.NewReader(jfrFixture(t, "wall.jfr.gz")))
	require.Equal(t, 200, w.Code, w.Body)
	for _, r := range b.received() {
		require.Equal(t, "shop", r.Labels.Get("service_name"))
		require.Equal(t, "app", r.Labels.Get("app_name"))
		require.Equal(t, "mine", r.Labels.Get("jfr_event"))
		require.Equal(t, "unknown", r.Labels.Get("pyroscope_spy"))
	}
}

func TestRecordingStatuses(t *testing.T) {
	const jfr = "name=app&format=jfr"
	packed := string(jfrFixture(t, "wall.jfr.gz"))
	plain := unzip(t, []byte(packed))
	labels := string(jfrFixture(t, "wall.labels.gz"))
	for _, c := range []ingestCase{
		{"raw", jfr, plain, 2, 200, "", ""},
		{"form", jfr, parts{"labels", labels, "jfr", packed}, 2, 200, "", ""},
		{"nothing sent", jfr, "", 0, 200, "", ""},
		{"nothing recorded", jfr, parts{"jfr", ""}, 0, 200, "", ""},
		{"garbage", jfr, "hello", 0, 422, "unknown", `{pyroscope_spy="unknown", service_name="app"}: malformed JFR recording`},
		{"garbage in the form", jfr, parts{"jfr", "hello"}, 0, 422, "unknown", "malformed JFR recording"},
		{"cut", jfr, plain[:len(plain)-1], 0, 422, "unknown", "malformed JFR recording"},
		{"form without recording", jfr, parts{"profile", "x"}, 0, 422, "unknown", "no part jfr"},
		{"bad labels", jfr, parts{"jfr", packed, "labels", "hello"}, 0, 422, "unknown", "malformed snapshot of labels"},
		{"bad gzip", jfr, packed[:50], 0, 422, "unknown", "unpack gzip"},
		{"bad gzip of labels", jfr, parts{"jfr", packed, "labels", labels[:20]}, 0, 422, "unknown", "unpack gzip"},
		{"bomb", jfr, zip(t, strings.Repeat("a", 2<<20+1)), 0, 413, "invalid_argument", "larger than 2097152 bytes"},
		{"too old", jfr + "&from=20200101", plain, 0, 422, "unknown", "2 of 2 profiles refused"},
		{"bad label", "name=app{a=" + strings.Repeat("v", 2049) + "}&format=jfr", plain, 0, 422, "unknown", "2049 bytes"},
	} {
		t.Run(c.name, c.run)
	}
	b := newBench(t)
	w := b.do("POST", "/ingest?name=app&format=jfr", strings.NewReader("x"), "Content-Type", "multipart/form-data; boundary=abc")
	require.Equal(t, 422, w.Code)
}
