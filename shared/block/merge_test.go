package block_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// truth is what profiles sum up to, by all that tells values apart.
func truth(pushed []blocktest.Pushed) map[string]int64 {
	out := make(map[string]int64)
	for _, r := range blocktest.Rows(pushed) {
		add(out, keyOf(r.Labels, r.Type, r.TimeNanos, r.Span, r.Stack), r.Value)
	}
	return out
}

func keyOf(ls profile.Labels, typ profile.Type, time int64, span uint64, stack string) string {
	return fmt.Sprintf("%v %v at %d, span %d: %s", ls, typ, time, span, stack)
}

func add(sums map[string]int64, key string, v int64) {
	if sums[key] += v; sums[key] == 0 {
		delete(sums, key)
	}
}

// content is the same of blocks, with nothing but what a query uses.
func content(t testing.TB, store blocktest.Objects, metas ...*block.Meta) map[string]int64 {
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	out := make(map[string]int64)
	for _, m := range metas {
		types := make(map[profile.Type]bool)
		for i := range m.Kinds {
			for v := range m.Kinds[i].Samples {
				typ := m.Kinds[i].Type(v)
				if types[typ] {
					continue // of another kind as well
				}
				types[typ] = true
				req := everything(block.NeedAll)
				req.Type = &typ
				require.NoError(t, reader.Read(t.Context(), m, req, func(d *block.Dataset) error {
					sumDataset(t, reader, d, out, typ)
					return nil
				}))
			}
		}
	}
	return out
}

func sumDataset(t testing.TB, reader *block.Reader, d *block.Dataset, out map[string]int64, typ profile.Type) {
	dec := reader.NewDecoder()
	series, err := d.Series(dec)
	require.NoError(t, err)
	traces := tracesOf(t, reader, d)
	for _, p := range d.Parts {
		dec := reader.NewDecoder()
		of, times, err := p.Profiles(dec)
		require.NoError(t, err)
		owners, err := p.Owners(dec)
		require.NoError(t, err)
		spans, _, _, err := p.Spans(dec)
		require.NoError(t, err)
		nodes, values, err := p.Samples(dec)
		require.NoError(t, err)
		for i, v := range values {
			o := owners[i]
			add(out, keyOf(series[of[o]].Labels, typ, times[o], uint64(spans[i]), traces[nodes[i]]), v)
		}
	}
}

// tracesOf returns the stack trace of each node of a dataset.
func tracesOf(t testing.TB, reader *block.Reader, d *block.Dataset) []string {
	dec := reader.NewDecoder()
	stacks, err := d.Stacks(dec)
	require.NoError(t, err)
	names, err := d.Names(dec)
	require.NoError(t, err)
	traces := make([]string, len(stacks.Parents))
	for n := 1; n < len(traces); n++ {
		l := stacks.Locations[n]
		ids := names.IDs[names.First[l]:names.First[l+1]]
		parts := []string{}
		if parent := traces[stacks.Parents[n]]; parent != "" {
			parts = append(parts, parent)
		}
		for i := len(ids) - 1; i >= 0; i-- {
			parts = append(parts, names.Table[ids[i]])
		}
		traces[n] = strings.Join(parts, ";")
	}
	return traces
}

// segments stores profiles in n blocks, each in one or, now and then, in two.
func segments(t testing.TB, r *rand.Rand, store blocktest.Objects, pushed []blocktest.Pushed, n int) []*block.Meta {
	builders := make([]*block.Builder, n)
	for i := range builders {
		builders[i] = block.NewBuilder(block.Options{})
	}
	for i, p := range pushed {
		at := r.IntN(n)
		if i < n {
			at = i
		}
		require.NoError(t, builders[at].Add(p.Labels, p.ID, p.Profile))
		if twice := r.IntN(n); r.IntN(5) == 0 && twice != at {
			require.NoError(t, builders[twice].Add(p.Labels, p.ID, p.Profile))
		}
	}
	var out []*block.Meta
	for i, b := range builders {
		body, m, err := b.Build("acme", ulid.ULID{1: 1, 15: byte(i)}.String(), 0, nil)
		require.NoError(t, err)
		store[m.Key()] = body
		out = append(out, m)
	}
	return out
}

// randomOptions are limits so small that they matter for some profiles.
func randomOptions(r *rand.Rand) block.MergeOptions {
	return block.MergeOptions{
		Slice: []time.Duration{0, time.Second, time.Minute, 15 * time.Minute}[r.IntN(4)], Small: r.IntN(2) == 0,
		Steps:       [][]time.Duration{nil, {time.Minute}, {5 * time.Minute, time.Hour}}[r.IntN(3)],
		VolumeBytes: 1 << (11 + r.IntN(8)), ShardBytes: 1 << (11 + r.IntN(9)), FetchBytes: 1 << r.IntN(20), PartSamples: 1 << (2 + r.IntN(10)),
	}
}

// mergeAtRandom merges blocks in groups, and the merged ones again, until one
// is left.
func mergeAtRandom(t testing.TB, r *rand.Rand, store blocktest.Objects, from []*block.Meta) *block.Meta {
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	for n := 0; ; n++ {
		count := 1 + r.IntN(len(from))
		into := block.Meta{Tenant: "acme", ID: ulid.ULID{2: 1, 15: byte(n)}.String(), Level: 1, Sources: []string{from[0].ID}}
		m, err := reader.Merge(t.Context(), from[:count], into, randomOptions(r), store.Put)
		require.NoError(t, err)
		parsed, err := block.ParseMeta(m.Append(nil))
		require.NoError(t, err)
		require.Equal(t, m, parsed, "the index row has all")
		if from = append(from[count:], m); len(from) == 1 {
			return m
		}
	}
}

// TestMergingKeepsAllAndDropsRepetitions merges in random groups, with random
// limits: whatever the volumes, shards and parts, what went in comes out, once.
func TestMergingKeepsAllAndDropsRepetitions(t *testing.T) {
	most := map[string]int{}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 77))
		pushed := blocktest.Random(r, 5+r.IntN(120), 1+r.IntN(60))
		store := blocktest.Objects{}
		from := segments(t, r, store, pushed, 1+r.IntN(5))
		m := mergeAtRandom(t, r, store, from)
		require.Equal(t, truth(pushed), content(t, store, m), "seed %d", seed)
		var once int64
		for _, p := range pushed {
			kinds := (len(p.Profile.SampleTypes) + block.MaxValues - 1) / block.MaxValues
			once += int64(kinds * len(p.Profile.SplitByLabels()))
		}
		require.Equal(t, once, m.Profiles, "seed %d", seed)
		var size int64
		shards := 0
		for i := range m.Volumes {
			require.Len(t, store[m.VolumeKey(i)], int(m.Volumes[i].Size))
			size += m.Volumes[i].Size
		}
		for i := range m.Datasets {
			shards = max(shards, m.Datasets[i].Shards)
		}
		require.Equal(t, size, m.Size)
		requireTail(t, store, m)
		most["volumes"], most["shards"] = max(most["volumes"], len(m.Volumes)), max(most["shards"], shards)
	}
	require.Greater(t, most["volumes"], 10)
	require.Greater(t, most["shards"], 3)
}

// requireTail checks that the row can be had from the last object, and from no
// other.
func requireTail(t testing.TB, store blocktest.Objects, m *block.Meta) {
	for i, key := range m.Keys() {
		tail, _, err := block.ParseTail(store[key])
		require.NoError(t, err)
		require.NoError(t, tail.SetKey(key))
		require.Equal(t, i == len(m.Volumes)-1, tail.Complete)
		if tail.Complete {
			require.Equal(t, m, tail)
		}
		require.ErrorIs(t, tail.SetKey("acme/blocks/"+blockID), block.ErrCorrupt)
	}
}

// TestShardsOfAServiceHaveTheirSeriesAlone: a series is in one shard, and stays
// there when shards are merged.
func TestShardsOfAServiceHaveTheirSeriesAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	store := blocktest.Objects{}
	from := segments(t, r, store, blocktest.Random(r, 300, 60), 2)
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	opts := block.MergeOptions{ShardBytes: 30 << 10}
	for round := range 2 {
		into := block.Meta{Tenant: "acme", ID: ulid.ULID{3: 1, 15: byte(round)}.String()}
		m, err := reader.Merge(t.Context(), from, into, opts, store.Put)
		require.NoError(t, err)
		shardOf := make(map[string]int)
		shards := make(map[int]bool)
		for i, ref := range m.Datasets {
			one := *m
			one.Datasets = m.Datasets[i : i+1]
			require.NoError(t, reader.Read(t.Context(), &one, everything(block.NeedAll), func(d *block.Dataset) error {
				list, err := d.Series(reader.NewDecoder())
				require.NoError(t, err)
				for _, s := range list {
					at, known := shardOf[s.Labels.String()]
					require.True(t, !known || at == ref.Shard)
					shardOf[s.Labels.String()] = ref.Shard
				}
				return nil
			}))
			shards[ref.Shard] = true
		}
		require.Greater(t, len(shards), 1)
		from = []*block.Meta{m}
	}
}

// TestABlockOfVersion1IsRead reads what the first version of the format wrote:
// build(t, 41, 40, Options{Slice: 15 min, Small: true}).
func TestABlockOfVersion1IsRead(t *testing.T) {
	body, err := os.ReadFile("testdata/version1.block")
	require.NoError(t, err)
	m, _, err := block.ParseTail(body)
	require.NoError(t, err)
	require.True(t, m.Complete)
	require.Equal(t, int64(len(body)), m.Size)
	store := blocktest.Objects{m.Key(): body}
	pushed := blocktest.Random(rand.New(rand.NewPCG(41, 9)), 40, 60)
	require.Equal(t, truth(pushed), content(t, store, m))
	again, err := block.ParseMeta(m.Append(nil))
	require.NoError(t, err)
	require.Equal(t, m, again)
	require.Equal(t, truth(pushed), content(t, store, mergeAtRandom(t, rand.New(rand.NewPCG(1, 1)), store, []*block.Meta{m})))
}

// TestDamagedVolumesAreNoticed damages one of several volumes.
func TestDamagedVolumesAreNoticed(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	store := blocktest.Objects{}
	from := segments(t, r, store, blocktest.Random(r, 60, 60), 2)
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	m, err := reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{VolumeBytes: 8 << 10, FetchBytes: 4 << 10}, store.Put)
	require.NoError(t, err)
	require.Greater(t, len(m.Volumes), 1)
	want := content(t, store, m)
	key := m.VolumeKey(1)
	whole := store[key]
	merge := func() (*block.Meta, error) {
		opts := block.MergeOptions{VolumeBytes: 16 << 10, FetchBytes: 1 << r.IntN(18)}
		return reader.Merge(t.Context(), []*block.Meta{m}, block.Meta{Tenant: "acme", ID: blockID}, opts, store.Put)
	}
	noticed := 0
	for i := 0; i < len(whole); i += 127 {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		store[key] = bad
		merged, err := merge()
		if err != nil {
			require.ErrorContains(t, err, key)
			noticed++
			continue
		}
		store[key] = whole
		require.Equal(t, want, content(t, store, merged), "byte %d", i)
	}
	require.Greater(t, noticed, len(whole)/127/4)
	for _, n := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
		store[key] = whole[:n]
		_, err := merge()
		require.Error(t, err)
	}
	delete(store, key)
	_, err = merge()
	require.ErrorContains(t, err, key)
}

func TestAMergeThatIsToldToStopStops(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	store := blocktest.Objects{}
	from := segments(t, r, store, blocktest.Random(r, 60, 60), 2)
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	puts := 0
	_, err = reader.Merge(ctx, from, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{VolumeBytes: 1}, func(context.Context, string, []byte) error {
		puts++
		cancel(why)
		return nil
	})
	require.ErrorIs(t, err, why)
	require.Equal(t, 1, puts)
	_, err = reader.Merge(t.Context(), from, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{}, func(context.Context, string, []byte) error { return why })
	require.ErrorIs(t, err, why)
	_, err = reader.Merge(t.Context(), nil, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{}, store.Put)
	require.ErrorContains(t, err, "no profiles")
}
