package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// flushInterval is of the clock of a drain, which moves only when there are no
// more messages: so segments are as large as FlushBytes says, but for the last.
const flushInterval = time.Hour

// pipe is a queue of message bodies, which ends when it is closed.
type pipe struct {
	bodies chan []byte
	clock  *clock
	mu     sync.Mutex
	count  int
}

func newPipe(start time.Time) *pipe {
	return &pipe{bodies: make(chan []byte, 64), clock: &clock{now: start}}
}

// Receive implements queue.Receiver. It waits until there is a message or none
// will come; then it moves the clock.
func (p *pipe) Receive(ctx context.Context, most int, _, _ time.Duration) ([]queue.Delivery, error) {
	var out []queue.Delivery
	for len(out) < most {
		body, ok := <-p.bodies
		if !ok {
			break
		}
		p.mu.Lock()
		p.count++
		n := strconv.Itoa(p.count)
		p.mu.Unlock()
		out = append(out, queue.Delivery{
			Message: queue.Message{Group: "g", DedupID: n, Body: body},
			Handle:  n, Sequence: n, Receives: 1, SentAt: p.clock.read(),
		})
	}
	if len(out) == 0 {
		p.clock.move(flushInterval)
	}
	return out, ctx.Err()
}

// Extend implements queue.Receiver.
func (p *pipe) Extend(context.Context, []string, time.Duration) []error { return nil }

// Delete implements queue.Receiver.
func (p *pipe) Delete(context.Context, []string) []error { return nil }

// drain writes the messages of a pipe to segments as the segment function
// does, 16 MiB of message bodies each.
func drain(ctx context.Context, from *pipe, store *filestore.Store, index blockindex.Index, codec *envelope.Codec) (segment.Stats, error) {
	blocks, err := block.NewReader(store)
	if err != nil {
		return segment.Stats{}, err
	}
	s := segment.DefaultSettings()
	s.FlushInterval, s.DrainTime, s.Visibility = flushInterval, 1000*flushInterval, 1000*flushInterval
	d := segment.New(s, segment.Deps{
		Queue: from, Store: store, Index: index, Blocks: blocks, Codec: codec,
		Now: from.clock.read, Log: slog.New(slog.DiscardHandler),
		NewID: func(time.Time) string { return ulid.Make().String() },
		Sleep: func(time.Duration) {}, // the clock is the pipe's, and ends are not waited for
	})
	return d.Run(ctx)
}

// messageFile keeps message bodies on disk, so that they do not count as
// memory: each behind its length.
type messageFile struct{ path string }

// write writes the first bodies that have so many bytes in all.
func (f messageFile) write(bodies [][]byte) error {
	out, err := os.Create(f.path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	for _, body := range bodies {
		// Errors stay with the writer until it is flushed.
		_, _ = w.Write(binary.AppendUvarint(nil, uint64(len(body))))
		_, _ = w.Write(body)
	}
	return errors.Join(w.Flush(), out.Close())
}

// feed sends messages to a pipe until they have so many bytes or there are no
// more, and closes it.
func (f messageFile) feed(to *pipe, most int64) error {
	defer close(to.bodies)
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	r := bufio.NewReader(in)
	for total := int64(0); total < most; {
		n, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		to.bodies <- body
		total += int64(n)
	}
	return nil
}

// BenchmarkSegment writes packed messages to segments with the code of the
// segment function: an operation is one flush of 16 MiB of message bodies, or
// four, of which each is gathered while the one before is written.
func BenchmarkSegment(b *testing.B) {
	w := built(b)
	for _, flushes := range []int64{1, 4} {
		b.Run(fmt.Sprintf("flushes=%d", flushes), func(b *testing.B) {
			bytes := flushes * int64(segment.DefaultSettings().FlushBytes)
			var stats segment.Stats
			var index *blockindextest.Mem
			memory := watchMemory()
			m := startMeter(b)
			for b.Loop() {
				from := newPipe(w.corpus.end)
				fed := make(chan error, 1)
				go func() { fed <- w.messages.feed(from, bytes) }()
				index = blockindextest.NewMem()
				var err error
				stats, err = drain(b.Context(), from, w.store, index, w.codec)
				require.NoError(b, err)
				require.NoError(b, <-fed)
			}
			m.reportPer(stats.Messages)
			memory.report(b)
			b.ReportMetric(float64(stats.Bytes)/float64(stats.Messages), "B/profile")
			b.ReportMetric(float64(stats.Messages)/float64(stats.Segments), "profiles/segment")
			segments, err := w.blocks(b.Context(), index)
			require.NoError(b, err)
			reportSections(b, segments, stats.Messages)
		})
	}
}
