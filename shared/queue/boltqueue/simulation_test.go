package boltqueue

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the simulation; 0 takes new ones")

// simulation drives a queue and a model of it with random calls.
type simulation struct {
	*fixture
	r       *rand.Rand
	model   *model
	handles []string // all that were ever given out, of late
	bodies  int
}

// TestSimulation compares the queue with the model after thousands of random
// sends, receives, extends, deletes, jumps of the clock and crashes.
func TestSimulation(t *testing.T) {
	runs := 4
	if *seedFlag != 0 {
		runs = 1
	}
	for range runs {
		seed := *seedFlag
		if seed == 0 {
			seed = rand.Uint64()
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Logf("repeat with -seed %d", seed)
			s := &simulation{
				fixture: newFixture(t, Options{noSync: true}),
				r:       rand.New(rand.NewPCG(seed, 0)),
				model:   newModel(),
			}
			for range 1500 {
				s.step()
			}
			s.drain()
		})
	}
}

func (s *simulation) step() {
	s.model.pass(s.time.Now())
	switch n := s.r.IntN(100); {
	case n < 30:
		s.send()
	case n < 60:
		s.receive(s.visibility())
	case n < 80:
		s.delete()
	case n < 87:
		s.extend()
	case n < 97:
		s.jump()
	case n < 98:
		require.NoError(s.t, s.Close())
		s.open()
		s.model.crash()
	default:
		s.crash()
		s.model.crash()
	}
	s.model.pass(s.time.Now())
	s.compare()
}

func (s *simulation) compare() {
	pending, inFlight, oldest := s.model.count()
	stats := s.Stats()
	require.Equal(s.t, pending, stats.Pending, "pending")
	require.Equal(s.t, inFlight, stats.InFlight, "in flight")
	require.True(s.t, oldest.Equal(stats.OldestSent), "oldest %s, want %s", stats.OldestSent, oldest)
}

func (s *simulation) send() {
	var batch []queue.Message
	for range 1 + s.r.IntN(queue.MaxBatch) {
		s.bodies++
		m := queue.Message{
			Group:   fmt.Sprint("group", s.r.IntN(6)),
			DedupID: fmt.Sprint("id", s.r.IntN(60)),
			Body:    bytes.Repeat([]byte(fmt.Sprint(s.bodies, ";")), 1+s.r.IntN(2000)),
		}
		batch = append(batch, m)
		s.model.send(m, s.time.Now())
	}
	require.Nil(s.t, s.Send(s.t.Context(), batch))
}

func (s *simulation) receive(visibility time.Duration) {
	limit := 1 + s.r.IntN(queue.MaxBatch)
	free := s.model.free()
	got, err := s.Receive(s.t.Context(), limit, 0, visibility)
	require.NoError(s.t, err)
	require.Len(s.t, got, min(limit, free))
	next := map[string]int{}
	for _, d := range got {
		if next[d.Group] == 0 {
			require.False(s.t, s.model.locked(d.Group), "group %s is locked", d.Group)
		}
		one := s.model.groups[d.Group][next[d.Group]]
		next[d.Group]++
		s.received(one, d, visibility)
	}
}

func (s *simulation) received(one *modelMessage, d queue.Delivery, visibility time.Duration) {
	require.Equal(s.t, one.Message, d.Message)
	require.True(s.t, one.sent.Equal(d.SentAt))
	require.NotContains(s.t, s.handles, d.Handle)
	one.receives++
	require.Equal(s.t, one.receives, d.Receives)
	if one.sequence != "" {
		require.Equal(s.t, one.sequence, d.Sequence)
	}
	one.sequence = d.Sequence
	one.handle = d.Handle
	one.deadline = s.time.Now().Add(visibility)
	one.handles = append(one.handles, d.Handle)
	s.handles = append(s.handles, d.Handle)
}

// someHandles picks different handles, mostly of late.
func (s *simulation) someHandles() []string {
	picked := map[string]bool{}
	for range 1 + s.r.IntN(queue.MaxBatch) {
		if n := len(s.handles); n > 0 {
			back := min(s.r.IntN(n), s.r.IntN(15))
			picked[s.handles[n-1-back]] = true
		}
	}
	var list []string
	for h := range picked {
		list = append(list, h)
	}
	return list
}

func (s *simulation) delete() {
	list := s.someHandles()
	if len(list) == 0 {
		return
	}
	errs := s.Delete(s.t.Context(), list)
	for i, h := range list {
		switch one := s.model.find(h); {
		case one != nil:
			s.model.delete(one)
			require.NoError(s.t, at(errs, i))
		case s.model.gone[h]:
			if err := at(errs, i); err != nil { // not yet removed for its age
				require.ErrorIs(s.t, err, queue.ErrHandle)
			}
		default:
			require.ErrorIs(s.t, at(errs, i), queue.ErrHandle)
		}
	}
}

func (s *simulation) extend() {
	list := s.someHandles()
	if len(list) == 0 {
		return
	}
	visibility := s.visibility()
	errs := s.Extend(s.t.Context(), list, visibility)
	for i, h := range list {
		one := s.model.find(h)
		if one == nil {
			require.ErrorIs(s.t, at(errs, i), queue.ErrHandle)
			continue
		}
		require.NoError(s.t, at(errs, i))
		one.deadline = s.time.Now().Add(visibility)
	}
}

func (s *simulation) visibility() time.Duration {
	return []time.Duration{0, time.Second, time.Minute, time.Hour}[s.r.IntN(4)]
}

func (s *simulation) jump() {
	s.time.advance([]time.Duration{
		time.Millisecond, time.Second, time.Minute, queue.DedupWindow - time.Millisecond, queue.DedupWindow,
		2 * time.Hour, queue.Retention / 3,
	}[s.r.IntN(7)])
}

// drain checks that nothing was lost: what the model has left comes, in order.
func (s *simulation) drain() {
	s.time.advance(queue.MaxVisibility)
	s.model.pass(s.time.Now())
	for s.model.free() > 0 {
		s.receive(time.Minute)
		for _, list := range s.model.groups {
			for _, one := range slices.Clone(list) {
				if one.handle != "" {
					require.Nil(s.t, s.Delete(s.t.Context(), []string{one.handle}))
					s.model.delete(one)
				}
			}
		}
	}
	require.Equal(s.t, Stats{}, s.Stats())
	require.NoError(s.t, s.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			return err
		}
		return nil
	}))
}

func at(errs []error, i int) error {
	if errs == nil {
		return nil
	}
	return errs[i]
}
