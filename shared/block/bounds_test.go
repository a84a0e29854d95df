package block_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// randomBound is one within the first hour of the blocks.
func randomBound(r *rand.Rand) block.Bound {
	at := func() int64 { return blocktest.Start + r.Int64N(int64(time.Hour)) }
	b := block.Bound{Services: map[string]int64{"service-1": at(), "nobody": at()}}
	if r.IntN(2) == 0 {
		b.Rest, b.Services["service-0"] = at(), 0
	}
	return b
}

// Merging leaves out what does not count: profiles, and the series that no
// other profile has. What counts is all there.
func TestMergingLeavesOutWhatDoesNotCount(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 41))
		store := blocktest.Objects{}
		pushed := blocktest.Random(r, 120, 60)
		from := segments(t, r, store, pushed, 6)
		opts := randomOptions(r)
		opts.Bound = randomBound(r)
		reader, err := block.NewReader(store)
		require.NoError(t, err)
		merged, err := reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: ulid.ULID{1}.String(), Level: 1}, opts, store.Put)
		require.NoError(t, err)
		counting := slices.DeleteFunc(slices.Clone(pushed), func(p blocktest.Pushed) bool {
			return p.Profile.TimeNanos < opts.Bound.Of(p.Labels.Get(profile.LabelServiceName))
		})
		require.NotEmpty(t, counting)
		require.Less(t, len(counting), len(pushed))
		require.Equal(t, truth(counting), content(t, store, merged))
		only := blocktest.Objects{}
		plain := segments(t, r, only, counting, 1)
		require.Equal(t, seriesOf(t, only, plain[0]), seriesOf(t, store, merged))

		opts.Bound = block.Bound{Rest: math.MaxInt64}
		_, err = reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: ulid.ULID{1}.String()}, opts, store.Put)
		require.ErrorIs(t, err, block.ErrNothingCounts)
	}
}

func seriesOf(t *testing.T, store blocktest.Objects, m *block.Meta) map[string]bool {
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	out := make(map[string]bool)
	require.NoError(t, reader.Read(t.Context(), m, everything(block.NeedSeries), func(d *block.Dataset) error {
		list, err := d.Series(reader.NewDecoder())
		for _, s := range list {
			out[d.Service+s.Kind.Name+s.Labels.String()] = true
		}
		return err
	}))
	return out
}

// Readers leave out the parts, and descriptions the datasets, of which nothing
// counts, for the tenant that the bound is of.
func TestReadingWithinBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 42))
	store := blocktest.Objects{}
	m := segments(t, r, store, blocktest.Random(r, 60, 60), 1)[0]
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	count := func(bounds block.Bounds) (services, parts int) {
		req := everything(block.NeedSeries)
		req.Bounds = bounds
		require.NoError(t, reader.Read(t.Context(), m, req, func(d *block.Dataset) error {
			services++
			parts += len(d.Parts)
			require.Equal(t, bounds[m.Tenant].Of(d.Service), d.From)
			return nil
		}))
		return services, parts
	}
	services, parts := count(nil)
	gone := block.Bound{Services: map[string]int64{"service-1": math.MaxInt64}}
	fewer, fewerParts := count(block.Bounds{m.Tenant: gone})
	require.Equal(t, services-1, fewer)
	require.Less(t, fewerParts, parts)
	others, othersParts := count(block.Bounds{"other": gone})
	require.Equal(t, []int{services, parts}, []int{others, othersParts})

	left := m.Counting(gone)
	require.Len(t, left.Datasets, len(m.Datasets)-1)
	require.Nil(t, m.Counting(block.Bound{Rest: math.MaxInt64}))
	require.Same(t, m, m.Counting(block.Bound{}))
	all, some := m.Divide(gone)
	require.Len(t, all.Datasets, len(m.Datasets)-1)
	require.Equal(t, "service-1", some.Datasets[0].Service)
	require.False(t, m.CountsWhole(gone))
	require.True(t, all.CountsWhole(gone))
}
