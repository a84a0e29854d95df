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

// merge makes one block of others and puts it into the store.
func merge(ctx context.Context, store objstore.Store, from []*block.Meta) (*block.Meta, error) {
	r, err := block.NewReader(store)
	if err != nil {
		return nil, err
	}
	into := block.Meta{Tenant: profile.AnonymousTenant, ID: ulid.Make().String(), Level: 1}
	return r.Merge(ctx, from, into, block.DefaultMergeOptions(), store.Put)
}

// BenchmarkMerge merges all segments of the corpus into one block.
func BenchmarkMerge(b *testing.B) {
	w := built(b)
	var m *block.Meta
	memory := watchMemory()
	cpu := startMeter(b)
	for b.Loop() {
		var err error
		m, err = merge(b.Context(), w.store, w.segments)
		require.NoError(b, err)
	}
	cpu.reportPer(w.corpus.profiles)
	memory.report(b)
	b.ReportMetric(float64(m.Size)/float64(w.corpus.profiles), "B/profile")
	reportSections(b, []*block.Meta{m}, w.corpus.profiles)
}

// BenchmarkMergeSums merges all segments of the corpus into one block, with sums
// over some steps and without.
func BenchmarkMergeSums(b *testing.B) {
	w := built(b)
	for _, steps := range [][]time.Duration{nil, {5 * time.Minute, time.Hour}, {5 * time.Minute, time.Hour, 6 * time.Hour}} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			r, err := block.NewReader(w.store)
			require.NoError(b, err)
			opts := block.DefaultMergeOptions()
			opts.Steps = steps
			var m *block.Meta
			cpu := startMeter(b)
			for b.Loop() {
				into := block.Meta{Tenant: profile.AnonymousTenant, ID: ulid.Make().String(), Level: 3}
				m, err = r.Merge(b.Context(), w.segments, into, opts, w.store.Put)
				require.NoError(b, err)
			}
			cpu.reportPer(w.corpus.profiles)
			b.ReportMetric(float64(m.Size)/float64(w.corpus.profiles), "B/profile")
			for _, s := range m.Sums {
				b.ReportMetric(float64(s.Bytes)/float64(w.corpus.profiles), fmt.Sprintf("%v-B/profile", time.Duration(s.Step)))
			}
			reportSections(b, []*block.Meta{m}, w.corpus.profiles)
		})
	}
}

// reportSections reports how large the sections of blocks are, per profile.
func reportSections(b *testing.B, blocks []*block.Meta, profiles int) {
	sizes := make(map[block.Section]int64)
	for _, m := range blocks {
		for s := block.KindsSection; s <= block.SumsSection; s++ {
			sizes[s] += m.SectionBytes(s)
		}
	}
	for s, n := range sizes {
		b.ReportMetric(float64(n)/float64(profiles), s.String()+"-B/profile")
	}
}
