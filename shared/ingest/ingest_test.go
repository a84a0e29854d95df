package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gprofile "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// now is the time of all requests, but where a test says otherwise.
var now = time.Date(2026, 9, 14, 12, 30, 0, 0, time.UTC)

// bench is a handler with what it stands on.
type bench struct {
	t        testing.TB
	settings ingest.Settings
	queue    *strictQueue
	store    *memStore
	codec    *envelope.Codec
	now      time.Time
	log      bytes.Buffer
	handler  *ingest.Handler
}

func newBench(t testing.TB, change ...func(*ingest.Settings)) *bench {
	codec, err := envelope.NewCodec()
	require.NoError(t, err)
	b := &bench{t: t, settings: ingest.DefaultSettings(), queue: &strictQueue{}, store: &memStore{}, codec: codec, now: now}
	for _, f := range change {
		f(&b.settings)
	}
	b.handler = ingest.New(b.settings, ingest.Deps{
		Queues: []queue.Sender{b.queue}, Store: b.store, Codec: codec,
		Now: func() time.Time { return b.now },
		Log: slog.New(slog.NewJSONHandler(&b.log, nil)),
	})
	return b
}

func multitenant(s *ingest.Settings) { s.Multitenancy = true }

// do sends a request with headers given as name, value, name, value, ….
func (b *bench) do(method, target string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// received is a message as the segment function sees it.
type received struct {
	*envelope.Envelope
	Group   string
	DedupID string
	Profile *pprof.Profile
	Plain   []byte
}

// received decodes what is on the queue, in the order of arrival.
func (b *bench) received() []received {
	var out []received
	for _, m := range b.queue.sent {
		e, err := envelope.Decode(m.Body)
		require.NoError(b.t, err)
		packed := e.Packed
		if e.Key != "" {
			require.Empty(b.t, packed)
			var ok bool
			packed, ok = b.store.get(e.Key)
			require.True(b.t, ok, "message names an object that is not there")
		}
		plain, err := b.codec.Unpack(packed, nil)
		require.NoError(b.t, err)
		p, err := pprof.Decode(plain, pprof.Limits{})
		require.NoError(b.t, err)
		out = append(out, received{Envelope: e, Group: m.Group, DedupID: m.DedupID, Profile: p, Plain: plain})
	}
	return out
}

// types returns the ids of the profile types on the queue.
func (b *bench) types() []string {
	var out []string
	for _, r := range b.received() {
		for _, s := range r.Profile.SampleTypes {
			out = append(out, profile.Type{Name: r.Labels.Get(profile.LabelName), Sample: s, Period: r.Profile.PeriodType}.String())
		}
	}
	return out
}

// cpu makes a small CPU profile taken at t; weight makes profiles differ.
func cpu(t time.Time, weight int64, change ...func(*gprofile.Profile)) *gprofile.Profile {
	fn := &gprofile.Function{ID: 1, Name: "main.work", SystemName: "main.work", Filename: "main.go"}
	loc := &gprofile.Location{ID: 1, Address: 0x1000, Line: []gprofile.Line{{Function: fn, Line: 7}}}
	p := &gprofile.Profile{
		SampleType: []*gprofile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &gprofile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 1e7,
		Sample:   []*gprofile.Sample{{Location: []*gprofile.Location{loc}, Value: []int64{weight, weight * 1e7}}},
		Location: []*gprofile.Location{loc}, Function: []*gprofile.Function{fn},
	}
	if !t.IsZero() {
		p.TimeNanos = t.UnixNano()
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func gz(t testing.TB, p *gprofile.Profile) []byte {
	var buf bytes.Buffer
	require.NoError(t, p.Write(&buf))
	return buf.Bytes()
}

func plain(t testing.TB, p *gprofile.Profile) []byte {
	var buf bytes.Buffer
	require.NoError(t, p.WriteUncompressed(&buf))
	return buf.Bytes()
}

// large makes a profile that does not compress well: n stacks of functions
// with names that look random.
func large(t time.Time, n int) *gprofile.Profile {
	p := cpu(t, 1)
	state := uint64(88172645463325252)
	for i := range n {
		var name strings.Builder
		for range 3 {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			fmt.Fprintf(&name, "%016x", state)
		}
		fn := &gprofile.Function{ID: uint64(i + 2), Name: name.String()}
		loc := &gprofile.Location{ID: uint64(i + 2), Line: []gprofile.Line{{Function: fn, Line: 1}}}
		p.Function, p.Location = append(p.Function, fn), append(p.Location, loc)
		p.Sample = append(p.Sample, &gprofile.Sample{Location: []*gprofile.Location{loc}, Value: []int64{1, 1e7}})
	}
	return p
}

func TestOtherPathsAreNotFound(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/", "/ingest/", "/push.v1.PusherService/", "/push.v1.PusherService/Pull", "/pyroscope/render"} {
		require.Equal(t, http.StatusNotFound, b.do("POST", path, nil).Code, path)
	}
	for _, path := range ingest.Paths() {
		require.Equal(t, http.StatusMethodNotAllowed, b.do("GET", path, nil).Code, path)
	}
}
