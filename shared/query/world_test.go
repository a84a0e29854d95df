package query_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

var update = flag.Bool("update", false, "write the golden files anew")

// base is the time around which the profiles lie, Unix milliseconds.
const base = int64(blocktest.Start / 1e6)

const hour = int64(time.Hour / time.Millisecond)

const cpuID = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

// world is a handler with stored profiles behind it.
type world struct {
	objects blocktest.Objects
	index   *blockindextest.Mem
	handler *query.Handler
	server  *httptest.Server
	log     bytes.Buffer
	blocks  int
}

// newWorld returns a world whose clock stands ten minutes after base.
func newWorld(t testing.TB, s query.Settings) *world {
	w := &world{objects: blocktest.Objects{}, index: blockindextest.NewMem()}
	w.handler = query.New(s, w.deps(t, w.index))
	w.server = httptest.NewServer(w.handler)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) deps(t testing.TB, index query.Index) query.Deps {
	reader, err := block.NewReader(w.objects)
	require.NoError(t, err)
	return query.Deps{
		Index: index, Engine: engine.New(reader),
		Now: func() time.Time { return time.UnixMilli(base).Add(10 * time.Minute) },
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// store puts profiles into one block of a tenant.
func (w *world) store(t testing.TB, tenant profile.TenantID, pushed ...blocktest.Pushed) {
	b := block.NewBuilder(block.Options{})
	for _, p := range pushed {
		require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
	}
	w.blocks++
	body, m, err := b.Build(tenant, ulid.ULID{15: byte(w.blocks)}.String(), 0, nil)
	require.NoError(t, err)
	w.objects[m.Key()] = body
	require.NoError(t, w.index.Insert(context.Background(), blockindex.Row{
		Tenant: tenant, ID: m.ID, MinTime: m.MinTime, MaxTime: m.MaxTime, CommittedAt: m.MaxTime / 1e6, Detail: m.Append(nil),
	}))
}

func (w *world) client(opts ...connect.ClientOption) querierv1connect.QuerierServiceClient {
	return querierv1connect.NewQuerierServiceClient(w.server.Client(), w.server.URL, opts...)
}

// olderMethods are those that the API calls deprecated and clients still use.
type olderMethods interface {
	SelectMergeProfile(context.Context, *connect.Request[querierv1.SelectMergeProfileRequest]) (*connect.Response[googlev1.Profile], error)
	SelectMergeSpanProfile(context.Context, *connect.Request[querierv1.SelectMergeSpanProfileRequest]) (*connect.Response[querierv1.SelectMergeSpanProfileResponse], error)
}

func older(c querierv1connect.QuerierServiceClient) olderMethods { return c }

// post sends JSON, as scripts do, and returns the answer without spaces: the
// encoder puts them where it likes.
func (w *world) post(t testing.TB, path, body string, header ...string) (status int, answer string) {
	req, err := http.NewRequest(http.MethodPost, w.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := w.server.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, compact(raw)
}

// ask calls a method with headers given as names and values.
func ask[Req, Res any](t testing.TB, method func(context.Context, *connect.Request[Req]) (*connect.Response[Res], error),
	msg *Req, header ...string,
) (*Res, error) {
	req := connect.NewRequest(msg)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header().Set(header[i], header[i+1])
	}
	res, err := method(t.Context(), req)
	if err != nil {
		return nil, err
	}
	return res.Msg, nil
}

// must is ask for what has to succeed.
func must[Req, Res any](t testing.TB, method func(context.Context, *connect.Request[Req]) (*connect.Response[Res], error),
	msg *Req, header ...string,
) *Res {
	t.Helper()
	res, err := ask(t, method, msg, header...)
	require.NoError(t, err)
	return res
}

// sample is a stack trace, functions from root to leaf divided by ";", with its
// values and labels.
type sample struct {
	stack  string
	values []int64
	labels []string
}

func cpu(stack string, nanos int64, labels ...string) sample {
	return sample{stack, []int64{nanos / 10, nanos}, labels}
}

// cpuProfile makes a profile as the Go SDK sends it, at a time in Unix
// nanoseconds.
func cpuProfile(nanos int64, labels profile.Labels, samples ...sample) blocktest.Pushed {
	return handMade(nanos, labels.With(profile.LabelName, "process_cpu"), profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		[]profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}, samples...)
}

func handMade(nanos int64, labels profile.Labels, period profile.ValueType, types []profile.ValueType, samples ...sample) blocktest.Pushed {
	p := &pprof.Profile{
		Strings: []string{""}, SampleTypes: types, PeriodType: period, Period: 10_000_000, TimeNanos: nanos, DurationNanos: 1e9,
	}
	str := func(s string) uint32 {
		p.Strings = append(p.Strings, s)
		return uint32(len(p.Strings) - 1)
	}
	p.Mappings = []pprof.Mapping{{Start: 0x1000, Limit: 0x2000, Filename: str("/bin/app"), Flags: pprof.HasFunctions}}
	for _, s := range samples {
		x := pprof.Sample{StackStart: uint32(len(p.Stacks)), LabelStart: uint32(len(p.Labels))}
		frames := strings.Split(s.stack, ";")
		for i := len(frames) - 1; i >= 0; i-- {
			p.Stacks = append(p.Stacks, uint32(len(p.Locations)))
			l := pprof.Location{Mapping: 1, FirstLine: uint32(len(p.Lines))}
			// "a<b" is one location in which b was inlined into a.
			inlined := strings.Split(frames[i], "<")
			for j := len(inlined) - 1; j >= 0; j-- {
				name := str(inlined[j])
				p.Lines = append(p.Lines, pprof.Line{Function: uint32(len(p.Functions)), Line: int64(10 + len(inlined[j]))})
				p.Functions = append(p.Functions, pprof.Function{Name: name, SystemName: name, Filename: str(inlined[j] + ".go")})
				l.NumLines++
			}
			p.Locations = append(p.Locations, l)
		}
		for i := 0; i+1 < len(s.labels); i += 2 {
			p.Labels = append(p.Labels, pprof.SampleLabel{Key: str(s.labels[i]), Value: str(s.labels[i+1])})
		}
		x.StackEnd, x.LabelEnd = uint32(len(p.Stacks)), uint32(len(p.Labels))
		p.Samples = append(p.Samples, x)
		p.Values = append(p.Values, s.values...)
	}
	p.Normalize()
	id := profile.PushID("", labels, nanos, []byte(samples[0].stack))
	return blocktest.Pushed{Labels: labels, ID: id, Profile: p}
}

func service(name string, more ...string) profile.Labels {
	return profile.NewLabels(append([]string{profile.LabelServiceName, name}, more...)...)
}

func ptr[T any](v T) *T { return &v }
