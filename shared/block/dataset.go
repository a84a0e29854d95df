package block

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// dataset is what one service sent, while a block is put together.
type dataset struct {
	service   string
	symbols   *symtab.Table
	series    []series
	seriesIDs map[string]int32
	key       []byte
	parts     map[partKey]*part
}

// partKey tells the parts of a dataset apart: a kind, and a slice of time.
type partKey struct {
	kind  int   // position in the builder's kinds
	slice int64 // start of the slice, Unix nanoseconds; 0 if time is not sliced
}

// part is the profiles of one kind and slice of time: a row group each of
// profiles and samples.
type part struct {
	kind     int
	slice    int64
	profiles []row
	samples  samples
}

// row is a profile of one series.
type row struct {
	series                 int32 // position in the dataset's series
	time, duration, period int64
	id                     profile.ID
	totals                 [MaxValues]int64
}

// samples are columns of equal length.
type samples struct {
	profile      []int32 // position in the part's profiles
	stack        []int32 // node of the dataset's stack tree
	values       [MaxValues][]int64
	span, hi, lo []int64 // nil while no sample has any
}

// series is a label set of one kind: what a row of profiles refers to.
type series struct {
	kind   int // position in the builder's kinds
	labels profile.Labels
}

func (d *dataset) seriesID(kind int, ls profile.Labels) int32 {
	k := binary.AppendUvarint(d.key[:0], uint64(kind))
	for _, l := range ls {
		k = append(append(append(append(k, l.Name...), 0), l.Value...), 0)
	}
	d.key = k
	id, ok := d.seriesIDs[string(k)]
	if !ok {
		id = int32(len(d.series))
		d.series = append(d.series, series{kind, cloneLabels(ls)})
		d.seriesIDs[string(k)] = id
	}
	return id
}

// cloneLabels copies labels out of whatever larger memory they are a part of.
func cloneLabels(ls profile.Labels) profile.Labels {
	out := make(profile.Labels, len(ls))
	for i, l := range ls {
		out[i] = profile.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)}
	}
	return out
}

func (d *dataset) part(kind int, slice int64) *part {
	k := partKey{kind, slice}
	p := d.parts[k]
	if p == nil {
		p = &part{kind: kind, slice: slice}
		d.parts[k] = p
	}
	return p
}

// sampleIDs are the span and the trace of a sample, 0 for none.
type sampleIDs struct{ span, hi, lo int64 }

// add appends a sample; values are those of the part's kind.
func (s *samples) add(profile, stack int32, values []int64, ids sampleIDs) {
	s.profile = append(s.profile, profile)
	s.stack = append(s.stack, stack)
	for i := range s.values {
		if i < len(values) {
			s.values[i] = append(s.values[i], values[i])
		}
	}
	s.setIDs(ids)
}

// setIDs appends the ids of the sample that was just added. The columns are
// made only when the first id comes.
func (s *samples) setIDs(ids sampleIDs) {
	if ids == (sampleIDs{}) && s.span == nil {
		return
	}
	for len(s.span) < len(s.profile)-1 {
		s.span, s.hi, s.lo = append(s.span, 0), append(s.hi, 0), append(s.lo, 0)
	}
	s.span, s.hi, s.lo = append(s.span, ids.span), append(s.hi, ids.hi), append(s.lo, ids.lo)
}

// appendIDs appends the ids of the samples that were just added: those at the
// positions to keep.
func (s *samples) appendIDs(span, hi, lo []int64, keep []int32) {
	first := len(s.profile) - len(keep)
	if len(s.span) == 0 {
		if !anyOf(span, keep) && !anyOf(hi, keep) && !anyOf(lo, keep) {
			return
		}
		zeros := make([]int64, first)
		s.span, s.hi, s.lo = append(s.span, zeros...), append(s.hi, zeros...), append(s.lo, zeros...)
	}
	s.span, s.hi, s.lo = appendKept(s.span, span, keep), appendKept(s.hi, hi, keep), appendKept(s.lo, lo, keep)
}

func anyOf(column []int64, keep []int32) bool {
	return slices.ContainsFunc(keep, func(i int32) bool { return column[i] != 0 })
}

// reset makes it empty and keeps its memory.
func (s *samples) reset() {
	s.profile, s.stack = s.profile[:0], s.stack[:0]
	for i := range s.values {
		s.values[i] = s.values[i][:0]
	}
	s.span, s.hi, s.lo = s.span[:0], s.hi[:0], s.lo[:0]
}
