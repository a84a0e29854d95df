package pprof

import (
	"slices"
	"sync"
)

// Normalize brings the profile, in place, into the form it is stored in, as
// Pyroscope does on write:
//
//   - names of Go functions are repaired, see [Profile.RepairGo];
//   - samples with a negative value, or with zeros only, are dropped;
//   - numeric labels are dropped, and those without a name or value, which
//     mean nothing; profile_id, its old name, becomes span_id; labels are
//     sorted by name, and of several with one name the first is kept;
//   - addresses of symbolized mappings are cleared, so that the same code in
//     two processes is the same;
//   - strings, functions, mappings, locations and samples that are the same
//     become one; the values of samples are added, up to the largest int64;
//   - what no sample refers to is dropped, the names of types excepted.
//
// What remains stands in the order it stood in. A second time changes nothing.
func (p *Profile) Normalize() {
	n := normalizers.Get().(*normalizer)
	defer n.release()
	n.normalize(p)
}

// normalizer is the memory that one normalization needs besides the profile.
type normalizer struct {
	p     *Profile
	hash  hasher
	table table
	// For each part of the profile, whether it is used (see markUsed), and
	// once its kind is merged, the position it has then.
	strings, functions, mappings, locations []uint32
}

// used marks a part of the profile that is referred to.
const used = 1

var normalizers = sync.Pool{New: func() any { return &normalizer{hash: newHasher()} }}

// keepScratch is the largest number of slots that goes back to the pool.
const keepScratch = 1 << 18

func (n *normalizer) release() {
	n.p = nil
	if cap(n.table.slots) <= keepScratch {
		normalizers.Put(n)
	}
}

// unused returns n marks, reusing memory.
func unused(marks []uint32, n int) []uint32 {
	marks = slices.Grow(marks[:0], n)[:n]
	clear(marks)
	return marks
}

func (n *normalizer) normalize(p *Profile) {
	p.RepairGo()
	if len(p.Strings) == 0 {
		p.Strings = []string{""}
	}
	n.p = p
	n.dropSamples()
	n.cleanLabels()
	n.clearAddresses()
	n.markUsed()
	// Each step needs the new positions of those before it.
	n.mergeStrings()
	n.mergeFunctions()
	n.mergeMappings()
	n.mergeLocations()
	n.mergeSamples()
}

// clearAddresses makes the locations of symbolized mappings independent of
// where, and from which build, the binary was loaded. Locations without lines
// have nothing but their address and keep it.
func (n *normalizer) clearAddresses() {
	for i := range n.p.Locations {
		l := &n.p.Locations[i]
		if l.Mapping != 0 && l.NumLines > 0 && n.p.Mappings[l.Mapping-1].Flags&HasFunctions != 0 {
			l.Address = 0
		}
	}
	for i := range n.p.Mappings {
		m := &n.p.Mappings[i]
		if m.Flags&HasFunctions != 0 {
			m.Start, m.Limit, m.Offset = 0, 0, 0
		}
	}
}

// markUsed marks what the samples refer to, directly or not.
func (n *normalizer) markUsed() {
	p := n.p
	n.strings = unused(n.strings, len(p.Strings))
	n.functions = unused(n.functions, len(p.Functions))
	n.mappings = unused(n.mappings, len(p.Mappings))
	n.locations = unused(n.locations, len(p.Locations))
	n.strings[0] = used
	for _, at := range p.typePositions() {
		if at != absent {
			n.strings[at] = used
		}
	}
	for i := range p.Samples {
		for _, at := range p.Stack(i) {
			n.locations[at] = used
		}
		for _, l := range p.SampleLabels(i) {
			n.strings[l.Key], n.strings[l.Value] = used, used
		}
	}
	n.markSymbols()
}

// markSymbols marks what the marked locations refer to.
func (n *normalizer) markSymbols() {
	p := n.p
	for i, l := range p.Locations {
		if n.locations[i] != used {
			continue
		}
		if l.Mapping != 0 {
			n.mappings[l.Mapping-1] = used
		}
		for _, line := range p.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
			n.functions[line.Function] = used
		}
	}
	for i, f := range p.Functions {
		if n.functions[i] == used {
			n.strings[f.Name], n.strings[f.SystemName], n.strings[f.Filename] = used, used, used
		}
	}
	for i, m := range p.Mappings {
		if n.mappings[i] == used {
			n.strings[m.Filename], n.strings[m.BuildID] = used, used
		}
	}
}
