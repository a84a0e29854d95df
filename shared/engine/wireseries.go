package engine

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// appendSeries writes points as runs: how many are empty, then one that is not,
// with its exemplar if there are exemplars.
func appendSeries(b []byte, series []TimeSeries) []byte {
	b = binary.AppendUvarint(b, uint64(len(series)))
	for _, s := range series {
		b = appendLabels(b, s.Labels)
		empty := 0
		for k, p := range s.Points {
			if p.Profiles == 0 {
				empty++
				continue
			}
			b = binary.AppendUvarint(b, uint64(empty))
			b = binary.AppendVarint(b, p.Value)
			b = binary.AppendUvarint(b, uint64(p.Profiles))
			if s.Exemplars != nil {
				b = appendExemplar(b, s.Exemplars[k])
			}
			empty = 0
		}
		if empty > 0 {
			b = binary.AppendUvarint(b, uint64(empty))
		}
	}
	return b
}

func (p *wireReader) series(r *Report) {
	r.Series = make(map[string]*TimeSeries)
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		labels := p.labels()
		s, err := newTimeSeries(&p.task.Grouping, labels, len(r.Series))
		if err != nil {
			p.fail(err)
			return
		}
		p.points(s)
		r.Series[labelsKey(labels)] = s
	}
}

func (p *wireReader) points(s *TimeSeries) {
	count := uint64(len(s.Points))
	for at := uint64(0); at < count && p.err == nil; at++ {
		empty := p.uvarint()
		if empty > count-at {
			p.fail(errors.New("too many points"))
			return
		}
		if at += empty; at == count {
			return
		}
		s.Points[at] = Sum{p.varint(), int64(p.uvarint())}
		if s.Exemplars != nil {
			s.Exemplars[at] = p.exemplar()
		}
		if s.Points[at].Profiles <= 0 {
			p.fail(errors.New("a point without profiles"))
		}
	}
}

// appendExemplar writes an exemplar; nil is one byte.
func appendExemplar(b []byte, x *Exemplar) []byte {
	if x == nil {
		return append(b, 0)
	}
	b = append(append(b, 1), x.ID[:]...)
	b = binary.AppendVarint(binary.AppendVarint(b, x.Time), x.Value)
	for _, v := range []uint64{x.Span, x.Trace.Hi, x.Trace.Lo} {
		b = binary.AppendUvarint(b, v)
	}
	return appendLabels(b, x.Pushed)
}

func (p *wireReader) exemplar() *Exemplar {
	switch p.uvarint() {
	case 0:
		return nil
	case 1:
	default:
		p.fail(errors.New("not an exemplar"))
		return nil
	}
	x := &Exemplar{}
	if len(p.b) < len(x.ID) {
		p.fail(errors.New("cut off"))
		return nil
	}
	x.ID, p.b = profile.ID(p.b[:len(x.ID)]), p.b[len(x.ID):]
	x.Time, x.Value = p.varint(), p.varint()
	x.Span, x.Trace = p.uvarint(), TraceID{p.uvarint(), p.uvarint()}
	x.Pushed = p.labels()
	return x
}

// appendHeatmaps writes cells in their order, each by its distance from the one
// before.
func appendHeatmaps(b []byte, heat []*Heatmap) []byte {
	b = binary.AppendUvarint(b, uint64(len(heat)))
	for _, h := range heat {
		b = binary.AppendVarint(appendLabels(b, h.Labels), h.Total)
		b = binary.AppendUvarint(b, uint64(len(h.Cells)))
		last := int64(0)
		for _, at := range slices.Sorted(maps.Keys(h.Cells)) {
			b = binary.AppendUvarint(b, uint64(at-last))
			b = binary.AppendUvarint(b, uint64(h.Cells[at].Count))
			b = appendExemplar(b, h.Cells[at].Exemplar)
			last = at
		}
	}
	return b
}

func (p *wireReader) heatmaps(r *Report) {
	r.Heat = make(map[string]*Heatmap)
	limit := uint64(p.task.Buckets.Count) * HeatRows
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		h := &Heatmap{Labels: p.labels(), Total: p.varint(), Cells: make(map[int64]HeatCell)}
		at := uint64(0)
		for cells := p.uvarint(); cells > 0 && p.err == nil; cells-- {
			step := p.uvarint()
			if at += step; at >= limit || step >= limit {
				p.fail(errors.New("a cell outside"))
				return
			}
			h.Cells[int64(at)] = HeatCell{int64(p.uvarint()), p.exemplar()}
		}
		r.Heat[labelsKey(h.Labels)] = h
	}
}
