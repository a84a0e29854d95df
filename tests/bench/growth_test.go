package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// growthTime is how much of the corpus the blocks of BenchmarkGrowth hold, in
// the small corpus all of it.
const growthTime = 10 * time.Minute

// growthTicks is how many profiles of each pod and kind they hold at least.
const growthTicks = 40

// scale is a size of the store, in services: a quarter of those of the corpus,
// all, or four times as many.
type scale struct {
	name    string
	every   int // one in so many services of the corpus is in it
	copies  int // so often, each time under another name
	builder *block.Builder
}

// add adds a profile as often as the scale says. The service that is asked
// for is always there, once.
func (s *scale) add(asked string, services []string, e *envelope.Envelope, p *pprof.Profile) error {
	service := e.Labels.Get(profile.LabelServiceName)
	far := slices.Index(services, service) - slices.Index(services, asked)
	if far%s.every != 0 {
		return nil
	}
	for i := range s.copies {
		ls, id := e.Labels, e.ID
		if i > 0 {
			ls = ls.With(profile.LabelServiceName, fmt.Sprintf("%s-copy%d", service, i))
			id[0] ^= byte(i)
		}
		if err := s.builder.Add(ls, id, p); err != nil {
			return err
		}
	}
	return nil
}

// grow builds a block of each scale from the beginning of the corpus and
// returns the time of its end.
func (w *world) grow(ctx context.Context, scales []*scale) (time.Time, error) {
	services, err := w.services(ctx)
	if err != nil {
		return time.Time{}, err
	}
	end := w.start.Add(max(growthTime, growthTicks*w.interval))
	src, err := w.corpus.open()
	if err != nil {
		return end, err
	}
	defer src.Close()
	pusher := newPusher(w.codec, w.store)
	for {
		r, err := src.next()
		if errors.Is(err, io.EOF) || err == nil && r.millis >= end.UnixMilli() {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		messages, err := pusher.push(ctx, r)
		if err != nil {
			return end, err
		}
		for _, m := range messages {
			if err := w.growBy(scales, services, m.Body); err != nil {
				return end, err
			}
		}
	}
}

func (w *world) growBy(scales []*scale, services []string, body []byte) error {
	e, err := envelope.Decode(body)
	if err != nil {
		return err
	}
	plain, err := w.codec.Unpack(e.Packed, nil)
	if err != nil {
		return err
	}
	p, err := pprof.Decode(plain, pprof.Limits{})
	if err != nil {
		return err
	}
	for _, s := range scales {
		if err := s.add(w.service, services, e, p); err != nil {
			return err
		}
	}
	return nil
}

// services returns the services of the corpus, sorted.
func (w *world) services(ctx context.Context) ([]string, error) {
	blocks, err := w.blocks(ctx, w.settled)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, m := range blocks {
		for _, d := range m.Datasets {
			names[d.Service] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// BenchmarkGrowth asks for one service in blocks that hold the same of it and
// more and more of others. What it costs must not depend on the others: the
// figures of 1x, 4x and 16x may differ by a tenth.
func BenchmarkGrowth(b *testing.B) {
	w := built(b)
	scales := []*scale{{name: "1x", every: 4, copies: 1}, {name: "4x", every: 1, copies: 1}, {name: "16x", every: 1, copies: 4}}
	for _, s := range scales {
		s.builder = block.NewBuilder(settledOptions())
	}
	end, err := w.grow(b.Context(), scales)
	require.NoError(b, err)
	t := w.target
	t.end = end
	questions, err := standard(t, end.Sub(w.start))
	require.NoError(b, err)
	queriers := make(map[string]http.Handler)
	for _, s := range scales {
		body, m, err := s.builder.Build(profile.AnonymousTenant, ulid.Make().String(), 1, nil)
		require.NoError(b, err)
		s.builder = nil
		index := blockindextest.NewMem()
		require.NoError(b, storeBlock(b.Context(), w.store, index, body, m))
		queriers[s.name] = newQuerier(b, w.store, index, end)
	}
	for _, q := range questions {
		if strings.Contains(q.name, "/all") || !strings.Contains(q.name, "cpu/service") {
			continue
		}
		for _, s := range scales {
			b.Run(q.name+"/"+s.name, func(b *testing.B) {
				measure(b, func() http.Handler { return queriers[s.name] }, []question{q})
			})
		}
	}
}
