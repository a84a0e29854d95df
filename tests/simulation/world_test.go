package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
)

// cpu is the profile type of all profiles.
var cpu = profile.Type{
	Name: "process_cpu", Sample: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
}

var tenants = []profile.TenantID{"acme", "rival"}

// world is a deployment and those who use it.
type world struct {
	t      *testing.T
	r      *rand.Rand // of the stage's goroutine
	stage  *stage
	truth  *truth
	codec  *envelope.Codec
	queues []*queuetest.Mem
	store  *objstoretest.Mem
	index  *blockindextest.Mem
	sabotage

	visibility time.Duration // of what drainers receive
	timeout    time.Duration // of drainers

	pace time.Duration // of processes

	seed    uint64
	numbers int          // of scheduled processes
	active  atomic.Int64 // clients and processes that have not ended
	clients atomic.Int64 // clients that have not ended
}

// sabotage breaks the contracts for drainers, to see that it is noticed. The
// zero value does nothing.
type sabotage struct {
	store func(*process, drainerStore) drainerStore
	index func(*process, blockindex.Index) blockindex.Index
	queue func(*process, queue.Receiver) queue.Receiver
	soakSabotage
}

// drainerStore is what a drainer needs of a store.
type drainerStore interface {
	objstore.Reader
	objstore.Writer
}

// shared is what histories share, because it is costly to make.
type shared struct{ codec *envelope.Codec }

func newShared(t *testing.T) *shared {
	codec, err := envelope.NewCodec()
	require.NoError(t, err)
	// It makes what it needs with the first call: not within a bubble.
	_, err = codec.Unpack(codec.Pack([]byte("warm")), nil)
	require.NoError(t, err)
	return &shared{codec}
}

func newWorld(t *testing.T, s *shared, seed uint64, b sabotage) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{
		t: t, r: r, stage: newStage(r), truth: newTruth(), codec: s.codec,
		store: objstoretest.NewMem(), index: blockindextest.NewMem(), sabotage: b, seed: seed,
	}
	for range 1 + r.IntN(2) {
		w.queues = append(w.queues, queuetest.NewMem(nil))
	}
	// A drainer that is stopped in time cannot hold messages for longer than the
	// timeout; one with time can.
	w.visibility, w.timeout = 90*time.Second, 75*time.Second
	if r.IntN(2) == 0 {
		w.visibility, w.timeout = 30*time.Second, 15*time.Minute
	}
	return w
}

// process returns a new process, whose clock is a little wrong. Its number is
// its alone.
func (w *world) process(name string, number int) *process {
	p := &process{stage: w.stage, world: w, name: name, number: number, r: rand.New(rand.NewPCG(w.seed, uint64(number)))}
	p.pace = w.pace
	p.skew = time.Duration(p.r.Int64N(int64(2*maxSkew))) - maxSkew
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	return p
}

// maxSkew is how wrong a clock may be.
const maxSkew = 2 * time.Second

// spawn runs a process, of the actor's kind, in the background.
func (w *world) spawn(name string, actor func(*process) (timeout time.Duration, run func(context.Context) error)) *process {
	w.numbers++
	p := w.process(name, w.numbers)
	timeout, run := actor(p)
	ctx, cancel := context.WithTimeout(p.ctx, timeout)
	w.stage.logf("%v begins", p)
	w.background(func() {
		defer cancel()
		err := run(ctx)
		w.stage.end(p, err)
	})
	return p
}

// background runs what the history waits for at its end.
func (w *world) background(f func()) {
	w.active.Add(1)
	go func() {
		defer w.stage.ring()
		defer w.active.Add(-1)
		f()
	}()
}

func (p *process) queue(i int) stagedQueue {
	return stagedQueue{p, p.world.queues[i], fmt.Sprint("queue", i)}
}
func (p *process) store() stagedStore      { return stagedStore{p, p.world.store} }
func (p *process) index() blockindex.Index { return stagedIndex{p.world.index, p} }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// ask answers a question with the steps of a query and compares the answer.
func (w *world) ask(ctx context.Context, p *process, q question, must map[string]bool) {
	answer, err := answer(ctx, p, q)
	if err != nil {
		w.truth.failed(fmt.Errorf("%v asks for tenant %s from %v to %v: %w", p, q.tenant, q.from, q.to, err))
		return
	}
	w.truth.compare(q, answer, must)
}

func answer(ctx context.Context, p *process, q question) (map[string]int64, error) {
	return answerFrom(ctx, p.index(), p.store(), q)
}

func answerFrom(ctx context.Context, index blockindex.Index, store objstore.Reader, q question) (map[string]int64, error) {
	rows, err := index.Find(ctx, q.tenant, q.from.UnixNano(), q.to.UnixNano())
	if err != nil {
		return nil, err
	}
	var metas []*block.Meta
	for i := range rows {
		m, err := block.ParseMeta(rows[i].Detail)
		if err != nil {
			return nil, err
		}
		metas = append(metas, m)
	}
	reader, err := block.NewReader(store)
	if err != nil {
		return nil, err
	}
	tree, err := engine.New(reader).Tree(ctx, metas, engine.Query{Type: cpu, From: q.from.UnixNano(), To: q.to.UnixNano()})
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64)
	for stack, v := range tree.Stacks() {
		out[stack[len(stack)-1]] += v
	}
	return out, nil
}

// everything asks for all that a tenant has.
func everything(tenant profile.TenantID) question {
	return question{tenant: tenant, from: time.Unix(0, 0), to: time.Unix(0, math.MaxInt64)}
}

// empty reports whether all queues are.
func (w *world) empty() bool {
	for _, q := range w.queues {
		if q.Len() > 0 {
			return false
		}
	}
	return true
}
