package boltqueue

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// benchBody is about what a compressed profile takes.
const benchBody = 13_000

// benchSenders is how many pushes a busy process has at the same time.
const benchSenders = 512

func benchQueue(b *testing.B) *Queue {
	b.Helper()
	q, err := Open(filepath.Join(b.TempDir(), "queue"), Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, q.Close()) })
	return q
}

func noise(n int) []byte {
	body := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range body {
		body[i] = byte(r.Uint32())
	}
	return body
}

// sendAll sends n messages of 1,000 groups from benchSenders goroutines, one a
// call.
func sendAll(b *testing.B, q *Queue, n int) {
	b.Helper()
	body := noise(benchBody)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchSenders {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				m := queue.Message{Group: fmt.Sprint("group-", i%1000), DedupID: fmt.Sprint(i), Body: body}
				if err := queue.First(q.Send(b.Context(), []queue.Message{m})); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSendParallel(b *testing.B) {
	q := benchQueue(b)
	b.SetBytes(benchBody)
	b.ResetTimer()
	start := time.Now()
	sendAll(b, q, b.N)
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "sends/s")
	b.ReportMetric(float64(b.N)/float64(q.commits), "sends/commit")
}

func BenchmarkReceiveDelete(b *testing.B) {
	q := benchQueue(b)
	sendAll(b, q, b.N)
	b.SetBytes(benchBody)
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				got, err := q.Receive(b.Context(), queue.MaxBatch, 0, time.Minute)
				if err != nil {
					b.Error(err)
				}
				if len(got) == 0 {
					return
				}
				handles := make([]string, len(got))
				for i, d := range got {
					handles[i] = d.Handle
				}
				if err := queue.First(q.Delete(b.Context(), handles)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "messages/s")
}
