package pprof

import (
	"encoding/binary"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Series is the part of a profile that belongs to one series: the samples
// with the same labels.
type Series struct {
	// Labels are the string labels of the samples, without span_id and
	// trace_id, sorted by name.
	Labels []profile.Label
	// Samples are positions in Samples of the profile, ascending.
	Samples []uint32
}

// SplitByLabels groups the samples by their string labels; ids of spans and
// traces do not make series. The series are sorted by their labels, and each
// sample is in one of them. A profile without samples has no series.
func (p *Profile) SplitByLabels() []Series {
	if len(p.Samples) == 0 {
		return nil
	}
	if len(p.Labels) == 0 {
		return []Series{{Samples: positions(len(p.Samples))}}
	}
	ignored := p.spanKeys()
	// Most profiles have a few label sets for many samples, so that each is
	// resolved once.
	byKey := make(map[string]int)
	var series []Series
	var key []byte
	for i := range p.Samples {
		key = key[:0]
		for _, l := range p.SampleLabels(i) {
			if !l.Numeric && !slices.Contains(ignored, l.Key) {
				key = binary.LittleEndian.AppendUint32(key, l.Key)
				key = binary.LittleEndian.AppendUint32(key, l.Value)
			}
		}
		at, ok := byKey[string(key)]
		if !ok {
			at = len(series)
			byKey[string(key)] = at
			series = append(series, Series{Labels: p.resolveLabels(key)})
		}
		series[at].Samples = append(series[at].Samples, uint32(i))
	}
	return joinSeries(series)
}

func positions(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

// spanKeys are the positions of the labels that are not part of a series.
func (p *Profile) spanKeys() []uint32 {
	var keys []uint32
	for i, s := range p.Strings {
		if s == profile.LabelSpanID || s == profile.LabelTraceID {
			keys = append(keys, uint32(i))
		}
	}
	return keys
}

// resolveLabels turns positions of keys and values into labels, each name
// once.
func (p *Profile) resolveLabels(key []byte) []profile.Label {
	if len(key) == 0 {
		return nil
	}
	ls := make(profile.Labels, 0, len(key)/8)
	for ; len(key) > 0; key = key[8:] {
		ls = append(ls, profile.Label{
			Name:  p.Strings[binary.LittleEndian.Uint32(key)],
			Value: p.Strings[binary.LittleEndian.Uint32(key[4:])],
		})
	}
	ls.Sort()
	return slices.CompactFunc(ls, func(a, b profile.Label) bool { return a.Name == b.Name })
}

// joinSeries sorts the series and joins those of the same labels: before
// normalization, one label set may stand in several orders.
func joinSeries(series []Series) []Series {
	slices.SortStableFunc(series, func(a, b Series) int { return profile.Labels(a.Labels).Compare(b.Labels) })
	out := series[:1]
	for _, s := range series[1:] {
		last := &out[len(out)-1]
		if !profile.Labels(last.Labels).Equal(s.Labels) {
			out = append(out, s)
			continue
		}
		last.Samples = append(last.Samples, s.Samples...)
		slices.Sort(last.Samples)
	}
	return out
}
