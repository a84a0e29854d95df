package block

import (
	"context"
	"slices"
)

// mergedRow is a profile on its way from a source.
type mergedRow struct {
	row             // the series is its position in the shard
	slice     int64 // start of its slice of time
	from      int32 // position of the part among those of the kind
	at        int32 // position in that part
	estimated int32 // how many samples it has, if all of its part have as many
}

// mergedPart is a part of a source.
type mergedPart struct {
	*Part
	source *source
	// Of the part that is being written: positions here, and where they go.
	here, there []int32
}

// kind merges the profiles of a kind of a shard.
func (d *mergedDataset) kind(ctx context.Context, shard, kind int) error {
	parts, rows, err := d.rows(ctx, shard, kind)
	if err != nil || len(rows) == 0 {
		return err
	}
	slices.SortFunc(rows, func(a, b mergedRow) int { return d.compareRows(&a, &b) })
	rows = slices.CompactFunc(rows, func(a, b mergedRow) bool {
		return a.id == b.id && a.series == b.series && a.time == b.time
	})
	for len(rows) > 0 {
		n := d.cut(rows)
		if err := d.part(ctx, shard, kind, parts, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return d.flushSums()
}

// cut returns how many of the first rows make a part: those of their slice of
// time, or as many as have about PartSamples samples.
func (d *mergedDataset) cut(rows []mergedRow) int {
	samples := 0
	for i := range rows {
		samples += int(rows[i].estimated)
		if rows[i].slice != rows[0].slice || i > 0 && samples > d.opts.PartSamples {
			return i
		}
	}
	return len(rows)
}

// rows reads the profiles of a kind and shard from all sources.
func (d *mergedDataset) rows(ctx context.Context, shard, kind int) ([]*mergedPart, []mergedRow, error) {
	var parts []*mergedPart
	var sources []*source
	for _, s := range d.sources {
		before := len(parts)
		for _, p := range s.Parts {
			if d.mayHave(s, shard) && s.ranks[p.contents.kind] == kind {
				parts = append(parts, &mergedPart{Part: p, source: s})
			}
		}
		if len(parts) > before {
			sources = append(sources, s)
		}
	}
	err := d.load(ctx, sources, func(s *source) {
		for _, p := range parts {
			if p.source == s {
				s.wantGroup(&p.contents.profiles)
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	rows := d.buf.rows[:0]
	for from, p := range parts {
		all, err := p.rows(d.dec, d.buf.decoded[:0])
		if err != nil {
			return nil, nil, err
		}
		d.buf.decoded = all
		estimated := int32(p.NumSamples()/max(1, p.NumProfiles())) + 1
		for at, r := range all {
			series := p.source.series[r.series]
			if series >= 0 && r.time >= p.source.From && d.shardOf[series] == shard {
				r.series = d.placeOf[series]
				rows = append(rows, mergedRow{r, d.opts.sliceOf(r.time), int32(from), int32(at), estimated})
			}
		}
	}
	d.buf.rows = rows
	return parts, rows, nil
}

// sliceOf returns the start of the slice of time to which a profile belongs.
func (o *MergeOptions) sliceOf(t int64) int64 {
	if o.Slice <= 0 {
		return 0
	}
	return t - t%int64(o.Slice)
}

// rows decodes all columns of a part's profiles and appends them to out.
func (p *Part) rows(dec *Decoder, out []row) ([]row, error) {
	g := &p.contents.profiles
	series, times, err := p.Profiles(dec)
	if err != nil {
		return nil, err
	}
	ids, err := p.IDs(dec)
	if err != nil {
		return nil, err
	}
	for i := range times {
		out = append(out, row{series: series[i], time: times[i], id: ids[i]})
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
