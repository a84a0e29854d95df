package conformance

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

// base is the time that offsets in the tables count from, Unix milliseconds. The
// clock of the functions stands ten minutes later.
const base = int64(1_750_000_000_000)

func clock() time.Time { return time.UnixMilli(base).Add(10 * time.Minute) }

// world is stored profiles.
type world struct {
	store  *objstoretest.Mem
	index  *blockindextest.Mem
	blocks byte
}

// stack is a stack trace, root first, of which "a<b" is one location in which b
// was inlined into a; its value, and labels.
type stack struct {
	frames string
	value  int64
	labels []string
}

// pushed is a profile: its time is nanos after base.
type pushed struct {
	nanos  int64
	memory bool // else of CPU time
	labels profile.Labels
	stacks []stack
}

const milli = int64(time.Millisecond)

func labels(service string, more ...string) profile.Labels {
	return profile.NewLabels(append([]string{profile.LabelServiceName, service}, more...)...)
}

// newWorld stores the profiles that all tables are about.
func newWorld(t *testing.T) *world {
	w := &world{store: objstoretest.NewMem(), index: blockindextest.NewMem()}
	w.store.Now = clock
	trace := strings.Repeat("0", 31)
	merged := w.merge(t, "acme",
		w.segment(t, "acme", pushed{labels: labels("checkout", "pod", "a"), stacks: []stack{
			{"main;serve;pay", 500, nil}, {"main;serve<decode", 300, nil}, {"gc", 100, nil},
		}}),
		w.segment(t, "acme", pushed{nanos: 20_000 * milli, labels: labels("checkout", "pod", "b"), stacks: []stack{
			{"main;serve;pay", 40, []string{"span_id", "00000000000000ab", "trace_id", trace + "1"}},
		}}))
	w.segment(t, "acme", pushed{nanos: 30_000 * milli, labels: labels("cart", "pod", "c", "k8s.zone", "z1"), stacks: []stack{
		{"main;serve;list", 7000, []string{"span_id", "00000000000000ac", "trace_id", trace + "2"}},
	}})
	w.segment(t, "acme", pushed{nanos: 45_000 * milli, labels: labels("checkout", "pod", "a"), stacks: []stack{{"main;serve;pay", 59, nil}}},
		pushed{nanos: 45_000 * milli, memory: true, labels: labels("checkout", "pod", "a"), stacks: []stack{{"main;alloc", 4096, nil}}})
	edge := func(i int, nanos int64) pushed {
		return pushed{nanos: 100_000*milli + nanos, labels: labels("edges"), stacks: []stack{{"f", 10 << i, nil}}}
	}
	w.merge(t, "acme", w.segment(t, "acme", edge(0, -1), edge(1, 0)), w.segment(t, "acme", edge(2, milli-1), edge(3, milli)))
	w.segment(t, "acme", edge(4, 2*milli-1), edge(5, 2*milli))
	w.merge(t, "beta", w.segment(t, "beta", pushed{labels: labels("checkout", "pod", "z", "only_beta", "yes"),
		stacks: []stack{{"main;serve;pay", 1_000_000, nil}}}))
	require.Equal(t, 1, merged.Level)
	return w
}

// segment stores profiles as one block.
func (w *world) segment(t *testing.T, tenant profile.TenantID, all ...pushed) *block.Meta {
	b := block.NewBuilder(block.Options{})
	for _, p := range all {
		made, ls := p.build()
		var id profile.ID
		binary.BigEndian.PutUint64(id[:], uint64(base*milli+p.nanos))
		id[6], id[8], id[15] = 0x80, 0x80, byte(len(p.stacks))+tenant[0]
		require.NoError(t, b.Add(ls, id, made))
	}
	w.blocks++
	body, m, err := b.Build(tenant, ulid.ULID{15: w.blocks}.String(), 0, nil)
	require.NoError(t, err)
	require.NoError(t, w.store.Put(t.Context(), m.Key(), body))
	w.insert(t, m, nil)
	return m
}

// merge replaces blocks by one, as compaction does.
func (w *world) merge(t *testing.T, tenant profile.TenantID, from ...*block.Meta) *block.Meta {
	r, err := block.NewReader(w.store)
	require.NoError(t, err)
	w.blocks++
	into := block.Meta{Tenant: tenant, ID: ulid.ULID{15: w.blocks}.String(), Level: 1}
	m, err := r.Merge(t.Context(), from, into, block.DefaultMergeOptions(), w.store.Put)
	require.NoError(t, err)
	var sources []string
	for _, s := range from {
		sources = append(sources, s.ID)
	}
	w.insert(t, m, sources)
	return m
}

func (w *world) insert(t *testing.T, m *block.Meta, sources []string) {
	require.NoError(t, w.index.Insert(t.Context(), blockindex.Row{
		Tenant: m.Tenant, ID: m.ID, Level: m.Level, MinTime: m.MinTime, MaxTime: m.MaxTime,
		CommittedAt: base, Sources: sources, Detail: m.Append(nil),
	}))
}

// build makes a profile as the Go SDK sends it, and the labels it is pushed with.
func (p pushed) build() (*pprof.Profile, profile.Labels) {
	unit := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	types, name := []profile.ValueType{{Type: "samples", Unit: "count"}, unit}, "process_cpu"
	if p.memory {
		unit = profile.ValueType{Type: "space", Unit: "bytes"}
		types, name = []profile.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}}, "memory"
	}
	out := &pprof.Profile{
		Strings: []string{""}, SampleTypes: types, PeriodType: unit, Period: 10_000_000, TimeNanos: base*milli + p.nanos, DurationNanos: 1e9,
	}
	str := func(s string) uint32 {
		out.Strings = append(out.Strings, s)
		return uint32(len(out.Strings) - 1)
	}
	out.Mappings = []pprof.Mapping{{Start: 0x1000, Limit: 0x2000, Filename: str("/bin/app"), Flags: pprof.HasFunctions}}
	for _, s := range p.stacks {
		x := pprof.Sample{StackStart: uint32(len(out.Stacks)), LabelStart: uint32(len(out.Labels))}
		frames := strings.Split(s.frames, ";")
		for i := len(frames) - 1; i >= 0; i-- {
			out.Stacks = append(out.Stacks, uint32(len(out.Locations)))
			l := pprof.Location{Mapping: 1, FirstLine: uint32(len(out.Lines))}
			inlined := strings.Split(frames[i], "<")
			for j := len(inlined) - 1; j >= 0; j-- {
				name := str(inlined[j])
				out.Lines = append(out.Lines, pprof.Line{Function: uint32(len(out.Functions)), Line: int64(10 + len(inlined[j]))})
				out.Functions = append(out.Functions, pprof.Function{Name: name, SystemName: name, Filename: str(inlined[j] + ".go")})
				l.NumLines++
			}
			out.Locations = append(out.Locations, l)
		}
		for i := 0; i+1 < len(s.labels); i += 2 {
			out.Labels = append(out.Labels, pprof.SampleLabel{Key: str(s.labels[i]), Value: str(s.labels[i+1])})
		}
		x.StackEnd, x.LabelEnd = uint32(len(out.Stacks)), uint32(len(out.Labels))
		out.Samples = append(out.Samples, x)
		out.Values = append(out.Values, s.value/10, s.value)
	}
	out.Normalize()
	return out, p.labels.With(profile.LabelName, name)
}

// noPresigner is for functions that nobody asks for uploads.
type noPresigner struct{}

func (noPresigner) PresignPut(context.Context, string, int64, time.Duration) (objstore.PresignedPut, error) {
	return objstore.PresignedPut{}, context.Canceled
}

// serve puts the functions together, with environment variables as in "NAME=value",
// and returns the URL at which the gateway serves them.
func (w *world) serve(t *testing.T, variables ...string) string {
	lookup := func(name string) (string, bool) {
		for _, v := range variables {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}
	h := assembly.Host{Log: slog.New(slog.DiscardHandler), Now: clock}
	facts := recordstest.NewMem()
	facts.Now = clock
	queryConfig, err := config.LoadQuery(lookup)
	require.NoError(t, err)
	memory := bytecache.New(queryConfig.CacheBytes)
	worker, err := assembly.LocalWorker(h, w.store, memory)
	require.NoError(t, err)
	workers := localbackend.New(worker, w.store, time.Now)
	queries, err := assembly.Query(h, queryConfig, assembly.QueryParts{
		Store: w.store, Index: w.index, Records: facts, Workers: workers, Starter: workers, Memory: memory,
	})
	require.NoError(t, err)
	return listen(t, queries, w.ingest(t, h, lookup))
}

func (w *world) ingest(t *testing.T, h assembly.Host, lookup config.Lookup) lambdahost.HTTPFunc {
	c, err := config.LoadIngest(lookup)
	require.NoError(t, err)
	f, err := assembly.Ingest(h, c, []queue.Sender{queuetest.NewMem(clock)}, w.store, noPresigner{}, recordstest.NewMem())
	require.NoError(t, err)
	return f
}

func listen(t *testing.T, queries, others lambdahost.HTTPFunc) string {
	routes := []gateway.Route{{Key: gateway.DefaultKey, Function: others}}
	for _, key := range assembly.QueryRoutes() {
		routes = append(routes, gateway.Route{Key: key, Function: queries})
	}
	handler, err := gateway.New(routes, gateway.Options{Now: clock})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
