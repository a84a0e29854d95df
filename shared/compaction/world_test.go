package compaction_test

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
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
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// cpu is the profile type that the tests ask for.
var cpu = profile.Type{
	Name: "process_cpu", Sample: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
}

// world is a store and an index that fail as a plan says, on a clock that only
// moves when it is moved, and what was written to them.
type world struct {
	t      testing.TB
	plan   *faultplan.Plan
	mem    *objstoretest.Mem
	index  *blockindextest.Mem
	engine *engine.Engine // reads without faults
	faults *objstoretest.Faults
	reader *block.Reader // with faults
	r      *rand.Rand
	ids    *ulid.MonotonicEntropy
	rules  compaction.Retention // nil: all counts

	mu  sync.Mutex
	now time.Time

	truth map[profile.TenantID][]blocktest.Row
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{
		t: t, plan: faultplan.New(), mem: objstoretest.NewMem(), index: blockindextest.NewMem(),
		r: rand.New(rand.NewPCG(seed, 7)), now: noon.Add(10 * time.Minute), truth: make(map[profile.TenantID][]blocktest.Row),
	}
	w.ids = ulid.Monotonic(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), 0)
	w.mem.Now = w.clock
	reader, err := block.NewReader(w.mem)
	require.NoError(t, err)
	w.engine = engine.New(reader)
	w.faults = objstoretest.NewFaultsOf(w.plan, w.mem)
	w.reader, err = block.NewReader(w.faults)
	require.NoError(t, err)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// policy is the one by default with fewer blocks, so that few make much happen.
func policy() compaction.Policy {
	p := compaction.DefaultPolicy()
	p.Levels[0].Blocks, p.Levels[1].Blocks, p.Levels[2].Blocks = 5, 3, 3
	// Blocks of a few profiles have several volumes, shards and row groups.
	p.Merge.VolumeBytes, p.Merge.ShardBytes, p.Merge.FetchBytes, p.Merge.PartSamples = 24<<10, 8<<10, 16<<10, 40
	return p
}

// compactor returns a new compactor, as a new process would have it.
func (w *world) compactor() *compaction.Compactor { return w.compactorOf(policy()) }

func (w *world) compactorOf(p compaction.Policy) *compaction.Compactor {
	return compaction.New(p, compaction.Deps{
		Store: w.faults, Index: blockindextest.NewFaultsOf(w.plan, w.index), Blocks: w.reader, Retention: w.rules, Now: w.clock,
		Log: slog.New(slog.DiscardHandler), Sleep: func(time.Duration) {},
	})
}

func (w *world) sweeper(s sweep.Settings) *sweep.Sweeper {
	return sweep.New(s, sweep.Deps{
		Store: objstoretest.NewFaultsOf(w.plan, w.mem), Index: blockindextest.NewFaultsOf(w.plan, w.index),
		Retention: w.rules, Now: w.clock, Log: slog.New(slog.DiscardHandler),
	})
}

// push stores random profiles of up to age before now as a segment.
func (w *world) push(tenant profile.TenantID, n int, age time.Duration) blockindex.Row {
	now := w.clock()
	b := block.NewBuilder(block.Options{})
	pushed := blocktest.Random(w.r, n, 1)
	for i := range pushed {
		pushed[i].Profile.TimeNanos = now.UnixNano() - w.r.Int64N(int64(age))
		require.NoError(w.t, b.Add(pushed[i].Labels, pushed[i].ID, pushed[i].Profile))
	}
	body, meta, err := b.Build(tenant, ulid.MustNew(ulid.Timestamp(now), w.ids).String(), 0, nil)
	require.NoError(w.t, err)
	require.NoError(w.t, w.mem.Put(w.t.Context(), meta.Key(), body))
	row := blockindex.Row{
		Tenant: tenant, ID: meta.ID, MinTime: meta.MinTime, MaxTime: meta.MaxTime, CommittedAt: now.UnixMilli(), Detail: meta.Append(nil),
	}
	require.NoError(w.t, w.index.Insert(w.t.Context(), row))
	w.truth[tenant] = append(w.truth[tenant], blocktest.Rows(pushed)...)
	return row
}

// wanted is the sum of all values of a type that were pushed.
func (w *world) wanted(tenant profile.TenantID, from, to int64) (sum int64) {
	for i := range w.truth[tenant] {
		if x := &w.truth[tenant][i]; x.Type == cpu && from <= x.TimeNanos && x.TimeNanos <= to {
			sum += x.Value
		}
	}
	return sum
}

// answer is the sum that a query gives, with the steps of one: find the blocks,
// then read them. between is called between the two.
func (w *world) answer(tenant profile.TenantID, from, to int64, between func()) (int64, error) {
	rows, err := w.index.Find(w.t.Context(), tenant, from, to)
	if err != nil {
		return 0, err
	}
	var metas []*block.Meta
	for i := range rows {
		m, err := block.ParseMeta(rows[i].Detail)
		if err != nil {
			return 0, err
		}
		metas = append(metas, m)
	}
	if between != nil {
		between()
	}
	tree, err := w.engine.Tree(w.t.Context(), metas, engine.Query{Type: cpu, From: from, To: to})
	if err != nil {
		return 0, err
	}
	return tree.Total(), nil
}

func (w *world) requireAnswers(what string) {
	w.t.Helper()
	for tenant := range w.truth {
		got, err := w.answer(tenant, 0, math.MaxInt64, nil)
		require.NoError(w.t, err, what)
		require.Equal(w.t, w.wanted(tenant, 0, math.MaxInt64), got, "%s: tenant %s", what, tenant)
	}
}

// blocks returns the rows that queries read, of all of time.
func (w *world) blocks(tenant profile.TenantID) []blockindex.Row {
	rows, err := w.index.Find(w.t.Context(), tenant, 0, math.MaxInt64)
	require.NoError(w.t, err)
	return rows
}

func (w *world) keys() []string {
	var out []string
	infos, err := w.mem.List(w.t.Context(), "", "", 1000)
	require.NoError(w.t, err)
	for _, i := range infos {
		out = append(out, i.Key)
	}
	return out
}

// requireTidy checks that rows name all objects that there are.
func (w *world) requireTidy(what string) {
	w.t.Helper()
	var want []string
	for tenant := range w.truth {
		rows, err := w.index.All(w.t.Context(), tenant)
		require.NoError(w.t, err)
		for _, r := range rows {
			m, err := block.ParseMeta(r.Detail)
			require.NoError(w.t, err)
			want = append(want, m.Keys()...)
		}
	}
	require.ElementsMatch(w.t, want, w.keys(), what)
}

// levels counts the blocks that queries read by level.
func (w *world) levels(tenant profile.TenantID) string {
	counts := make([]int, 4)
	for _, r := range w.blocks(tenant) {
		counts[r.Level]++
	}
	return fmt.Sprint(counts)
}
