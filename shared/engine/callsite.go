package engine

import "github.com/pyrocumulus/pyrocumulus/shared/block"

// siteMatcher finds the stack traces that begin with a call site. It is kept
// between datasets for its memory.
type siteMatcher struct {
	depth  []int32 // by node: how many functions of the site its stack trace has met; -1 once it left the site
	begins []bool
}

// match says for each node of a dataset's tree whether its stack trace begins
// with the functions of the site, which are at least one. A function counts
// whether it was called or inlined. NeedNames.
func (m *siteMatcher) match(site []string, dec *block.Decoder, d *block.Dataset) ([]bool, error) {
	stacks, err := d.Stacks(dec)
	if err != nil {
		return nil, err
	}
	names, err := d.Names(dec)
	if err != nil {
		return nil, err
	}
	m.depth = append(m.depth[:0], 0)
	m.begins = append(m.begins[:0], false)
	for i := 1; i < len(stacks.Parents); i++ {
		at := m.depth[stacks.Parents[i]]
		location := stacks.Locations[i]
		for f := names.First[location+1] - 1; f >= names.First[location] && at >= 0 && int(at) < len(site); f-- {
			if names.Table[names.IDs[f]] == site[at] {
				at++
			} else {
				at = -1
			}
		}
		m.depth = append(m.depth, at)
		m.begins = append(m.begins, int(at) == len(site))
	}
	return m.begins, nil
}
