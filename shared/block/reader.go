package block

import (
	"context"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Reader reads parts of blocks. It may be used by many goroutines.
type Reader struct {
	store    objstore.Reader
	zstd     *zstd.Decoder
	maxFetch int64 // see maxFetchBytes
}

// NewReader returns a reader of the blocks in a store.
func NewReader(store objstore.Reader) (*Reader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(parquetfile.MaxPageBytes),
		zstd.IgnoreChecksum(true)) // pages have checksums of their own
	if err != nil {
		return nil, fmt.Errorf("make zstd decoder: %w", err)
	}
	return &Reader{store: store, zstd: dec, maxFetch: maxFetchBytes}, nil
}

// Need says which columns a query wants. Each takes more bytes to read.
type Need uint16

// What can be wanted.
const (
	NeedSeries   Need = 1 << iota // the labels of the series
	NeedProfiles                  // series and time of each profile
	NeedTotals                    // the total of each profile
	NeedIDs                       // the id of each profile
	NeedSamples                   // stack and value of each sample; of parts that are not whole NeedProfiles and NeedOwners as well
	NeedOwners                    // the profile of each sample
	NeedSpans                     // span and trace of each sample
	NeedNames                     // stack traces with function names
	NeedFrames                    // stack traces with all that is known of them
	NeedAll                       // everything, for merging
)

// Request is what is wanted of a block.
type Request struct {
	// Service reports whether a dataset is wanted; nil is all.
	Service func(service string) bool
	// Type restricts the request to the kinds that hold this profile type;
	// nil is all kinds.
	Type *profile.Type
	// From and To restrict it to the profiles of that time, Unix nanoseconds,
	// inclusive; see Part.Selects.
	From, To int64
	// Bounds restrict it further, by tenant and service; see Dataset.From.
	Bounds Bounds
	// Sums reports whether sums over buckets of this many nanoseconds may stand
	// for the profiles of the buckets that lie in the time as a whole; nil is
	// none.
	Sums func(step int64) bool
	Need Need
}

// maxFetchBytes bounds what is held of a block at a time: datasets are fetched
// in groups of about this size.
const maxFetchBytes = 32 << 20

// Read fetches what the request wants of a block, in at most two round trips
// to the store: the tables of contents of the datasets, then their columns; of
// a block of several volumes in two for each, one volume after another. It
// hands the datasets that have something of it to each, by service; what was
// fetched is decoded by their methods. If it is much, datasets come in groups,
// with a round trip for each group, so that a large block is never held as a
// whole. An error of each ends the reading.
func (r *Reader) Read(ctx context.Context, m *Meta, req Request, each func(*Dataset) error) error {
	for _, v := range m.Split() {
		if err := r.readVolume(ctx, v, req, each); err != nil {
			return err
		}
	}
	return nil
}

// readVolume reads a volume, which m describes as if there were no others.
func (r *Reader) readVolume(ctx context.Context, m *Meta, req Request, each func(*Dataset) error) error {
	if m.MaxTime < req.From || m.MinTime > req.To {
		return nil
	}
	f := &fetcher{store: r.store, key: m.Key(), size: m.Size}
	datasets, err := r.open(ctx, m, req, f)
	for len(datasets) > 0 && err == nil {
		group := datasets[:r.group(datasets, req.Need, f)]
		if err = f.fetch(ctx); err != nil {
			break
		}
		for _, d := range group {
			d.fetched = f.pieces
			if err := each(d); err != nil {
				return err
			}
		}
		datasets = datasets[len(group):]
	}
	if err != nil {
		return fmt.Errorf("read block %s: %w", f.key, err)
	}
	return nil
}

// group asks for the columns of the first datasets, as many as are read at a
// time, and returns how many they are.
func (r *Reader) group(datasets []*Dataset, need Need, f *fetcher) int {
	for i, d := range datasets {
		if i > 0 && f.wanted() > r.maxFetch {
			return i
		}
		d.want(need)
	}
	return len(datasets)
}

// open reads the tables of contents of the datasets that a request is about,
// and returns those that have something of it.
func (r *Reader) open(ctx context.Context, m *Meta, req Request, f *fetcher) ([]*Dataset, error) {
	value := make([]int, len(m.Kinds)) // of the type in each kind; -1 if not there
	for i := range m.Kinds {
		if req.Type != nil {
			value[i] = m.Kinds[i].Value(*req.Type)
		}
	}
	steps := m.steps(req.Sums)
	var refs []opening
	for i := range m.Datasets {
		d := &m.Datasets[i]
		if (req.Service == nil || req.Service(d.Service)) && anyKind(d.Kinds, value) {
			bound := req.Bounds[m.Tenant].Of(d.Service)
			o := opening{DatasetRef: d, from: max(req.From, bound)}
			if o.from > req.To {
				continue
			}
			o.times = m.sources(o.from, req.To, steps)
			refs = append(refs, o)
			if len(o.times.profiles) > 0 {
				f.want(d.Contents)
			}
			if len(o.times.sums) > 0 {
				f.want(d.Sums)
			}
		}
	}
	if err := f.fetch(ctx); err != nil {
		return nil, err
	}
	var out []*Dataset
	for _, ref := range refs {
		d, err := openDataset(m, ref, f, req.From, value)
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", ref.Service, err)
		}
		if len(d.Parts) > 0 {
			out = append(out, d)
		}
	}
	return out, nil
}

func anyKind(kinds, value []int) bool {
	for _, k := range kinds {
		if value[k] >= 0 {
			return true
		}
	}
	return false
}

// opening is a dataset whose tables of contents are read.
type opening struct {
	*DatasetRef
	from  int64 // the first time that is wanted, of the request or its bounds
	times sources
}

// openDataset reads the tables of contents of a dataset.
func openDataset(m *Meta, ref opening, f *fetcher, requested int64, value []int) (*Dataset, error) {
	d := &Dataset{Service: ref.Service, From: ref.from, kinds: m.Kinds, shard: ref.Shard, shards: ref.Shards, fetch: f}
	if len(ref.times.profiles) > 0 {
		c, err := readContents(m, f, ref.Contents, ref.Checksum, parseContents)
		if err != nil {
			return nil, err
		}
		d.contents = c
		d.addParts(c.parts, 0, ref.times.profiles, value)
		for i := range c.parts {
			p := &c.parts[i]
			d.Cut = d.Cut || value[p.kind] >= 0 && p.minTime < ref.from && ref.from > requested && p.maxTime >= requested
		}
	}
	if len(ref.times.sums) > 0 {
		c, err := readContents(m, f, ref.Sums, ref.SumsChecksum, parseSums)
		if err != nil {
			return nil, err
		}
		d.contents = c
		for i := range c.sums {
			d.addParts(c.sums[i].parts, c.sums[i].step, ref.times.sums[c.sums[i].step], value)
		}
	}
	return d, nil
}

func readContents(m *Meta, f *fetcher, at Extent, checksum uint32, parse func([]byte, int64, int) (*contents, error)) (*contents, error) {
	b, err := f.bytes(f.pieces, at)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli()) != checksum {
		return nil, fmt.Errorf("%w: checksum of the table of contents does not match", ErrCorrupt)
	}
	return parse(b, m.Size, len(m.Kinds))
}

// addParts adds those of some parts that have something of these times.
func (d *Dataset) addParts(parts []partContents, step int64, times []interval, value []int) {
	for i := range parts {
		p := &parts[i]
		if value[p.kind] < 0 {
			continue
		}
		part := &Part{
			Kind: &d.kinds[p.kind], Value: value[p.kind], Step: step, MinTime: p.minTime, MaxTime: p.maxTime,
			dataset: d, contents: p, times: overlapping(times, p.minTime, p.maxTime),
		}
		if len(part.times) > 0 {
			d.Parts = append(d.Parts, part)
		}
	}
}
