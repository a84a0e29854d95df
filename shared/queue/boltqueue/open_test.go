package boltqueue

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

func msg(group, id string) queue.Message {
	return queue.Message{Group: group, DedupID: id, Body: []byte(group + "/" + id)}
}

func mustSend(t *testing.T, q queue.Sender, batch ...queue.Message) {
	t.Helper()
	require.Nil(t, q.Send(t.Context(), batch))
}

func mustReceive(t *testing.T, q queue.Receiver, n int) []queue.Delivery {
	t.Helper()
	got, err := q.Receive(t.Context(), queue.MaxBatch, 0, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, n)
	return got
}

func TestOpenOfAFileInUse(t *testing.T) {
	f := newFixture(t, Options{})
	_, err := Open(f.path, Options{})
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, f.path+" is in use by another process")
}

func TestOpenRefuses(t *testing.T) {
	for name, spoil := range map[string]func(tx *bbolt.Tx) error{
		"another format": func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte("2")) },
		"no id":          func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyID) },
		"bad record":     func(tx *bbolt.Tx) error { return tx.Bucket(bucketMessages).Put(seqKey(1), []byte("short")) },
		"bad key":        func(tx *bbolt.Tx) error { return tx.Bucket(bucketMessages).Put([]byte("k"), []byte("v")) },
		"bad garbage":    func(tx *bbolt.Tx) error { return tx.Bucket(bucketGarbage).Put(seqKey(1), []byte("v")) },
		"bad window":     func(tx *bbolt.Tx) error { return tx.Bucket(bucketDedup).Put(seqKey(1), []byte("v")) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "queue")
			q, err := Open(path, Options{})
			require.NoError(t, err)
			require.NoError(t, q.db.Update(spoil))
			require.NoError(t, q.Close())
			_, err = Open(path, Options{})
			require.ErrorContains(t, err, path)
		})
	}
	_, err := Open(filepath.Join(t.TempDir(), "no", "such", "directory"), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("no queue", 10_000)), 0o600))
	_, err = Open(text, Options{})
	require.ErrorContains(t, err, text)
}

func TestWhatWasThereAtOpenCountsAsReceived(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "old"))
	require.NoError(t, f.Close())
	f.open()
	mustSend(t, f, msg("h", "new"))
	for _, d := range mustReceive(t, f, 2) {
		require.Equal(t, map[string]int{"old": 2, "new": 1}[d.DedupID], d.Receives)
	}
}

func TestHandlesOfBeforeOpen(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "deleted"), msg("h", "there"))
	got := mustReceive(t, f, 2)
	require.Nil(t, f.Delete(t.Context(), []string{got[0].Handle}))
	f.crash()
	errs := f.Delete(t.Context(), []string{got[0].Handle, got[1].Handle})
	require.NoError(t, errs[0], "the message was deleted")
	require.ErrorIs(t, errs[1], queue.ErrHandle)
	mustReceive(t, f, 1)
}

func TestHandlesOfAnotherQueue(t *testing.T) {
	one, other := newFixture(t, Options{}), newFixture(t, Options{})
	mustSend(t, one, msg("g", "1"))
	mustSend(t, other, msg("g", "1"))
	h := []string{mustReceive(t, one, 1)[0].Handle}
	mustReceive(t, other, 1)
	require.ErrorIs(t, queue.First(other.Delete(t.Context(), h)), queue.ErrHandle)
	unborn := one.formatHandle(handle{seq: 1000, nonce: 1})
	require.ErrorIs(t, queue.First(one.Delete(t.Context(), []string{unborn})), queue.ErrHandle)
}

func TestClose(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	h := []string{mustReceive(t, f, 1)[0].Handle}
	waited := make(chan error)
	go func() {
		_, err := f.Receive(t.Context(), 1, queue.MaxWait, time.Minute)
		waited <- err
	}()
	require.Eventually(t, func() bool { return f.waiting() == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, f.Close())
	require.ErrorIs(t, <-waited, ErrClosed)
	require.NoError(t, f.Close())

	_, err := f.Receive(t.Context(), 1, 0, time.Minute)
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, queue.First(f.Send(t.Context(), []queue.Message{msg("g", "2")})), ErrClosed)
	require.ErrorIs(t, queue.First(f.Delete(t.Context(), h)), ErrClosed)
	require.ErrorIs(t, queue.First(f.Extend(t.Context(), h, 0)), ErrClosed)
	f.open()
}

func TestCancelledCalls(t *testing.T) {
	f := newFixture(t, Options{})
	mustSend(t, f, msg("g", "1"))
	h := []string{mustReceive(t, f, 1)[0].Handle}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("enough"))
	_, err := f.Receive(ctx, 1, 0, time.Minute)
	require.ErrorContains(t, err, "receive: enough")
	require.ErrorContains(t, queue.First(f.Send(ctx, []queue.Message{msg("h", "2")})), "send: enough")
	require.ErrorContains(t, queue.First(f.Delete(ctx, h)), "delete: enough")
	require.ErrorContains(t, queue.First(f.Extend(ctx, h, 0)), "extend: enough")
	require.Equal(t, 1, f.Stats().InFlight)
	mustReceive(t, f, 0)
}

// TestKill kills a process that sends and deletes, and checks that the file
// holds exactly what the process was told about, save what was on its way.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillVictim$")
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	sent, deleted := map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(out)
	for len(deleted) < 200 && lines.Scan() {
		note(lines.Text(), sent, deleted)
	}
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() { // what it was told until it died
		note(lines.Text(), sent, deleted)
	}
	require.Error(t, cmd.Wait())
	require.GreaterOrEqual(t, len(deleted), 200)

	q, err := Open(path, Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	there := map[string]bool{}
	for {
		got, err := q.Receive(t.Context(), queue.MaxBatch, 0, time.Hour)
		require.NoError(t, err)
		if len(got) == 0 {
			break
		}
		for _, d := range got {
			require.GreaterOrEqual(t, d.Receives, 2)
			require.False(t, there[d.DedupID], "%s is there twice", d.DedupID)
			there[d.DedupID] = true
			require.Nil(t, q.Delete(t.Context(), []string{d.Handle}))
		}
	}
	onTheWay := 0
	for id := range sent {
		require.False(t, deleted[id] && there[id], "%s came back", id)
		if !deleted[id] && !there[id] {
			onTheWay++ // deleted, and dead before it could say so
		}
	}
	require.LessOrEqual(t, onTheWay, victimDeleters, "messages were lost")
}

// note reads a line like "sent 12". The last line may be cut.
func note(line string, sent, deleted map[string]bool) {
	switch what, id, _ := strings.Cut(line, " "); what {
	case "sent":
		sent[strings.TrimSuffix(id, ";")] = strings.HasSuffix(id, ";")
	case "deleted":
		deleted[strings.TrimSuffix(id, ";")] = strings.HasSuffix(id, ";")
	}
}

const (
	victimEnv      = "BOLTQUEUE_TEST_VICTIM"
	victimSenders  = 8
	victimDeleters = 4 // with one message in flight each
)

// TestKillVictim is the process that TestKill starts; by itself it does nothing.
func TestKillVictim(t *testing.T) {
	path := os.Getenv(victimEnv)
	if path == "" {
		return
	}
	q, err := Open(path, Options{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for s := range victimSenders {
		wg.Go(func() {
			for i := 0; ; i++ {
				m := msg(fmt.Sprint("g", s), fmt.Sprintf("%d-%d", s, i))
				m.Body = noise(5000)
				if q.Send(context.Background(), []queue.Message{m}) == nil {
					fmt.Printf("sent %s;\n", m.DedupID)
				}
			}
		})
	}
	for range victimDeleters {
		wg.Go(func() {
			for {
				got, err := q.Receive(context.Background(), 1, queue.MaxWait, time.Minute)
				if err == nil && len(got) == 1 && q.Delete(context.Background(), []string{got[0].Handle}) == nil {
					fmt.Printf("deleted %s;\n", got[0].DedupID)
				}
			}
		})
	}
	wg.Wait()
}
