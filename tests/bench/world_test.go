package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// world is a corpus and the store that has it.
type world struct {
	corpus *corpus
	target
	codec    *envelope.Codec
	store    *filestore.Store
	segments []*block.Meta       // all of the corpus, as they were written
	fresh    *blockindextest.Mem // of the segments
	settled  *blockindextest.Mem // of one block with the same profiles
	messages messageFile         // of the first profiles
}

// keptFlushes is how many flushes of messages are kept for BenchmarkSegment.
const keptFlushes = 4

// build stores a corpus in a directory: everything is pushed and drained as
// the functions do it, and merged.
func build(ctx context.Context, dir string, c *corpus) (*world, error) {
	codec, err := envelope.NewCodec()
	if err != nil {
		return nil, err
	}
	store, err := filestore.Open(filepath.Join(dir, "store"), filestore.WithoutSync())
	if err != nil {
		return nil, err
	}
	w := &world{
		corpus: c, target: target{start: c.start, end: c.end, interval: c.interval}, codec: codec, store: store,
		fresh: blockindextest.NewMem(), settled: blockindextest.NewMem(),
		messages: messageFile{filepath.Join(dir, "messages")},
	}
	if err := w.fill(ctx); err != nil {
		return nil, fmt.Errorf("store corpus: %w", err)
	}
	if err := w.settle(ctx); err != nil {
		return nil, fmt.Errorf("merge corpus: %w", err)
	}
	return w, nil
}

// fill pushes the corpus and drains the queue at the same time.
func (w *world) fill(ctx context.Context) error {
	to := newPipe(w.corpus.end)
	keep := &keeper{pods: make(map[string]podAt), room: keptFlushes * int64(segment.DefaultSettings().FlushBytes)}
	g, ctx := errgroup.WithContext(ctx)
	bodies := make(chan []byte, 64)
	g.Go(func() error {
		defer close(bodies)
		return w.pushAll(ctx, bodies)
	})
	g.Go(func() error {
		defer close(to.bodies)
		for body := range bodies {
			if err := keep.see(body); err != nil {
				return err
			}
			to.bodies <- body
		}
		return nil
	})
	g.Go(func() error {
		stats, err := drain(ctx, to, w.store, w.fresh, w.codec)
		if err == nil && stats.Messages != w.corpus.profiles {
			err = fmt.Errorf("%d of %d profiles are stored", stats.Messages, w.corpus.profiles)
		}
		for range to.bodies { // after an error, so that nobody waits
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	w.service, w.pod = keep.target()
	return w.messages.write(keep.bodies)
}

// pushAll pushes all records on all processors.
func (w *world) pushAll(ctx context.Context, bodies chan<- []byte) error {
	src, err := w.corpus.open()
	if err != nil {
		return err
	}
	defer src.Close()
	g, ctx := errgroup.WithContext(ctx)
	records := make(chan record, 64)
	g.Go(func() error {
		defer close(records)
		for {
			r, err := src.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			select {
			case records <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			p := newPusher(w.codec, w.store)
			for r := range records {
				messages, err := p.push(ctx, r)
				if err != nil {
					return err
				}
				for _, m := range messages {
					bodies <- m.Body
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// settle merges all segments.
func (w *world) settle(ctx context.Context) error {
	var err error
	if w.segments, err = w.blocks(ctx, w.fresh); err != nil {
		return err
	}
	m, err := merge(ctx, w.store, w.segments)
	if err != nil {
		return err
	}
	return storeRow(ctx, w.settled, m)
}

// blocks returns what an index has.
func (w *world) blocks(ctx context.Context, index *blockindextest.Mem) ([]*block.Meta, error) {
	rows, err := index.Find(ctx, profile.AnonymousTenant, 0, w.end.UnixNano())
	if err != nil {
		return nil, err
	}
	var out []*block.Meta
	for i := range rows {
		m, err := block.ParseMeta(rows[i].Detail)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// storeBlock stores a block and its index row.
func storeBlock(ctx context.Context, store *filestore.Store, index blockindex.Index, body []byte, m *block.Meta) error {
	if err := store.Put(ctx, m.Key(), body); err != nil {
		return err
	}
	return storeRow(ctx, index, m)
}

func storeRow(ctx context.Context, index blockindex.Index, m *block.Meta) error {
	return index.Insert(ctx, blockindex.Row{
		Tenant: m.Tenant, ID: m.ID, Level: m.Level, MinTime: m.MinTime, MaxTime: m.MaxTime,
		CommittedAt: m.MaxTime / 1e6, Detail: m.Append(nil),
	})
}
