package pprof

import (
	"math"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelProfileID is what span_id was called in older clients.
const labelProfileID = "profile_id"

// dropSamples drops the samples that count nothing, or less than nothing.
func (n *normalizer) dropSamples() {
	p := n.p
	types := len(p.SampleTypes)
	kept := p.Samples[:0]
	for i, s := range p.Samples {
		values := p.SampleValues(i)
		if !counts(values) {
			continue
		}
		copy(p.Values[len(kept)*types:], values)
		kept = append(kept, s)
	}
	p.Samples, p.Values = kept, p.Values[:len(kept)*types]
}

// counts reports whether a value is positive and none is negative.
func counts(values []int64) bool {
	var all int64
	for _, v := range values {
		all |= v // negative if one of them is
	}
	return all > 0
}

// cleanLabels leaves the samples with string labels, sorted by key.
func (n *normalizer) cleanLabels() {
	p := n.p
	if len(p.Labels) == 0 {
		return
	}
	spanID := n.keyOfSpans()
	out := room(p.Labels, len(p.Samples), p.labelBounds)
	byKey := func(a, b SampleLabel) int { return strings.Compare(p.Strings[a.Key], p.Strings[b.Key]) }
	for i := range p.Samples {
		start := len(out)
		for _, l := range p.SampleLabels(i) {
			if l.Numeric || p.Strings[l.Key] == "" || p.Strings[l.Value] == "" {
				continue
			}
			if p.Strings[l.Key] == labelProfileID {
				l.Key = spanID
			}
			out = append(out, l)
		}
		set := out[start:]
		slices.SortStableFunc(set, byKey)
		set = slices.CompactFunc(set, func(a, b SampleLabel) bool { return byKey(a, b) == 0 })
		out = out[:start+len(set)]
		p.Samples[i].LabelStart, p.Samples[i].LabelEnd = uint32(start), uint32(len(out))
	}
	p.Labels = out
}

// keyOfSpans is the position of "span_id", which is entered in the string
// table if a label is about to be called so.
func (n *normalizer) keyOfSpans() uint32 {
	p := n.p
	old := slices.Index(p.Strings, labelProfileID)
	if old < 0 {
		return 0
	}
	at := slices.Index(p.Strings, profile.LabelSpanID)
	if at < 0 {
		at = len(p.Strings)
		p.Strings = append(p.Strings, profile.LabelSpanID)
	}
	return uint32(at)
}

// mergeSamples gives the samples the new positions of what they refer to, and
// adds those of equal stacks and labels.
func (n *normalizer) mergeSamples() {
	p := n.p
	types := len(p.SampleTypes)
	n.table.reset(len(p.Samples))
	kept := p.Samples[:0]
	stacks := room(p.Stacks, len(p.Samples), p.stackBounds)
	labels := room(p.Labels, len(p.Samples), p.labelBounds)
	for i := range p.Samples {
		h := n.hash.start
		s := Sample{StackStart: uint32(len(stacks)), LabelStart: uint32(len(labels))}
		for _, at := range p.Stack(i) {
			at = n.locations[at]
			h = mix(h, uint64(at))
			stacks = append(stacks, at)
		}
		for _, l := range p.SampleLabels(i) {
			l.Key, l.Value = n.strings[l.Key], n.strings[l.Value]
			h = mix(h, uint64(l.Key)<<32|uint64(l.Value))
			labels = append(labels, l)
		}
		s.StackEnd, s.LabelEnd = uint32(len(stacks)), uint32(len(labels))
		at, found := n.table.find(h, uint32(len(kept)), func(other uint32) bool {
			o := kept[other]
			return slices.Equal(stacks[o.StackStart:o.StackEnd], stacks[s.StackStart:]) &&
				slices.Equal(labels[o.LabelStart:o.LabelEnd], labels[s.LabelStart:])
		})
		if found {
			stacks, labels = stacks[:s.StackStart], labels[:s.LabelStart]
			addValues(p.SampleValues(int(at)), p.SampleValues(i))
			continue
		}
		copy(p.Values[len(kept)*types:], p.SampleValues(i))
		kept = append(kept, s)
	}
	p.Samples, p.Values, p.Stacks, p.Labels = kept, p.Values[:len(kept)*types], stacks, labels
}

func (p *Profile) stackBounds(i int) (start, end uint32) {
	return p.Samples[i].StackStart, p.Samples[i].StackEnd
}

func (p *Profile) labelBounds(i int) (start, end uint32) {
	return p.Samples[i].LabelStart, p.Samples[i].LabelEnd
}

func addValues(to, from []int64) {
	for i, v := range from {
		to[i] = addClamped(to[i], v)
	}
}

// addClamped is a + b, or the nearest int64.
func addClamped(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// Totals returns the sum of all samples, one for each sample type; a sum that
// an int64 cannot hold is the nearest it can.
func (p *Profile) Totals() []int64 {
	totals := make([]int64, len(p.SampleTypes))
	for i := range p.Samples {
		addValues(totals, p.SampleValues(i))
	}
	return totals
}
