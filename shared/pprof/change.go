package pprof

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// KeepSampleTypes drops, in place, the values of the sample types for which keep
// says no. Without any type the profile has no samples.
func (p *Profile) KeepSampleTypes(keep func(profile.ValueType) bool) {
	kept := make([]bool, len(p.SampleTypes))
	types := p.SampleTypes[:0:0]
	for i, t := range p.SampleTypes {
		if kept[i] = keep(t); kept[i] {
			types = append(types, t)
		}
	}
	if len(types) == len(kept) {
		return
	}
	values := p.Values[:0]
	for i, v := range p.Values {
		if kept[i%len(kept)] {
			values = append(values, v)
		}
	}
	p.SampleTypes, p.Values = types, values
	if len(types) == 0 {
		p.Samples = nil
	}
}

// SetBuildIDs gives every mapping another build id, in place. Locations of no
// mapping get one, without a file, whose build id follows from "".
func (p *Profile) SetBuildIDs(change func(buildID string) string) {
	if len(p.Strings) == 0 {
		p.Strings = []string{""}
	}
	ids := make(map[uint32]uint32) // positions in Strings, by those before
	changed := func(old uint32) uint32 {
		now, ok := ids[old]
		if !ok {
			now = uint32(len(p.Strings))
			p.Strings = append(p.Strings, change(p.Strings[old]))
			ids[old] = now
		}
		return now
	}
	for i := range p.Mappings {
		p.Mappings[i].BuildID = changed(p.Mappings[i].BuildID)
	}
	none := uint32(0)
	for i := range p.Locations {
		if l := &p.Locations[i]; l.Mapping == 0 {
			if none == 0 {
				p.Mappings = append(p.Mappings, Mapping{BuildID: changed(0)})
				none = uint32(len(p.Mappings))
			}
			l.Mapping = none
		}
	}
}

// Relabeled returns a profile of the samples of some series, as [SplitByLabels]
// makes them, whose string labels are now those of the series; ids of spans and
// traces stay. It shares nothing with p that is changed in place, and is not
// normalized.
func (p *Profile) Relabeled(series []Series) *Profile {
	out := *p
	out.Strings = slices.Clone(p.Strings)
	out.Mappings, out.Functions = slices.Clone(p.Mappings), slices.Clone(p.Functions)
	out.Locations, out.Lines = slices.Clone(p.Locations), slices.Clone(p.Lines)
	out.Samples, out.Values, out.Stacks, out.Labels = nil, nil, nil, nil
	ids := p.spanKeys()
	known := make(map[string]uint32)
	position := func(s string) uint32 {
		at, ok := known[s]
		if !ok {
			at = uint32(len(out.Strings))
			out.Strings = append(out.Strings, s)
			known[s] = at
		}
		return at
	}
	for _, s := range series {
		labels := make([]SampleLabel, 0, len(s.Labels))
		for _, l := range s.Labels {
			labels = append(labels, SampleLabel{Key: position(l.Name), Value: position(l.Value)})
		}
		for _, i := range s.Samples {
			added := Sample{StackStart: uint32(len(out.Stacks)), LabelStart: uint32(len(out.Labels))}
			out.Stacks = append(out.Stacks, p.Stack(int(i))...)
			out.Labels = append(out.Labels, labels...)
			for _, l := range p.SampleLabels(int(i)) {
				if !l.Numeric && slices.Contains(ids, l.Key) {
					out.Labels = append(out.Labels, l)
				}
			}
			added.StackEnd, added.LabelEnd = uint32(len(out.Stacks)), uint32(len(out.Labels))
			out.Samples = append(out.Samples, added)
			out.Values = append(out.Values, p.SampleValues(int(i))...)
		}
	}
	return &out
}
