package block

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// MergeOptions are the choices in merging blocks.
type MergeOptions struct {
	// Slice cuts the profiles of a kind into row groups by time, as in Options.
	Slice time.Duration
	// Small spends more time to make the block smaller, as in Options.
	Small bool
	// Bound says which profiles are left out because they do not count any
	// more, and with them series and symbols that no other has.
	Bound Bound
	// Steps are the lengths of the buckets of time over which the block gets
	// sums beside the profiles: whole milliseconds, ascending, each a divisor of
	// the next.
	Steps []time.Duration
	// What follows bounds memory and objects; 0 is the value of
	// DefaultMergeOptions.

	// VolumeBytes is how large an object of the block grows before the next is
	// begun: an object is larger by at most one row group and the symbols of a
	// dataset. It is held in memory twice.
	VolumeBytes int64
	// ShardBytes is how much of one dataset, as the sources hold it, is merged
	// at once; larger ones are divided by their series.
	ShardBytes int64
	// FetchBytes is how much of the sources is held at once.
	FetchBytes int64
	// PartSamples is how many samples a row group has at most, about: as many
	// are decoded at once.
	PartSamples int
}

// DefaultMergeOptions let a merge of any size run in less than 1 GiB of memory,
// as long as the symbols of any single dataset are a small part of that.
func DefaultMergeOptions() MergeOptions {
	return MergeOptions{
		Slice: 15 * time.Minute, Small: true,
		VolumeBytes: 64 << 20, ShardBytes: 256 << 20, FetchBytes: 64 << 20, PartSamples: 1 << 20,
	}
}

// withDefaults sets what is not set.
func (o MergeOptions) withDefaults() MergeOptions {
	d := DefaultMergeOptions()
	o.VolumeBytes, o.ShardBytes = cmp.Or(o.VolumeBytes, d.VolumeBytes), cmp.Or(o.ShardBytes, d.ShardBytes)
	o.FetchBytes, o.PartSamples = cmp.Or(o.FetchBytes, d.FetchBytes), cmp.Or(o.PartSamples, d.PartSamples)
	return o
}

// ErrNothingCounts is returned by Merge if there is nothing to write: all
// profiles are before MergeOptions.Bound.
var ErrNothingCounts = errors.New("no profile counts any more")

// maxShards is the most shards that a dataset can be divided into.
const maxShards = 1 << 16

// mergeFetches is how many sources of a merge are read at once.
const mergeFetches = 8

// Merge writes all profiles of some blocks of one tenant into one, of which
// into says the tenant, id, level and sources; the rest of it is ignored. A
// profile that is there several times, by its id, is written once: what a
// redelivered message stored twice becomes one again. The same blocks in the
// same order give the same bytes.
//
// It reads the blocks dataset by dataset, in the order of services, and hands
// each object to put as soon as it is complete. After an error some may have
// been put; without the description that Merge returns they are nothing.
func (r *Reader) Merge(ctx context.Context, from []*Meta, into Meta, opts MergeOptions, put Put) (*Meta, error) {
	m := &merger{reader: r, opts: opts.withDefaults(), dec: r.NewDecoder()}
	meta := Meta{Tenant: into.Tenant, ID: into.ID, Level: into.Level, Sources: into.Sources, Kinds: mergedKinds(from)}
	var err error
	if meta.Sums, err = sumsOf(opts.Steps); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	if m.out, err = newOutput(meta, opts.Small, put); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	m.out.named = true
	if err := m.run(ctx, from); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	return &m.out.meta, nil
}

// mergedKinds returns the kinds of all blocks, sorted.
func mergedKinds(from []*Meta) []Kind {
	var all []Kind
	for _, m := range from {
		all = append(all, m.Kinds...)
	}
	slices.SortFunc(all, func(a, b Kind) int { return a.compare(&b) })
	return slices.CompactFunc(all, func(a, b Kind) bool { return a.compare(&b) == 0 })
}

// merger is the state of Merge.
type merger struct {
	reader *Reader
	opts   MergeOptions
	out    *output
	dec    *Decoder
	buf    mergeBuffers
}

func (m *merger) run(ctx context.Context, from []*Meta) error {
	sources, err := m.open(ctx, from)
	if err != nil {
		return err
	}
	byService := make(map[string][]*source)
	var services []string
	for _, s := range sources {
		if byService[s.Service] == nil {
			services = append(services, s.Service)
		}
		byService[s.Service] = append(byService[s.Service], s)
	}
	slices.Sort(services)
	for len(services) > 0 {
		n, err := m.fetchGroup(ctx, services, byService)
		if err != nil {
			return err
		}
		for _, service := range services[:n] {
			if err := m.dataset(ctx, service, byService[service]); err != nil {
				return err
			}
			delete(byService, service)
		}
		services = services[n:]
	}
	if m.out.volume.profiles == 0 {
		if m.opts.Bound.IsZero() {
			return errors.New("there are no profiles")
		}
		return ErrNothingCounts
	}
	return m.out.finish(ctx, true)
}

// source is a dataset of a block that is merged.
type source struct {
	*Dataset
	ranks   []int // place of each kind of its block among those of the output
	bytes   int64
	fetched bool // as a whole

	// Of its dataset, as merged so far: the node of each of its stack traces
	// and the position of each of its series.
	nodes, series []int32
}

// open reads all tables of contents of the blocks.
func (m *merger) open(ctx context.Context, from []*Meta) ([]*source, error) {
	bounds := Bounds{m.out.meta.Tenant: m.opts.Bound}
	rank := make(map[string]int)
	for i := range m.out.meta.Kinds {
		rank[m.out.meta.Kinds[i].key()] = i
	}
	perBlock := make([][]*source, len(from))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mergeFetches)
	for i, meta := range from {
		ranks := make([]int, len(meta.Kinds))
		for k := range ranks {
			ranks[k] = rank[meta.Kinds[k].key()]
		}
		g.Go(func() error {
			for _, v := range meta.Split() {
				f := &fetcher{store: m.reader.store, key: v.Key(), size: v.Size}
				datasets, err := m.reader.open(ctx, v, Request{From: 0, To: math.MaxInt64, Bounds: bounds, Need: NeedAll}, f)
				if err != nil {
					return fmt.Errorf("read block %s: %w", f.key, err)
				}
				for _, d := range datasets {
					perBlock[i] = append(perBlock[i], &source{Dataset: d, ranks: ranks, bytes: d.contents.bytes()})
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(perBlock...), err
}

// fetchGroup fetches the first datasets as a whole, as many as are held at
// once, and returns how many they are. One that is too large alone is fetched
// piece by piece when it is merged.
func (m *merger) fetchGroup(ctx context.Context, services []string, byService map[string][]*source) (int, error) {
	var group []*source
	var total int64
	n := 0
	for _, service := range services {
		var bytes int64
		for _, s := range byService[service] {
			bytes += s.bytes
		}
		if n > 0 && total+bytes > m.opts.FetchBytes {
			break
		}
		n++
		if total += bytes; total > m.opts.FetchBytes {
			break // the first
		}
		group = append(group, byService[service]...)
	}
	for _, s := range group {
		s.want(NeedAll)
		s.fetched = true
	}
	return n, m.fetch(ctx, group)
}

// fetch reads what the sources were asked for.
func (m *merger) fetch(ctx context.Context, sources []*source) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mergeFetches)
	done := make(map[*fetcher]bool)
	for _, s := range sources {
		if f := s.fetch; !done[f] {
			done[f] = true
			g.Go(func() error {
				if err := f.fetch(ctx); err != nil {
					return fmt.Errorf("read block %s: %w", f.key, err)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, s := range sources {
		s.Dataset.fetched = s.fetch.pieces
	}
	return nil
}

// release lets go of what was fetched.
func release(sources []*source) {
	for _, s := range sources {
		s.Dataset.fetched, s.fetch.pieces = nil, nil
		s.nodes, s.series = nil, nil
	}
}

// importStacks enters the stack traces of a dataset into another and returns
// its nodes there.
func importStacks(d *Dataset, dec *Decoder, to *dataset) ([]int32, error) {
	locations, err := d.ImportLocations(dec, to.symbols, nil)
	if err != nil {
		return nil, err
	}
	stacks, err := d.Stacks(dec)
	if err != nil {
		return nil, err
	}
	nodes := make([]int32, len(stacks.Parents))
	for i := 1; i < len(nodes); i++ {
		nodes[i] = to.symbols.Stacks.Child(nodes[stacks.Parents[i]], int32(locations[stacks.Locations[i]]))
	}
	return nodes, nil
}

// compareRows is the order of rows in a block: by slice of time, series, time
// and id; of equal ones, which are repetitions, by where they come from.
func (m *merger) compareRows(a, b *mergedRow) int {
	if a.slice != b.slice {
		return compareInt64(a.slice, b.slice)
	}
	if a.series != b.series {
		return int(a.series) - int(b.series)
	}
	if a.time != b.time {
		return compareInt64(a.time, b.time)
	}
	if c := bytes.Compare(a.id[:], b.id[:]); c != 0 {
		return c
	}
	if a.from != b.from {
		return int(a.from) - int(b.from)
	}
	return int(a.at) - int(b.at)
}
