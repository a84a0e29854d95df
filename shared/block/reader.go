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
	NeedSamples                   // stack and value of each sample
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
	// From and To restrict it to the parts with profiles in that time, Unix
	// nanoseconds, inclusive.
	From, To int64
	// Bounds restrict it further, by tenant and service; see Dataset.From.
	Bounds Bounds
	Need   Need
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
	var refs []*DatasetRef
	for i := range m.Datasets {
		d := &m.Datasets[i]
		if d.Step == 0 && (req.Service == nil || req.Service(d.Service)) && anyKind(d.Kinds, value) {
			refs = append(refs, d)
			f.want(d.Contents)
		}
	}
	if err := f.fetch(ctx); err != nil {
		return nil, err
	}
	var out []*Dataset
	for _, ref := range refs {
		d, err := openDataset(m, ref, f, req, value)
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

// openDataset reads the table of contents of a dataset.
func openDataset(m *Meta, ref *DatasetRef, f *fetcher, req Request, value []int) (*Dataset, error) {
	b, err := f.bytes(f.pieces, ref.Contents)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli()) != ref.Checksum {
		return nil, fmt.Errorf("%w: checksum of the table of contents does not match", ErrCorrupt)
	}
	c, err := parseContents(b, m.Size, len(m.Kinds))
	if err != nil {
		return nil, err
	}
	bound := req.Bounds[m.Tenant].Of(ref.Service)
	from := max(req.From, bound)
	d := &Dataset{Service: ref.Service, From: from, kinds: m.Kinds, shard: ref.Shard, shards: ref.Shards, fetch: f, contents: c}
	for i := range c.parts {
		p := &c.parts[i]
		if value[p.kind] >= 0 && p.minTime < bound && p.maxTime >= req.From {
			d.Cut = true
		}
		if value[p.kind] < 0 || p.maxTime < from || p.minTime > req.To {
			continue
		}
		d.Parts = append(d.Parts, &Part{
			Kind: &m.Kinds[p.kind], Value: value[p.kind], MinTime: p.minTime, MaxTime: p.maxTime, dataset: d, contents: p,
		})
	}
	return d, nil
}
