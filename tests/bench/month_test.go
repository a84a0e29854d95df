package bench

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

const (
	monthDays     = 30
	monthInterval = time.Minute
)

// month is the CPU profiles of the pods of one service over 30 days, in the
// blocks of the last level that the policy makes of hourly ones.
type month struct {
	store  *objstoretest.Mem
	index  *blockindextest.Mem
	reader *block.Reader
	now    time.Time
	start  time.Time
	typ    profile.Type
	n      int
}

func newMonth(b *testing.B, pods int) *month {
	m := &month{
		store: objstoretest.NewMem(), index: blockindextest.NewMem(), start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		typ: profile.Type{Name: "process_cpu", Sample: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}},
	}
	var err error
	m.reader, err = block.NewReader(readstats.Reader(m.store))
	require.NoError(b, err)
	c, err := fixtureCorpus(fixturesDir, 1)
	require.NoError(b, err)
	src, err := c.open()
	require.NoError(b, err)
	fixture := src.(*fixtureSource).fixtures[0][0]
	fixture.Normalize()
	compactor := compaction.New(compaction.DefaultPolicy(), compaction.Deps{
		Store: m.store, Index: m.index, Blocks: m.reader, Now: func() time.Time { return m.now }, Log: slog.New(slog.DiscardHandler),
	})
	r := rand.New(rand.NewPCG(1, 3))
	for hour := range monthDays * 24 {
		m.now = m.start.Add(time.Duration(hour) * time.Hour)
		m.hour(b, r, fixture, pods)
		if m.now = m.now.Add(5 * time.Hour); hour%6 == 5 {
			_, err := compactor.RunAll(b.Context())
			require.NoError(b, err)
		}
	}
	return m
}

// hour stores the profiles of an hour as a block of level 2.
func (m *month) hour(b *testing.B, r *rand.Rand, fixture *pprof.Profile, pods int) {
	builder := block.NewBuilder(block.Options{Slice: 15 * time.Minute})
	for minute := range int(time.Hour / monthInterval) {
		for pod := range pods {
			at := m.now.Add(time.Duration(minute)*monthInterval + time.Duration(1+pod*50)*time.Millisecond)
			p := varied(r, fixture, at)
			labels := profile.NewLabels(profile.LabelName, "process_cpu", profile.LabelServiceName, "svc", "pod", fmt.Sprintf("svc-%d", pod))
			m.n++
			id := profile.ID{byte(m.n >> 24), byte(m.n >> 16), byte(m.n >> 8), byte(m.n)}
			for i := 4; i < len(id); i++ {
				id[i] = byte(r.Uint32())
			}
			require.NoError(b, builder.Add(labels, id, p))
		}
	}
	body, meta, err := builder.Build("acme", ulid.MustNew(ulid.Timestamp(m.now), nil).String(), 2, nil)
	require.NoError(b, err)
	require.NoError(b, m.store.Put(b.Context(), meta.Key(), body))
	require.NoError(b, m.index.Insert(b.Context(), blockindex.Row{
		Tenant: "acme", ID: meta.ID, Level: 2, MinTime: meta.MinTime, MaxTime: meta.MaxTime, CommittedAt: m.now.UnixMilli(), Detail: meta.Append(nil),
	}))
}

// varied returns a profile with the stacks of another and other values, some of
// them none: whole ticks of 10 ms.
func varied(r *rand.Rand, p *pprof.Profile, at time.Time) *pprof.Profile {
	out := *p
	out.TimeNanos = at.UnixNano()
	out.Samples, out.Values = nil, nil
	for i := range p.Samples {
		if r.IntN(4) > 0 {
			ticks := 1 + p.Values[2*i]*r.Int64N(1000)/500
			out.Samples, out.Values = append(out.Samples, p.Samples[i]), append(out.Values, ticks, ticks*1e7)
		}
	}
	return &out
}

// blocks returns the blocks that count.
func (m *month) blocks(b *testing.B) []*block.Meta {
	rows, err := m.index.Find(b.Context(), "acme", 0, m.now.Add(time.Hour).UnixNano())
	require.NoError(b, err)
	var out []*block.Meta
	for _, row := range blockindex.WithoutReplaced(rows) {
		meta, err := block.ParseMeta(row.Detail)
		require.NoError(b, err)
		out = append(out, meta)
	}
	return out
}

// BenchmarkMonth reads the flame graph of a service over 30 days, from sums and
// from profiles.
func BenchmarkMonth(b *testing.B) {
	for _, pods := range []int{4, 12} {
		m := newMonth(b, pods)
		sel, err := selector.Parse(`{service_name="svc"}`)
		require.NoError(b, err)
		summed := m.blocks(b)
		require.Len(b, summed, monthDays*4)
		plain := make([]*block.Meta, len(summed))
		for i, s := range summed {
			without := *s
			without.Sums = nil
			plain[i] = &without
		}
		for name, blocks := range map[string][]*block.Meta{"sums": summed, "profiles": plain} {
			b.Run(fmt.Sprintf("pods=%d/%s", pods, name), func(b *testing.B) {
				q := engine.Query{Selector: sel, Type: m.typ, From: m.start.UnixNano(), To: m.now.UnixNano()}
				e := engine.New(m.reader)
				var n *readstats.Counter
				cpu := startMeter(b)
				for b.Loop() {
					n = new(readstats.Counter)
					_, err := e.Tree(readstats.With(b.Context(), n), blocks, q)
					require.NoError(b, err)
				}
				cpu.report()
				got := n.Counts()
				b.ReportMetric(float64(got.Bytes), "bytes-read")
				b.ReportMetric(float64(got.Requests), "requests")
				b.ReportMetric(float64(m.symbols(b, blocks, q)), "of-symbols")
			})
		}
		var size int64
		for _, x := range summed {
			size += x.Size
		}
		b.Logf("%d pods: %d blocks, %d bytes, sums %v in the last", pods, len(summed), size, summed[len(summed)-1].Sums)
	}
}

// symbols is how many of the bytes are tables of contents and symbols.
func (m *month) symbols(b *testing.B, blocks []*block.Meta, q engine.Query) int64 {
	n := new(readstats.Counter)
	req := block.Request{Type: &q.Type, From: q.From, To: q.To, Sums: func(int64) bool { return true }, Need: block.NeedNames}
	for _, x := range blocks {
		require.NoError(b, m.reader.Read(readstats.With(b.Context(), n), x, req, func(*block.Dataset) error { return nil }))
	}
	return n.Counts().Bytes
}
