package boltqueue

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// holdWrites keeps the file from being written until the returned function is
// called.
func (f *fixture) holdWrites() (release func()) {
	f.t.Helper()
	f.plansBefore = f.planCount()
	tx, err := f.db.Begin(true)
	require.NoError(f.t, err)
	return func() { require.NoError(f.t, tx.Rollback()) }
}

func (f *fixture) planCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plans
}

// awaitHeld waits until the committer has planned a transaction that it cannot
// begin.
func (f *fixture) awaitHeld() {
	f.t.Helper()
	require.Eventually(f.t, func() bool { return f.planCount() > f.plansBefore }, 10*time.Second, time.Millisecond)
}

// awaitBacklog waits until n ops wait for the committer.
func (f *fixture) awaitBacklog(n int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		f.backlog.mu.Lock()
		defer f.backlog.mu.Unlock()
		return len(f.backlog.ops) == n
	}, 10*time.Second, time.Millisecond)
}

func keys(t *testing.T, q *Queue, bucket []byte) int {
	t.Helper()
	n := 0
	require.NoError(t, q.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(_, _ []byte) error { n++; return nil })
	}))
	return n
}

func TestConcurrentCallsShareCommits(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("d", "1"), msg("e", "2"))
	got := mustReceive(t, f, 2)
	before := f.commits

	release := f.holdWrites()
	var wg sync.WaitGroup
	send := func(i int) {
		batch := []queue.Message{msg(fmt.Sprint("g", i), fmt.Sprint(i))}
		wg.Go(func() { assert.Nil(t, f.Send(t.Context(), batch)) })
	}
	send(0)
	f.awaitHeld()
	for i := range 98 {
		send(i + 1)
	}
	for _, d := range got {
		wg.Go(func() { assert.Nil(t, f.Delete(t.Context(), []string{d.Handle})) })
	}
	f.awaitBacklog(100)
	release()
	wg.Wait()
	require.NoError(t, f.Close())
	require.LessOrEqual(t, f.commits-before, 2)
	f.open()
	require.Equal(t, 99, f.Stats().Pending)
}

func TestReceiveAndExtendDoNotWaitForTheFile(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	defer f.holdWrites()()
	d := mustReceive(t, f, 1)[0]
	require.Nil(t, f.Extend(t.Context(), []string{d.Handle}, time.Hour))
}

func TestAMessageIsNotReceivedBeforeItIsDurable(t *testing.T) {
	f := newFixture(t, Options{})
	release := f.holdWrites()
	done := make(chan []error)
	go func() { done <- f.Send(t.Context(), []queue.Message{msg("g", "1")}) }()
	mustReceive(t, f, 0)
	release()
	require.Nil(t, <-done)
	mustReceive(t, f, 1)
}

// TestTimeoutEndsDuringDelete: a message that is being deleted is received by
// nobody, however long the disk takes.
func TestTimeoutEndsDuringDelete(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	h := []string{mustReceive(t, f, 1)[0].Handle}
	release := f.holdWrites()
	done := make(chan []error, 2)
	go func() { done <- f.Delete(t.Context(), h) }()
	f.awaitHeld()
	go func() { done <- f.Delete(t.Context(), h) }()
	f.awaitBacklog(1)
	f.advance(time.Hour)
	mustReceive(t, f, 0)
	f.advance(queue.Retention)
	release()
	require.Nil(t, <-done)
	require.Nil(t, <-done)
	require.Equal(t, Stats{}, f.Stats())
}

func TestAnAbandonedCallKeepsNothingOfTheCaller(t *testing.T) {
	f := newFixture(t, Options{})
	m := msg("g", "1")
	release := f.holdWrites()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []error)
	go func() { done <- f.Send(ctx, []queue.Message{m}) }()
	f.awaitHeld()
	cancel()
	require.ErrorIs(t, queue.First(<-done), context.Canceled)
	clear(m.Body)
	release()
	mustSend(t, f, msg("g", "1"))
	require.Equal(t, msg("g", "1").Body, mustReceive(t, f, 1)[0].Body)
}

func TestFullDisk(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"), msg("g", "2"))
	d := mustReceive(t, f, 2)[0]
	info, err := os.Stat(f.path)
	require.NoError(t, err)
	setMaxSize := func(n int) {
		defer f.holdWrites()()
		f.db.MaxSize = n
	}
	setMaxSize(int(info.Size()))
	big := msg("h", "big")
	big.Body = noise(700_000)
	for i := 0; err == nil; i++ { // until what is left of the file is used up
		big.DedupID = fmt.Sprint("big", i)
		err = queue.First(f.Send(t.Context(), []queue.Message{big}))
	}
	require.ErrorContains(t, err, "write file")
	before := f.Stats()

	release := f.holdWrites() // a Send and a Delete that fail together
	done := make(chan error, 3)
	calls := func(do func() []error) { go func() { done <- queue.First(do()) }() }
	calls(func() []error { return f.Send(t.Context(), []queue.Message{big}) })
	f.awaitHeld()
	again := big
	again.DedupID = "again"
	calls(func() []error { return f.Send(t.Context(), []queue.Message{again}) })
	calls(func() []error { return f.Delete(t.Context(), []string{d.Handle}) })
	f.awaitBacklog(2)
	release()
	for range 3 {
		require.Error(t, <-done)
	}
	require.Equal(t, before, f.Stats())

	setMaxSize(0)
	mustSend(t, f, big)
	require.Nil(t, f.Delete(t.Context(), []string{d.Handle}))
	require.Equal(t, before.Pending+1, f.Stats().Pending)
	require.Equal(t, before.InFlight-1, f.Stats().InFlight)
	f.crash()
	require.Equal(t, before.Pending+before.InFlight, f.Stats().Pending)
}

// TestUnknownStateOfTheFile: when it cannot be told what the disk holds, all
// calls fail until the file is opened again.
func TestUnknownStateOfTheFile(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	h := []string{mustReceive(t, f, 1)[0].Handle}
	require.NoError(t, f.db.Close())
	require.Error(t, queue.First(f.Send(t.Context(), []queue.Message{msg("g", "2")})))
	_, err := f.Receive(t.Context(), 1, 0, time.Minute)
	require.ErrorContains(t, err, "failed before")
	require.ErrorContains(t, queue.First(f.Send(t.Context(), []queue.Message{msg("g", "3")})), "failed before")
	require.ErrorContains(t, queue.First(f.Delete(t.Context(), h)), "failed before")
	require.ErrorContains(t, queue.First(f.Extend(t.Context(), h, 0)), "failed before")
	require.NoError(t, f.Close())
	f.open()
	mustReceive(t, f, 1)
}

func TestTraceOfATransaction(t *testing.T) {
	f := newFixture(t, Options{})
	var id int
	require.NoError(t, f.db.Update(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	}))
	require.False(t, f.traceless(id))
	require.True(t, f.traceless(id+1))
}

func TestReadErrorGivesMessagesBack(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	require.NoError(t, f.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMessages).Put(seqKey(1), []byte("damaged"))
	}))
	_, err := f.Receive(t.Context(), 1, 0, time.Minute)
	require.ErrorContains(t, err, "record too short")
	require.Equal(t, 1, f.Stats().Pending)
}

func TestBodiesAreRemovedAndTheirSpaceUsedAgain(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	var size int64
	for round := range 12 {
		for i := range dueBodies {
			m := msg(fmt.Sprint("g", i), fmt.Sprint(round))
			m.Body = noise(5000)
			mustSend(t, f, m)
		}
		for f.Stats().Pending > 0 {
			got := mustReceive(t, f, min(queue.MaxBatch, f.Stats().Pending))
			handles := []string{}
			for _, d := range got {
				handles = append(handles, d.Handle)
			}
			require.Nil(t, f.Delete(t.Context(), handles))
		}
		info, err := os.Stat(f.path)
		require.NoError(t, err)
		if round == 3 {
			size = info.Size()
		}
		if round > 3 {
			require.LessOrEqual(t, info.Size(), size+size/2, "round %d", round)
		}
		if round == 6 {
			f.crash()
		}
	}
	require.Eventually(t, func() bool { // the last sweep runs by itself
		bodies := keys(t, f.Queue, bucketBodies)
		return bodies < dueBodies && bodies == keys(t, f.Queue, bucketGarbage)
	}, 10*time.Second, time.Millisecond)
	require.Zero(t, keys(t, f.Queue, bucketMessages))
}

func TestDeduplicationIDsArePruned(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	for i := range 100 {
		mustSend(t, f, msg("g", fmt.Sprint(i)))
	}
	require.Equal(t, 100, keys(t, f.Queue, bucketDedup))
	f.advance(queue.DedupWindow)
	mustSend(t, f, msg("g", "x"))
	mustSend(t, f, msg("g", "y"))
	require.Equal(t, 2, keys(t, f.Queue, bucketDedup))
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.dedup.ends, 2)
	require.Len(t, f.dedup.order, 2)
}

// TestWindowsAfterTheClockWentBack: each id has its own end, also when they do
// not end in the order in which they began.
func TestWindowsAfterTheClockWentBack(t *testing.T) {
	f := newFixture(t, Options{noSync: true})
	f.advance(time.Hour)
	mustSend(t, f, msg("g", "early"))
	f.advance(-time.Hour)
	mustSend(t, f, msg("g", "late"))
	require.Equal(t, 2, f.Stats().Pending)
	f.advance(queue.DedupWindow)
	mustSend(t, f, msg("g", "early"), msg("g", "late"))
	require.Equal(t, 3, f.Stats().Pending)
	f.advance(time.Hour)
	mustSend(t, f, msg("g", "early"), msg("g", "late"))
	require.Equal(t, 5, f.Stats().Pending)
}
