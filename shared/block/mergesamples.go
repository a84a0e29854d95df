package block

import "context"

// mergeBuffers are kept between the parts of a merge for their memory.
type mergeBuffers struct {
	rows     []mergedRow
	decoded  []row
	profiles []row
	dest     []int32
	keep     []int32
	samples  samples
	sorted   samples
	sums     []summer // by step of the output
}

// part writes rows, which are sorted, with their samples as a part of the
// block.
func (d *mergedDataset) part(ctx context.Context, shard, kind int, parts []*mergedPart, rows []mergedRow) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	e, err := d.openEntry(ctx, shard)
	if err != nil {
		return err
	}
	b := &d.buf
	b.profiles = b.profiles[:0]
	for i := range rows {
		p := parts[rows[i].from]
		p.here, p.there = append(p.here, rows[i].at), append(p.there, int32(i))
		b.profiles = append(b.profiles, rows[i].row)
	}
	b.samples.reset()
	for len(parts) > 0 {
		n, err := d.fetchSamples(ctx, parts)
		if err != nil {
			return err
		}
		for _, p := range parts[:n] {
			if err := d.samples(e, p); err != nil {
				return err
			}
			p.here, p.there = p.here[:0], p.there[:0]
		}
		parts = parts[n:]
	}
	by := sampleOrder(&b.samples, b.profiles, len(d.series[shard]), len(e.stacks.Parents))
	b.sorted.permutation(&b.samples, by)
	if err := d.sum(kind, b.profiles, &b.sorted); err != nil {
		return err
	}
	return e.part(kind, b.profiles, &b.sorted)
}

// fetchSamples fetches the samples of the first parts, as many as are held at
// once, and returns how many they are.
func (d *mergedDataset) fetchSamples(ctx context.Context, parts []*mergedPart) (int, error) {
	var missing []*source
	var total int64
	n := 0
	for _, p := range parts {
		if len(p.here) > 0 && !p.source.fetched {
			bytes := p.contents.samples.length()
			if n > 0 && total+bytes > d.opts.FetchBytes {
				break
			}
			total += bytes
			p.source.wantGroup(&p.contents.samples)
			missing = append(missing, p.source)
		}
		n++
	}
	if len(missing) == 0 {
		return n, nil
	}
	return n, d.fetch(ctx, missing)
}

// samples appends the samples of the profiles of a source's part that go to the
// part that is being written.
func (d *mergedDataset) samples(e *mergedEntry, p *mergedPart) error {
	if len(p.here) == 0 {
		return nil
	}
	owners, err := p.Owners(d.dec)
	if err != nil {
		return err
	}
	stacks, err := p.stacks(d.dec)
	if err != nil {
		return p.dataset.wrap("samples", err)
	}
	b := &d.buf
	b.dest = unused(b.dest, p.NumProfiles())
	for i, at := range p.here {
		b.dest[at] = p.there[i]
	}
	b.keep = b.keep[:0]
	tree, nodes := &d.symbols.Stacks, p.source.nodes
	for i, owner := range owners {
		if to := b.dest[owner]; to >= 0 {
			b.keep = append(b.keep, int32(i))
			b.samples.profile = append(b.samples.profile, to)
			b.samples.stack = append(b.samples.stack, e.use(tree, nodes[stacks[i]]))
		}
	}
	for v := range p.Kind.Samples {
		column, err := p.dataset.int64s(d.dec, 6, &p.contents.samples, sampleValue0+v)
		if err != nil {
			return p.dataset.wrap("samples", err)
		}
		b.samples.values[v] = appendKept(b.samples.values[v], column, b.keep)
	}
	spans, hi, lo, err := p.Spans(d.dec)
	if err != nil {
		return err
	}
	b.samples.appendIDs(spans, hi, lo, b.keep)
	return nil
}

func appendKept(to, column []int64, keep []int32) []int64 {
	for _, i := range keep {
		to = append(to, column[i])
	}
	return to
}
