package block

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// mergedDataset is a dataset while it is merged: all of its symbols and series,
// and one shard after another of its profiles.
type mergedDataset struct {
	*merger
	service string
	sources []*source
	symbols *symtab.Table
	shards  int
	series  [][]series // of each shard, sorted
	shardOf []int      // of each series, by its position in source.series
	placeOf []int32    // of each series in its shard
	current mergedEntry
	summing int // the kind that sums are gathered of
}

// dataset merges what the blocks have of a service.
func (m *merger) dataset(ctx context.Context, service string, sources []*source) error {
	d := &mergedDataset{merger: m, service: service, sources: sources}
	if err := d.readSymbols(ctx); err != nil {
		return err
	}
	for shard := range d.shards {
		for kind := range m.out.meta.Kinds {
			if err := d.kind(ctx, shard, kind); err != nil {
				return err
			}
		}
		if err := d.endEntry(); err != nil {
			return err
		}
	}
	release(sources)
	return nil
}

// readSymbols reads symbols and series of all sources and divides the series
// into shards.
func (d *mergedDataset) readSymbols(ctx context.Context) error {
	to := &dataset{service: d.service, symbols: symtab.New(), seriesIDs: make(map[string]int32)}
	if err := d.load(ctx, d.sources, (*source).wantBeginning); err != nil {
		return err
	}
	var total int64
	for _, s := range d.sources {
		total += s.bytes
		var err error
		if s.nodes, err = importStacks(s.Dataset, d.dec, to); err != nil {
			return err
		}
		list, err := s.Series(d.dec)
		if err != nil {
			return err
		}
		counts, err := d.counting(s, len(list))
		if err != nil {
			return err
		}
		s.series = unused(s.series, len(list))
		for i, x := range list {
			if counts == nil || counts[i] {
				s.series[i] = to.seriesID(d.rankOf(s, x.Kind), x.Labels)
			}
		}
	}
	d.symbols = to.symbols
	d.shards = shardsOf(total, d.opts.ShardBytes)
	d.divide(to.series)
	return nil
}

// counting reports which series of a source have profiles that count; nil if all
// of its profiles do.
func (d *mergedDataset) counting(s *source, series int) ([]bool, error) {
	if !s.Cut {
		return nil, nil
	}
	out := make([]bool, series)
	for _, p := range s.Parts {
		of, times, err := p.Profiles(d.dec)
		if err != nil {
			return nil, err
		}
		for i, t := range times {
			out[of[i]] = out[of[i]] || t >= s.From
		}
	}
	return out, nil
}

// wantBeginning asks for what is read of a source before its samples.
func (s *source) wantBeginning() {
	s.wantSymbols()
	if s.Cut {
		for _, p := range s.Parts {
			s.wantGroup(&p.contents.profiles)
		}
	}
}

// rankOf returns the place of a kind of a source among all.
func (d *mergedDataset) rankOf(s *source, k *Kind) int {
	for i := range s.kinds {
		if &s.kinds[i] == k {
			return s.ranks[i]
		}
	}
	panic("BUG: a kind of another block")
}

// shardsOf returns into how many shards so many bytes are divided.
func shardsOf(bytes, perShard int64) int {
	n := (bytes + perShard - 1) / perShard
	if n <= 1 {
		return 1
	}
	return min(1<<bits.Len64(uint64(n-1)), maxShards)
}

// divide divides the series into shards and sorts those of each.
func (d *mergedDataset) divide(all []series) {
	d.series = make([][]series, d.shards)
	d.shardOf, d.placeOf = make([]int, len(all)), make([]int32, len(all))
	for _, i := range seriesOrder(all) {
		shard := shardOf(d.out.meta.Tenant, all[i].labels, d.shards)
		d.shardOf[i], d.placeOf[i] = shard, int32(len(d.series[shard]))
		d.series[shard] = append(d.series[shard], all[i])
	}
}

// shardOf returns the shard of a series. It must be the same in all releases,
// since a merge passes over the shards of its sources that it has no use for.
func shardOf(tenant profile.TenantID, ls profile.Labels, shards int) int {
	if shards == 1 {
		return 0
	}
	return int(profile.SeriesHash(tenant, ls) % uint64(shards))
}

// mayHave reports whether the source can have series of a shard.
func (d *mergedDataset) mayHave(s *source, shard int) bool {
	n := min(s.shards, d.shards) // both are powers of two
	return s.shard%n == shard%n
}

// load fetches something of sources that were not fetched as a whole.
func (d *mergedDataset) load(ctx context.Context, sources []*source, want func(*source)) error {
	var missing []*source
	for _, s := range sources {
		if !s.fetched {
			want(s)
			missing = append(missing, s)
		}
	}
	return d.fetch(ctx, missing)
}

// mergedEntry is the entry of the output that is being written, and how it
// numbers what it uses of the dataset's symbols.
type mergedEntry struct {
	*entry
	node      []int32 // by node of the dataset: the one of the entry, -1 if it is not used yet
	location  []int32 // the same of locations
	locations []uint32
	stacks    Stacks
}

// openEntry returns the entry to write the next part of a shard to. It begins
// a volume if the last one is full.
func (d *mergedDataset) openEntry(ctx context.Context, shard int) (*mergedEntry, error) {
	full := d.out.volume.size >= d.opts.VolumeBytes
	if d.current.entry != nil && !full {
		return &d.current, nil
	}
	if err := d.endEntry(); err != nil {
		return nil, err
	}
	if full {
		if err := d.out.finish(ctx, false); err != nil {
			return nil, err
		}
	}
	e, err := d.out.volume.begin(d.service, shard, d.shards, d.series[shard])
	if err != nil {
		return nil, err
	}
	t := d.symbols
	d.current = mergedEntry{
		entry: e, node: unused(d.current.node, len(t.Stacks.Parents)), location: unused(d.current.location, len(t.Locations)),
		stacks: Stacks{Parents: []int32{-1}, Locations: []int32{-1}},
	}
	d.current.node[0] = 0
	return &d.current, nil
}

// unused returns n times -1, in the memory of s if there is enough.
func unused(s []int32, n int) []int32 {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = -1
	}
	return s
}

// endEntry writes the symbols that the entry has come to use.
func (d *mergedDataset) endEntry() error {
	e := &d.current
	if e.entry == nil {
		return nil
	}
	if err := d.flushSums(); err != nil {
		return err
	}
	if err := e.end(d.symbols, e.locations, e.stacks); err != nil {
		return fmt.Errorf("end dataset: %w", err)
	}
	e.entry = nil
	return nil
}

// use returns the entry's number of a node of the dataset's tree.
func (e *mergedEntry) use(t *symtab.StackTree, node int32) int32 {
	if n := e.node[node]; n >= 0 {
		return n
	}
	parent := e.use(t, t.Parents[node])
	l := t.Locations[node]
	if e.location[l] < 0 {
		e.location[l] = int32(len(e.locations))
		e.locations = append(e.locations, uint32(l))
	}
	n := int32(len(e.stacks.Parents))
	e.node[node] = n
	e.stacks.Parents = append(e.stacks.Parents, parent)
	e.stacks.Locations = append(e.stacks.Locations, e.location[l])
	return n
}
