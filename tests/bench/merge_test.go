package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// settledOptions are those of blocks that compaction will not touch again.
func settledOptions() block.Options { return block.Options{Slice: 15 * time.Minute, Small: true} }

// merge makes one block of others.
func merge(ctx context.Context, store objstore.Reader, from []*block.Meta) ([]byte, *block.Meta, error) {
	r, err := block.NewReader(store)
	if err != nil {
		return nil, nil, err
	}
	b := block.NewBuilder(settledOptions())
	for _, m := range from {
		if err := b.AddBlock(ctx, r, m); err != nil {
			return nil, nil, fmt.Errorf("merge block %s: %w", m.ID, err)
		}
	}
	return b.Build(profile.AnonymousTenant, ulid.Make().String(), 1, nil)
}

// BenchmarkMerge merges all segments of the corpus into one block.
func BenchmarkMerge(b *testing.B) {
	w := built(b)
	var m *block.Meta
	memory := watchMemory()
	cpu := startMeter(b)
	for b.Loop() {
		var err error
		_, m, err = merge(b.Context(), w.store, w.segments)
		require.NoError(b, err)
	}
	cpu.reportPer(w.corpus.profiles)
	memory.report(b)
	b.ReportMetric(float64(m.Size)/float64(w.corpus.profiles), "B/profile")
	reportSections(b, []*block.Meta{m}, w.corpus.profiles)
}

// reportSections reports how large the sections of blocks are, per profile.
func reportSections(b *testing.B, blocks []*block.Meta, profiles int) {
	sizes := make(map[block.Section]int64)
	for _, m := range blocks {
		for i, e := range m.Sections {
			sizes[block.Section(i)] += e.Length
		}
	}
	for s, n := range sizes {
		b.ReportMetric(float64(n)/float64(profiles), s.String()+"-B/profile")
	}
}
