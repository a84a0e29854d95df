package block

import (
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Dataset is what was fetched of a dataset. Its methods decode; they may be
// called only for what the request needed. Ids of series, stacks, locations
// and profiles count from 0 within the dataset or part.
type Dataset struct {
	Service string
	Parts   []*Part // the parts that the request is about
	// From is the first time of profiles that the request is about, Unix
	// nanoseconds: that of the request, or of its bounds if it is later.
	From int64
	// Cut says that bounds leave out profiles of the time of the request.
	Cut bool

	kinds    []Kind // of the block
	shard    int    // see DatasetRef
	shards   int
	fetch    *fetcher
	fetched  []piece
	contents *contents
}

// Part is the profiles of one kind, and of a slice of time, of a dataset.
type Part struct {
	Kind *Kind
	// Value is the value column of the requested profile type; 0 if the
	// request named none.
	Value int
	// Step is 0 for profiles as they were pushed. Otherwise what is called a
	// profile here is the sum of those of a series in a bucket of so many
	// nanoseconds, its time is the start of the bucket, and it has no id and no
	// spans.
	Step             int64
	MinTime, MaxTime int64 // of its profiles, Unix nanoseconds

	dataset  *Dataset
	contents *partContents
	times    []interval // that the request is about, as far as the part has them
}

// Selects reports whether the request is about the part's profiles of a time,
// Unix nanoseconds: others lie outside, or another part has them as well, in
// sums.
func (p *Part) Selects(t int64) bool {
	for _, x := range p.times {
		if x.from <= t && t <= x.to {
			return true
		}
	}
	return false
}

// Whole reports whether the request is about the part's profiles of all times.
func (p *Part) Whole() bool {
	return len(p.times) == 1 && p.times[0].from <= p.MinTime && p.MaxTime <= p.times[0].to
}

// NumSeries is how many series the dataset has, of all kinds.
func (d *Dataset) NumSeries() int { return d.contents.series }

// NumStacks is how many nodes the dataset's stack-trace tree has.
func (d *Dataset) NumStacks() int { return d.contents.stacksRG.rows }

// NumLocations is how many locations the dataset's stack traces consist of.
func (d *Dataset) NumLocations() int { return d.contents.locations }

// NumProfiles is how many profiles the part has.
func (p *Part) NumProfiles() int { return p.contents.profiles.rows }

// NumSamples is how many samples the part has.
func (p *Part) NumSamples() int { return p.contents.samples.rows }

// Decoder decodes the columns of datasets. Its methods return memory of its
// own that the next call of the same method overwrites, but for strings. It is
// not safe for concurrent use.
type Decoder struct {
	file    *parquetfile.Decoder
	i32     [6][]int32
	i64     [10][]int64
	ids     [5][]uint32
	uuids   [][16]byte
	profile []profile.ID
}

// NewDecoder returns a decoder for what the reader reads.
func (r *Reader) NewDecoder() *Decoder { return &Decoder{file: parquetfile.NewDecoder(r.zstd)} }

// bytes returns a range that was fetched for the dataset.
func (d *Dataset) bytes(e Extent) ([]byte, error) { return d.fetch.bytes(d.fetched, e) }

// want asks for the columns that are needed.
func (d *Dataset) want(need Need) {
	c := d.contents
	columns := func(g *rowGroup, which ...int) {
		for _, i := range which {
			d.fetch.want(g.column(i))
		}
	}
	all := func(g *rowGroup) { d.fetch.want(Extent{g.offset, g.length()}) }
	if need&(NeedSeries|NeedAll) != 0 {
		all(&c.seriesRG)
	}
	if need&(NeedFrames|NeedAll) != 0 {
		all(&c.framesRG)
	} else if need&NeedNames != 0 {
		columns(&c.framesRG, frameLocation, frameFunction, frameFlags, frameAddress, frameBinary)
	}
	if need&(NeedNames|NeedFrames|NeedAll) != 0 {
		columns(&c.stacksRG, stackParent, stackLocation)
	}
	for _, p := range d.Parts {
		pr, sa := &p.contents.profiles, &p.contents.samples
		if need&NeedAll != 0 {
			all(pr)
			all(sa)
			continue
		}
		cut := need&NeedSamples != 0 && !p.Whole()
		if need&NeedProfiles != 0 || cut {
			columns(pr, profileSeries, profileTime)
			if p.Step > 0 {
				columns(pr, bucketProfiles)
			}
		}
		if need&NeedTotals != 0 {
			columns(pr, profileTotal0+p.Value)
		}
		if need&NeedIDs != 0 && p.Step == 0 {
			columns(pr, profileUUID)
		}
		if need&NeedSamples != 0 {
			columns(sa, sampleStack, sampleValue0+p.Value)
		}
		if need&NeedOwners != 0 || cut {
			columns(sa, sampleProfile)
		}
		if need&NeedSpans != 0 && p.Step == 0 {
			columns(sa, sampleSpan, sampleTraceHi, sampleTraceLo)
		}
	}
}

// wantGroup asks for a row group.
func (d *Dataset) wantGroup(g *rowGroup) { d.fetch.want(Extent{g.offset, g.length()}) }

// wantSymbols asks for series, frames and stacks.
func (d *Dataset) wantSymbols() {
	d.wantGroup(&d.contents.seriesRG)
	d.wantGroup(&d.contents.framesRG)
	d.wantGroup(&d.contents.stacksRG)
}

// wrap names the object and the place in an error about its content.
func (d *Dataset) wrap(what string, err error) error {
	return fmt.Errorf("read block %s: dataset %s: %s: %w", d.fetch.key, d.Service, what, err)
}

// int32s decodes a column of ids and makes them count from 0: each must be in
// [base, base+limit).
func (d *Dataset) int32s(dec *Decoder, slot int, g *rowGroup, column int, base int64, limit int) ([]int32, error) {
	b, err := d.bytes(g.column(column))
	if err != nil {
		return nil, err
	}
	out, err := dec.file.Int32(dec.i32[slot][:0], b, g.rows)
	if err != nil {
		return nil, err
	}
	dec.i32[slot] = out
	shift := int32(base)
	worst := uint32(0)
	for i, v := range out {
		v -= shift
		out[i] = v
		worst = max(worst, uint32(v))
	}
	if len(out) > 0 && int64(worst) >= int64(limit) {
		return nil, fmt.Errorf("%w: an id of %d, there are %d", ErrCorrupt, worst, limit)
	}
	return out, nil
}

func (d *Dataset) int64s(dec *Decoder, slot int, g *rowGroup, column int) ([]int64, error) {
	b, err := d.bytes(g.column(column))
	if err != nil {
		return nil, err
	}
	out, err := dec.file.Int64(dec.i64[slot][:0], b, g.rows)
	if err == nil {
		dec.i64[slot] = out
	}
	return out, err
}

func (d *Dataset) strings(dec *Decoder, slot int, g *rowGroup, column int) ([]string, []uint32, error) {
	b, err := d.bytes(g.column(column))
	if err != nil {
		return nil, nil, err
	}
	dict, ids, err := dec.file.Strings(dec.ids[slot][:0], b, g.rows)
	if err == nil {
		dec.ids[slot] = ids
	}
	return dict, ids, err
}

// Series is a label set, as pushed, that sent profiles of a kind.
type Series struct {
	Kind   *Kind
	Labels profile.Labels
}

// Series returns the dataset's series. NeedSeries.
func (d *Dataset) Series(dec *Decoder) ([]Series, error) {
	out, err := d.series(dec)
	if err != nil {
		return nil, d.wrap("series", err)
	}
	return out, nil
}

func (d *Dataset) series(dec *Decoder) ([]Series, error) {
	g := &d.contents.seriesRG
	ids, err := d.int32s(dec, 0, g, seriesID, g.base, d.contents.series)
	if err != nil {
		return nil, err
	}
	names, nameIDs, err := d.strings(dec, 0, g, seriesName)
	if err != nil {
		return nil, err
	}
	values, valueIDs, err := d.strings(dec, 1, g, seriesValue)
	if err != nil {
		return nil, err
	}
	kinds, err := d.int32s(dec, 1, g, seriesKind, 0, len(d.kinds))
	if err != nil {
		return nil, err
	}
	out := make([]Series, d.contents.series)
	all := make(profile.Labels, len(ids))
	for i, from := 0, 0; i < len(ids); i++ {
		all[i] = profile.Label{Name: names[nameIDs[i]], Value: values[valueIDs[i]]}
		if i+1 == len(ids) || ids[i+1] != ids[i] {
			out[ids[i]] = Series{&d.kinds[kinds[i]], all[from : i+1 : i+1]}
			from = i + 1
		}
	}
	return out, nil
}

// Profiles returns the series and the time (Unix nanoseconds) of each profile,
// ordered by both. NeedProfiles.
func (p *Part) Profiles(dec *Decoder) (series []int32, times []int64, err error) {
	g := &p.contents.profiles
	series, err = p.dataset.int32s(dec, 1, g, profileSeries, p.dataset.contents.seriesRG.base, p.dataset.contents.series)
	if err == nil {
		times, err = p.dataset.int64s(dec, 0, g, profileTime)
	}
	if err != nil {
		return nil, nil, p.dataset.wrap("profiles", err)
	}
	return series, times, nil
}

// Counts returns of how many pushed profiles each profile is the sum; nil if each
// is one, as it was pushed. NeedProfiles.
func (p *Part) Counts(dec *Decoder) ([]int64, error) {
	if p.Step == 0 {
		return nil, nil
	}
	out, err := p.dataset.int64s(dec, 6, &p.contents.profiles, bucketProfiles)
	if err != nil {
		return nil, p.dataset.wrap("counts", err)
	}
	return out, nil
}

// Totals returns the total of each profile. NeedTotals.
func (p *Part) Totals(dec *Decoder) ([]int64, error) {
	out, err := p.dataset.int64s(dec, 1, &p.contents.profiles, profileTotal0+p.Value)
	if err != nil {
		return nil, p.dataset.wrap("totals", err)
	}
	return out, nil
}

// IDs returns the id of each profile. NeedIDs.
func (p *Part) IDs(dec *Decoder) ([]profile.ID, error) {
	g := &p.contents.profiles
	b, err := p.dataset.bytes(g.column(profileUUID))
	if err == nil {
		dec.uuids, err = dec.file.UUIDs(dec.uuids[:0], b, g.rows)
	}
	if err != nil {
		return nil, p.dataset.wrap("profile ids", err)
	}
	dec.profile = dec.profile[:0]
	for _, id := range dec.uuids {
		dec.profile = append(dec.profile, profile.ID(id))
	}
	return dec.profile, nil
}

// Samples returns the stack-trace node and the value of each sample, ordered
// by series, stack trace and time. NeedSamples.
func (p *Part) Samples(dec *Decoder) (stacks []int32, values []int64, err error) {
	stacks, err = p.stacks(dec)
	if err == nil {
		values, err = p.dataset.int64s(dec, 2, &p.contents.samples, sampleValue0+p.Value)
	}
	if err != nil {
		return nil, nil, p.dataset.wrap("samples", err)
	}
	return stacks, values, nil
}

// stacks returns the stack-trace node of each sample.
func (p *Part) stacks(dec *Decoder) ([]int32, error) {
	d := p.dataset
	return d.int32s(dec, 2, &p.contents.samples, sampleStack, d.contents.stacksRG.base, d.NumStacks())
}

// Owners returns the position of each sample's profile in the part.
// NeedOwners.
func (p *Part) Owners(dec *Decoder) ([]int32, error) {
	out, err := p.dataset.int32s(dec, 3, &p.contents.samples, sampleProfile, p.contents.profiles.base, p.contents.profiles.rows)
	if err != nil {
		return nil, p.dataset.wrap("profiles of samples", err)
	}
	return out, nil
}

// Spans returns the span id of each sample and the two halves of its trace id,
// 0 for none. NeedSpans.
func (p *Part) Spans(dec *Decoder) (spans, traceHi, traceLo []int64, err error) {
	g := &p.contents.samples
	if spans, err = p.dataset.int64s(dec, 3, g, sampleSpan); err == nil {
		if traceHi, err = p.dataset.int64s(dec, 4, g, sampleTraceHi); err == nil {
			traceLo, err = p.dataset.int64s(dec, 5, g, sampleTraceLo)
		}
	}
	if err != nil {
		return nil, nil, nil, p.dataset.wrap("spans", err)
	}
	return spans, traceHi, traceLo, nil
}
