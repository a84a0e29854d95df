package block_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// startOf is the bucket of a time by its definition: points of a series stand at
// multiples of the step and cover the milliseconds after the one before.
func startOf(nanos, step int64) int64 {
	ms, stepMS := nanos/1e6, step/1e6
	return ((ms+stepMS-1)/stepMS-1)*stepMS*1e6 + 1e6
}

// bucketTruth is what profiles sum up to by bucket, and how many they are.
func bucketTruth(pushed []blocktest.Pushed, step int64, typ profile.Type) map[string]int64 {
	out := make(map[string]int64)
	seen := make(map[string]bool)
	for _, p := range pushed {
		for _, r := range blocktest.Rows([]blocktest.Pushed{p}) {
			if r.Type != typ {
				continue
			}
			start := startOf(r.TimeNanos, step)
			add(out, keyOf(r.Labels, typ, start, 0, r.Stack), r.Value)
			add(out, fmt.Sprint("total ", r.Labels, start), r.Value)
			if one := fmt.Sprint(p.ID, r.Labels); !seen[one] {
				seen[one] = true
				add(out, fmt.Sprint("count ", r.Labels, start), 1)
			}
		}
	}
	return out
}

// buckets is the same of the sums of a block.
func buckets(t testing.TB, reader *block.Reader, m *block.Meta, step int64, typ profile.Type) map[string]int64 {
	out := make(map[string]int64)
	req := everything(block.NeedAll)
	req.Type, req.Sums = &typ, func(s int64) bool { return s == step }
	require.NoError(t, reader.Read(t.Context(), m, req, func(d *block.Dataset) error {
		series, err := d.Series(reader.NewDecoder())
		require.NoError(t, err)
		traces := tracesOf(t, reader, d)
		dec := reader.NewDecoder()
		for _, p := range d.Parts {
			require.Equal(t, step, p.Step)
			require.True(t, p.Whole())
			of, times, err := p.Profiles(dec)
			require.NoError(t, err)
			counts, err := p.Counts(dec)
			require.NoError(t, err)
			totals, err := p.Totals(dec)
			require.NoError(t, err)
			owners, err := p.Owners(dec)
			require.NoError(t, err)
			nodes, values, err := p.Samples(dec)
			require.NoError(t, err)
			for i, at := range times {
				require.LessOrEqual(t, p.MinTime, at)
				require.GreaterOrEqual(t, p.MaxTime, at)
				add(out, fmt.Sprint("total ", series[of[i]].Labels, at), totals[i])
				add(out, fmt.Sprint("count ", series[of[i]].Labels, at), counts[i])
			}
			for i, v := range values {
				add(out, keyOf(series[of[owners[i]]].Labels, typ, times[owners[i]], 0, traces[nodes[i]]), v)
			}
		}
		return nil
	}))
	return out
}

// TestSumsAreThoseOfTheProfiles merges at random, merges what was merged, and
// compares the sums of all steps with those of what was pushed.
func TestSumsAreThoseOfTheProfiles(t *testing.T) {
	most := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 78))
		pushed := blocktest.Random(r, 5+r.IntN(120), 1+r.IntN(180))
		for i := range pushed { // some lie on the edges of buckets
			if at := &pushed[i].Profile.TimeNanos; r.IntN(4) == 0 {
				*at = *at - *at%int64(5*time.Minute) + []int64{0, -1, 1e6, 1e6 - 1, 1}[r.IntN(5)]
			}
		}
		store := blocktest.Objects{}
		from := segments(t, r, store, pushed, 1+r.IntN(5))
		m := mergeAtRandom(t, r, store, from)
		reader, err := block.NewReader(store)
		require.NoError(t, err)
		opts := randomOptions(r)
		opts.Steps = []time.Duration{5 * time.Minute, time.Hour}
		m, err = reader.Merge(t.Context(), []*block.Meta{m}, block.Meta{Tenant: "acme", ID: ulid.ULID{4: 1}.String(), Level: 3}, opts, store.Put)
		require.NoError(t, err)
		parsed, err := block.ParseMeta(m.Append(nil))
		require.NoError(t, err)
		require.Equal(t, m, parsed)
		requireTail(t, store, m)
		require.Equal(t, truth(pushed), content(t, store, m), "the profiles are as they were, seed %d", seed)
		require.Len(t, m.Sums, 2)
		var bytes int64
		for _, s := range m.Sums {
			bytes += s.Bytes
			types := make(map[profile.Type]bool)
			for _, row := range blocktest.Rows(pushed) {
				if !types[row.Type] {
					types[row.Type] = true
					require.Equal(t, bucketTruth(pushed, s.Step, row.Type), buckets(t, reader, m, s.Step, row.Type), "seed %d step %d %v", seed, s.Step, row.Type)
				}
			}
		}
		sections := m.SectionBytes(block.BucketsSection) + m.SectionBytes(block.SumsSection)
		require.Positive(t, bytes)
		require.Less(t, bytes, sections, "sections have footers")
		most = max(most, len(m.Volumes))
	}
	require.Greater(t, most, 3)
}

func TestStepsMustDivideEachOther(t *testing.T) {
	store := blocktest.Objects{}
	r := rand.New(rand.NewPCG(1, 1))
	from := segments(t, r, store, blocktest.Random(r, 10, 10), 1)
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	for _, steps := range [][]time.Duration{{0}, {-time.Hour}, {time.Microsecond}, {time.Hour, time.Minute}, {2 * time.Minute, 5 * time.Minute}} {
		_, err := reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{Steps: steps}, store.Put)
		require.ErrorContains(t, err, "steps")
	}
}
