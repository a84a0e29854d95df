package boltqueue

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// TestTimeoutsWakeReceives runs on the clock of the bubble, which moves only
// when everybody waits: what is received, is received at the very moment.
func TestTimeoutsWakeReceives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	synctest.Test(t, func(t *testing.T) {
		q, err := Open(path, Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, q.Close()) }()
		start := time.Now()
		mustSend(t, q, msg("g", "1"), msg("h", "2"))
		receive := func(limit int, wait, visibility time.Duration) []string {
			got, err := q.Receive(t.Context(), limit, wait, visibility)
			require.NoError(t, err)
			return deliveredIDs(got)
		}
		require.Equal(t, []string{"1"}, receive(1, 0, 9*time.Second))
		require.Equal(t, []string{"2"}, receive(1, 0, 5*time.Second))

		require.Equal(t, []string{"2"}, receive(10, queue.MaxWait, time.Hour))
		require.Equal(t, 5*time.Second, time.Since(start))
		require.Equal(t, []string{"1"}, receive(10, queue.MaxWait, time.Hour))
		require.Equal(t, 9*time.Second, time.Since(start))
		require.Empty(t, receive(10, queue.MaxWait, time.Hour))
		require.Equal(t, 29*time.Second, time.Since(start))
	})
}

// TestExtendMovesTheAlarm: a Receive that waits already hears of an end that
// has come nearer.
func TestExtendMovesTheAlarm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	synctest.Test(t, func(t *testing.T) {
		q, err := Open(path, Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, q.Close()) }()
		start := time.Now()
		mustSend(t, q, msg("g", "1"))
		got := mustReceive(t, q, 1)
		go func() {
			time.Sleep(2 * time.Second)
			q.Extend(t.Context(), []string{got[0].Handle}, 3*time.Second)
		}()
		again, err := q.Receive(t.Context(), 1, queue.MaxWait, time.Minute)
		require.NoError(t, err)
		require.Len(t, again, 1)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

// TestAQueueClockThatStandsStill: the alarm must not spin when the real clock
// runs ahead of the queue's.
func TestAQueueClockThatStandsStill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		stopped := time.Now()
		q, err := Open(path, Options{Now: func() time.Time { asked++; return stopped }})
		require.NoError(t, err)
		defer func() { require.NoError(t, q.Close()) }()
		mustSend(t, q, msg("g", "1"))
		_, err = q.Receive(t.Context(), 1, 0, time.Second)
		require.NoError(t, err)
		got, err := q.Receive(t.Context(), 1, queue.MaxWait, time.Second)
		require.NoError(t, err)
		require.Empty(t, got)
		require.Less(t, asked, 60)
	})
}
