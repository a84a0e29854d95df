package recovery_test

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// world is a store and an index with blocks of two tenants, of all levels.
type world struct {
	t     *testing.T
	store *objstoretest.Mem
	index *blockindextest.Mem
	r     *rand.Rand
	ids   *ulid.MonotonicEntropy
	now   time.Time
}

var tenants = []profile.TenantID{"acme", "rival"}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, store: objstoretest.NewMem(), index: blockindextest.NewMem(), r: rand.New(rand.NewPCG(seed, 3)),
		now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC),
	}
	w.ids = ulid.Monotonic(rand.NewChaCha8([32]byte{byte(seed)}), 0)
	w.store.Now = func() time.Time { return w.now }
	return w
}

func (w *world) deps() recovery.Deps {
	return recovery.Deps{
		Store: w.store, Index: w.index, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler), Parallel: 4,
	}
}

func (w *world) push(tenant profile.TenantID, n int) blockindex.Row {
	b := block.NewBuilder(block.Options{})
	for _, p := range blocktest.Random(w.r, n, 1) {
		p.Profile.TimeNanos = w.now.UnixNano() - w.r.Int64N(int64(time.Minute))
		require.NoError(w.t, b.Add(p.Labels, p.ID, p.Profile))
	}
	body, m, err := b.Build(tenant, ulid.MustNew(ulid.Timestamp(w.now), w.ids).String(), 0, nil)
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Put(w.t.Context(), m.Key(), body))
	r := blockindex.Row{
		Tenant: tenant, ID: m.ID, MinTime: m.MinTime, MaxTime: m.MaxTime, CommittedAt: w.now.UnixMilli(), Detail: m.Append(nil),
	}
	require.NoError(w.t, w.index.Insert(w.t.Context(), r))
	return r
}

func policy() compaction.Policy {
	p := compaction.DefaultPolicy()
	p.Levels[0].Blocks, p.Levels[1].Blocks = 4, 3
	p.Merge.VolumeBytes = 4 << 10 // so that blocks have several objects
	return p
}

func (w *world) compactor() *compaction.Compactor {
	reader, err := block.NewReader(w.store)
	require.NoError(w.t, err)
	return compaction.New(policy(), compaction.Deps{
		Store: w.store, Index: w.index, Blocks: reader, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
}

func (w *world) sweep() {
	s := sweep.New(sweep.DefaultSettings(), sweep.Deps{
		Store: w.store, Index: w.index, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	_, err := s.Orphans(w.t.Context())
	require.NoError(w.t, err)
	_, err = s.Rows(w.t.Context())
	require.NoError(w.t, err)
}

// fill pushes for a while, and merges and sweeps now and then.
func (w *world) fill() {
	for i := range 40 {
		w.push(tenants[i%2], 2)
		w.now = w.now.Add(time.Second)
		if i%11 == 10 {
			_, err := w.compactor().RunAll(w.t.Context())
			require.NoError(w.t, err)
		}
		if i == 25 {
			w.now = w.now.Add(20 * time.Minute)
			w.sweep()
		}
	}
}

// rows are a tenant's rows by id, as far as a rebuilt index has them: without
// the time of commit, and without sources that are gone.
func (w *world) rows(tenant profile.TenantID) map[string]blockindex.Row {
	all, err := w.index.All(w.t.Context(), tenant)
	require.NoError(w.t, err)
	out := make(map[string]blockindex.Row)
	for _, r := range all {
		out[r.ID] = r
	}
	for id, r := range out {
		var sources []string
		for _, s := range r.Sources {
			if _, ok := out[s]; ok {
				sources = append(sources, s)
			}
		}
		r.Sources, r.CommittedAt = sources, 0
		out[id] = r
	}
	return out
}

// found are the ids of the blocks that a query of all of time reads.
func (w *world) found(tenant profile.TenantID) []string {
	rows, err := w.index.Find(w.t.Context(), tenant, 0, math.MaxInt64)
	require.NoError(w.t, err)
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// answer is the sum of all CPU time of a tenant.
func (w *world) answer(tenant profile.TenantID) int64 {
	rows, err := w.index.Find(w.t.Context(), tenant, 0, math.MaxInt64)
	require.NoError(w.t, err)
	var metas []*block.Meta
	for _, r := range rows {
		m, err := block.ParseMeta(r.Detail)
		require.NoError(w.t, err)
		metas = append(metas, m)
	}
	reader, err := block.NewReader(w.store)
	require.NoError(w.t, err)
	ns := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	tree, err := engine.New(reader).Tree(w.t.Context(), metas, engine.Query{
		Type: profile.Type{Name: "process_cpu", Sample: ns, Period: ns}, To: math.MaxInt64,
	})
	require.NoError(w.t, err)
	return tree.Total()
}

// overtaken writes the object of a job that does not commit.
func (w *world) overtaken(sources []blockindex.Row) {
	jobs, err := compaction.Plan(w.now, sources, compaction.DefaultPolicy())
	require.NoError(w.t, err)
	other := blockindextest.NewMem()
	for _, r := range sources {
		require.NoError(w.t, other.Insert(w.t.Context(), r))
	}
	index := w.index
	w.index = other
	_, err = w.compactor().Run(w.t.Context(), jobs[0])
	w.index = index
	require.NoError(w.t, err)
}

// sweepRows sweeps what was replaced, and no orphans.
func (w *world) sweepRows() {
	s := sweep.New(sweep.DefaultSettings(), sweep.Deps{
		Store: w.store, Index: w.index, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	_, err := s.Rows(w.t.Context())
	require.NoError(w.t, err)
}

// detail replaces what a row says.
func (w *world) detail(r blockindex.Row, detail []byte) {
	require.NoError(w.t, w.index.Delete(w.t.Context(), r.Tenant, r.ID))
	r.Detail = detail
	require.NoError(w.t, w.index.Insert(w.t.Context(), r))
}

// flip damages a byte of a row's object, counted from its end if it is negative.
func (w *world) flip(r blockindex.Row, at int) {
	key := block.Key(r.Tenant, r.ID)
	body, err := w.store.Get(w.t.Context(), key)
	require.NoError(w.t, err)
	if at < 0 {
		at += len(body)
	}
	body[at] ^= 1
	require.NoError(w.t, w.store.Delete(w.t.Context(), key))
	require.NoError(w.t, w.store.Put(w.t.Context(), key, body))
}
