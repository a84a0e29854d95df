package segment_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// world is a queue, a store and an index that fail as a plan says, on a clock
// that only moves when somebody waits.
type world struct {
	t     *testing.T
	plan  *faultplan.Plan
	mem   *objstoretest.Mem
	index *blockindextest.Mem
	queue *queuetest.Mem
	codec *envelope.Codec

	mu  sync.Mutex
	now time.Time

	sent map[profile.TenantID]int64 // the sum of all values that were pushed
	n    int
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, plan: faultplan.New(), mem: objstoretest.NewMem(), index: blockindextest.NewMem(),
		now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), sent: map[profile.TenantID]int64{},
	}
	var err error
	w.codec, err = envelope.NewCodec()
	require.NoError(t, err)
	w.queue = queuetest.NewMem(w.clock)
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

func settings() segment.Settings {
	s := segment.DefaultSettings()
	s.Receivers = 2
	return s
}

// drainer returns a new drainer, as a new process would have it.
func (w *world) drainer() *segment.Drainer {
	store := objstoretest.NewFaultsOf(w.plan, w.mem)
	reader, err := block.NewReader(store)
	require.NoError(w.t, err)
	return segment.New(settings(), segment.Deps{
		Queue: plannedQueue{w, w.queue}, Store: store, Index: blockindextest.NewFaultsOf(w.plan, w.index), Blocks: reader,
		Codec: w.codec, Now: w.clock, Log: slog.New(slog.DiscardHandler), Sleep: w.advance,
	})
}

// plannedQueue is the queue under the plan. Its waits take no time but move
// the clock.
type plannedQueue struct {
	w     *world
	inner *queuetest.Mem
}

func (q plannedQueue) Receive(ctx context.Context, max int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	var ds []queue.Delivery
	err := q.w.plan.Do("queue.Receive", "", func() (err error) {
		ds, err = q.inner.Receive(ctx, max, 0, visibility)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(ds) == 0 {
		q.w.advance(wait)
	}
	return ds, nil
}

func (q plannedQueue) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	return q.all("queue.Extend", handles, func() []error { return q.inner.Extend(ctx, handles, visibility) })
}

func (q plannedQueue) Delete(ctx context.Context, handles []string) []error {
	return q.all("queue.Delete", handles, func() []error { return q.inner.Delete(ctx, handles) })
}

func (q plannedQueue) all(op faultplan.Op, handles []string, do func() []error) []error {
	err := q.w.plan.Do(op, fmt.Sprint(len(handles)), func() error { return queue.First(do()) })
	if err == nil {
		return nil
	}
	errs := make([]error, len(handles))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// send puts a message on the queue as ingest would.
func (w *world) send(e *envelope.Envelope) {
	w.n++
	errs := w.queue.Send(w.t.Context(), []queue.Message{{
		Group: fmt.Sprintf("g%d", w.n%5), DedupID: fmt.Sprintf("%s-%d", e.ID, w.n), Body: e.Append(nil),
	}})
	require.NoError(w.t, queue.First(errs))
}

// push sends a profile of now; byReference puts it into the store first.
func (w *world) push(tenant profile.TenantID, value int64, byReference bool) *envelope.Envelope {
	return w.pushAt(tenant, value, w.clock(), byReference)
}

// pushAt sends a profile of a time.
func (w *world) pushAt(tenant profile.TenantID, value int64, at time.Time, byReference bool) *envelope.Envelope {
	p := &pprof.Profile{
		SampleTypes: []profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}, TimeNanos: at.UnixNano(),
		Strings: []string{"", "main.main", "endpoint", "/a"}, Functions: []pprof.Function{{Name: 1}},
		Locations: []pprof.Location{{NumLines: 1}}, Lines: []pprof.Line{{}}, Stacks: []uint32{0},
		Samples: []pprof.Sample{{StackEnd: 1}, {StackEnd: 1, LabelEnd: 1}}, Values: []int64{value, value},
		Labels: []pprof.SampleLabel{{Key: 2, Value: 3}},
	}
	ls := profile.NewLabels(profile.LabelName, "process_cpu", profile.LabelServiceName, "api")
	plain := p.AppendEncode(nil)
	e := &envelope.Envelope{
		Tenant: tenant, ID: profile.PushID(tenant, ls, int64(w.n), plain), ReceivedAt: w.clock().UnixMilli(),
		Labels: ls, Packed: w.codec.Pack(plain),
	}
	if byReference {
		e.Key = envelope.Key(tenant, e.ID)
		require.NoError(w.t, w.mem.Put(w.t.Context(), e.Key, e.Packed))
		e.Packed = nil
	}
	w.send(e)
	w.sent[tenant] += 2 * value
	return e
}

// stored returns the sum of all values that queries of a tenant see.
func (w *world) stored(tenant profile.TenantID) int64 {
	rows, err := w.index.Find(w.t.Context(), tenant, 0, math.MaxInt64)
	require.NoError(w.t, err)
	var metas []*block.Meta
	for _, r := range rows {
		m, err := block.ParseMeta(r.Detail)
		require.NoError(w.t, err)
		require.Equal(w.t, tenant, m.Tenant)
		metas = append(metas, m)
	}
	reader, err := block.NewReader(w.mem)
	require.NoError(w.t, err)
	typ := profile.Type{Name: "process_cpu", Sample: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}}
	tree, err := engine.New(reader).Tree(w.t.Context(), metas, engine.Query{Type: typ, To: math.MaxInt64})
	require.NoError(w.t, err)
	return tree.Total()
}

// keys lists the store's objects below a prefix.
func (w *world) keys(prefix string) []string {
	infos, err := w.mem.List(w.t.Context(), prefix, "", 1000)
	require.NoError(w.t, err)
	var out []string
	for _, i := range infos {
		out = append(out, i.Key)
	}
	return out
}

// merge replaces all blocks of a tenant by one and deletes them.
func (w *world) merge(tenant profile.TenantID) {
	ctx := w.t.Context()
	rows, err := w.index.Find(ctx, tenant, 0, math.MaxInt64)
	require.NoError(w.t, err)
	reader, err := block.NewReader(w.mem)
	require.NoError(w.t, err)
	var ids []string
	var from []*block.Meta
	for _, r := range rows {
		m, err := block.ParseMeta(r.Detail)
		require.NoError(w.t, err)
		from, ids = append(from, m), append(ids, r.ID)
	}
	into := block.Meta{Tenant: tenant, ID: ulid.ULID{15: 1}.String(), Level: 1, Sources: ids}
	meta, err := reader.Merge(ctx, from, into, block.DefaultMergeOptions(), w.mem.Put)
	require.NoError(w.t, err)
	require.NoError(w.t, w.index.Insert(ctx, blockindex.Row{
		Tenant: tenant, ID: meta.ID, Level: 1, MinTime: meta.MinTime, MaxTime: meta.MaxTime,
		CommittedAt: w.clock().UnixMilli(), Sources: ids, Detail: meta.Append(nil),
	}))
	require.NoError(w.t, w.index.Delete(ctx, tenant, ids...))
	for _, id := range ids {
		require.NoError(w.t, w.mem.Delete(ctx, block.Key(tenant, id)))
	}
}
