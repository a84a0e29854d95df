// Package querybackendtest checks what the page of package querybackend
// promises, sentence by sentence, on any adapter.
package querybackendtest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// Worker answers calls, as what stands behind an adapter does.
type Worker func(context.Context, querybackend.Call) (querybackend.Reply, error)

// Open returns a backend whose requests the worker answers; large answers are
// in the store.
type Open func(t *testing.T, worker Worker, store Store) querybackend.Backend

// Store is what adapters use of an object store.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// Run checks that a backend keeps the contract.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"the report is that of the engine", testEquality},
		{"an answer from no blocks is an answer", testNoBlocks},
		{"blocks that are not there are named", testGone},
		{"blocks that cannot be read are named", testFailed},
		{"a corrupt block fails the request", testCorrupt},
		{"a request is of one tenant", testTenancy},
		{"too many points are ErrTooManyPoints", testPoints},
		{"a large request is ErrTooLarge", testTooLarge},
		{"a large answer comes through the store", testLargeAnswer},
		{"an answer from elsewhere is refused", testForeignAnswer},
		{"a worker that dies is ErrWorker", testWorkerDies},
		{"cancellation ends asking early", testCancelled},
		{"the worker knows the deadline", testDeadline},
		{"many may ask at once, and again", testConcurrency},
		{"an answer tells what it took", testStats},
		{"started", testStarted},
		{"started badly", testStartedBadly},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newWorld(t, open)) })
	}
}

const tenant profile.TenantID = "acme"

// world is stored blocks and a worker that answers from them.
type world struct {
	open    Open
	store   *objstoretest.Mem
	broken  sync.Map // keys that cannot be read
	engine  *engine.Engine
	blocks  []*block.Meta
	foreign *block.Meta // of another tenant
	ids     int
}

func newWorld(t *testing.T, open Open) *world {
	w := &world{open: open, store: objstoretest.NewMem()}
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 5 {
		w.blocks = append(w.blocks, w.put(t, r, tenant, i+1))
	}
	w.foreign = w.put(t, r, "beta", 99)
	reader, err := block.NewReader(readstats.Reader(w))
	require.NoError(t, err)
	w.engine = engine.New(reader)
	return w
}

func (w *world) put(t *testing.T, r *rand.Rand, owner profile.TenantID, n int) *block.Meta {
	b := block.NewBuilder(block.Options{})
	for _, p := range blocktest.Random(r, 30, 60) {
		require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
	}
	body, m, err := b.Build(owner, ulid.ULID{15: byte(n)}.String(), 0, nil)
	require.NoError(t, err)
	require.NoError(t, w.store.Put(t.Context(), m.Key(), body))
	return m
}

// Put implements objstore.Putter.
func (w *world) Put(ctx context.Context, key string, body []byte) error {
	return w.store.Put(ctx, key, body)
}

// Get implements objstore.Reader.
func (w *world) Get(ctx context.Context, key string) ([]byte, error) {
	if err, ok := w.broken.Load(key); ok {
		return nil, err.(error)
	}
	return w.store.Get(ctx, key)
}

// GetRange implements objstore.Reader.
func (w *world) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	if err, ok := w.broken.Load(key); ok {
		return nil, err.(error)
	}
	return w.store.GetRange(ctx, key, offset, length)
}

// worker returns a worker that returns answers of so many bytes by itself.
func (w *world) worker(answerBytes int) Worker {
	var mu sync.Mutex
	return queryworker.New(queryworker.Settings{AnswerBytes: answerBytes}, queryworker.Deps{
		Engine: w.engine, Store: w.store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		NewID: func() string {
			mu.Lock()
			defer mu.Unlock()
			w.ids++
			return fmt.Sprint(w.ids)
		},
	}).Answer
}

// backend returns the adapter with the usual worker behind it.
func (w *world) backend(t *testing.T) querybackend.Backend {
	return w.open(t, w.worker(querybackend.MaxInlineBytes), w)
}

func (w *world) request(task engine.Task) *querybackend.Request {
	return &querybackend.Request{Tenant: tenant, Query: "q-1", Task: task, Blocks: w.blocks}
}

func cpu() engine.Query {
	unit := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	return engine.Query{
		Type: profile.Type{Name: "process_cpu", Sample: unit, Period: unit},
		From: blocktest.Start, To: blocktest.Start + int64(time.Hour),
	}
}

func buckets() engine.Buckets {
	return engine.Buckets{Start: blocktest.Start / 1e6, Step: 60_000, Count: 61}
}

func tree() engine.Task { return engine.Task{Want: engine.WantTree, Query: cpu()} }

func tasks() map[string]engine.Task {
	by := engine.Grouping{
		GroupBy: []string{"pod"}, Exemplars: true, Values: engine.ValueRange{Max: 1 << 42}, Buckets: buckets(),
	}
	return map[string]engine.Task{
		"tree":   tree(),
		"merged": {Want: engine.WantMerged, Query: cpu()},
		"series": {Want: engine.WantSeries, Query: cpu(), Grouping: by},
		"labels": {Want: engine.WantLabels, Query: cpu()},
		"values": {Want: engine.WantValues, Query: cpu(), Grouping: by},
		"heat":   {Want: engine.WantHeat, Query: cpu(), Grouping: by},
	}
}
