package block

import (
	"context"
	"fmt"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// AddBlock adds all profiles of a block to the builder: this is how blocks are
// merged. A profile that the builder has already, by its id, is left out: what
// a redelivered message stored twice becomes one again.
func (b *Builder) AddBlock(ctx context.Context, r *Reader, m *Meta) error {
	dec := r.NewDecoder()
	req := Request{From: 0, To: math.MaxInt64, Need: NeedAll}
	if err := r.Read(ctx, m, req, func(d *Dataset) error { return b.addDataset(d, dec) }); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	return nil
}

// seenKey is what a profile is known by: the parts of one that has many sample
// types bear the same id.
type seenKey struct {
	id   profile.ID
	kind int
}

func (b *Builder) addDataset(d *Dataset, dec *Decoder) error {
	to := b.dataset(d.Service)
	nodes, err := importStacks(d, dec, to)
	if err != nil {
		return err
	}
	from, err := d.Series(dec)
	if err != nil {
		return err
	}
	seriesIDs := make([]int32, len(from))
	for i, s := range from {
		seriesIDs[i] = to.seriesID(b.kind(*s.Kind), s.Labels)
	}
	for _, p := range d.Parts {
		if err := b.addPart(to, p, dec, nodes, seriesIDs); err != nil {
			return err
		}
	}
	return nil
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

// destination is where a profile goes: a part and the position there, nil for
// one that is left out.
type destination struct {
	part *part
	at   int32
}

func (b *Builder) addPart(to *dataset, p *Part, dec *Decoder, nodes, seriesIDs []int32) error {
	kind := b.kind(*p.Kind)
	rows, err := p.rows(dec)
	if err != nil {
		return err
	}
	dest := make([]destination, len(rows))
	for i, r := range rows {
		if b.seen == nil {
			b.seen = make(map[seenKey]bool)
		}
		key := seenKey{r.id, kind}
		if b.seen[key] {
			continue
		}
		b.seen[key] = true
		r.series = seriesIDs[r.series]
		pt := to.part(kind, b.sliceOf(r.time))
		dest[i] = destination{pt, int32(len(pt.profiles))}
		b.addRow(pt, r, 0)
	}
	return b.addSamples(p, dec, nodes, dest)
}

// rows decodes all columns of a part's profiles.
func (p *Part) rows(dec *Decoder) ([]row, error) {
	g := &p.contents.profiles
	series, times, err := p.Profiles(dec)
	if err != nil {
		return nil, err
	}
	ids, err := p.IDs(dec)
	if err != nil {
		return nil, err
	}
	out := make([]row, len(times))
	for i := range out {
		out[i] = row{series: series[i], time: times[i], id: ids[i]}
	}
	for v := range MaxValues + 2 {
		column, err := p.dataset.int64s(dec, 1, g, profileTotal0+v)
		if err != nil {
			return nil, p.dataset.wrap("profiles", err)
		}
		for i, x := range column {
			switch v {
			case MaxValues:
				out[i].duration = x
			case MaxValues + 1:
				out[i].period = x
			default:
				out[i].totals[v] = x
			}
		}
	}
	return out, nil
}

// addSamples adds the samples of the profiles that have a destination.
func (b *Builder) addSamples(p *Part, dec *Decoder, nodes []int32, dest []destination) error {
	owners, err := p.Owners(dec)
	if err != nil {
		return err
	}
	stacks, err := p.stacks(dec)
	if err != nil {
		return p.dataset.wrap("samples", err)
	}
	types := len(p.Kind.Samples)
	var values [MaxValues][]int64
	for v := range types {
		if values[v], err = p.dataset.int64s(dec, 6+v, &p.contents.samples, sampleValue0+v); err != nil {
			return p.dataset.wrap("samples", err)
		}
	}
	spans, hi, lo, err := p.Spans(dec)
	if err != nil {
		return err
	}
	var one [MaxValues]int64
	for i, owner := range owners {
		d := dest[owner]
		if d.part == nil {
			continue
		}
		for v := range types {
			one[v] = values[v][i]
		}
		d.part.samples.add(d.at, nodes[stacks[i]], one[:types], sampleIDs{spans[i], hi[i], lo[i]})
		b.samples++
	}
	return nil
}
