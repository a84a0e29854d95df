package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// bar is a bar of a flame graph that shows one or two profiles: of each, where
// it begins, how wide it is and what part of that is its own.
type bar struct {
	stack             []string
	start, wide, self []int64
}

// holds reports whether the bar lies over all of another one.
func (b *bar) holds(o *bar) bool {
	for i := range b.start {
		if o.start[i] < b.start[i] || o.start[i]+o.wide[i] > b.start[i]+b.wide[i] {
			return false
		}
	}
	return true
}

// fold reads a flame graph as Grafana draws it, of one profile or, with sides
// 2, of a comparison, and lists the stacks that have a value of their own. It
// checks that bars lie within the bars under them.
func fold(names []string, levels []*querierv1.Level, sides int) ([]string, error) {
	if len(levels) == 0 {
		return nil, fmt.Errorf("a flame graph without levels: Grafana cannot draw it")
	}
	var out []string
	var below []bar
	for n, level := range levels {
		bars, err := readLevel(names, level.Values, sides)
		if err != nil {
			return nil, err
		}
		for i := range bars {
			b := &bars[i]
			if n > 0 {
				parent := slices.IndexFunc(below, func(p bar) bool { return p.holds(b) })
				if parent < 0 {
					return nil, fmt.Errorf("%s of level %d stands on nothing", b.stack[0], n)
				}
				if n > 1 { // the root has no name
					b.stack = append(slices.Clone(below[parent].stack), b.stack...)
				}
			}
			if slices.Max(b.self) > 0 {
				line := strings.Join(b.stack, ";")
				for _, v := range b.self {
					line += " " + strconv.FormatInt(v, 10)
				}
				out = append(out, line)
			}
		}
		below = bars
	}
	slices.Sort(out)
	return out, nil
}

// readLevel reads the bars of a level: for each side the distance from the bar
// before, the width and the own part; then the position of the name.
func readLevel(names []string, values []int64, sides int) ([]bar, error) {
	size := 3*sides + 1
	if len(values)%size != 0 {
		return nil, fmt.Errorf("%d numbers are no groups of %d", len(values), size)
	}
	end := make([]int64, sides)
	var bars []bar
	for group := range slices.Chunk(values, size) {
		name := group[size-1]
		if name < 0 || name >= int64(len(names)) {
			return nil, fmt.Errorf("there is no name %d", name)
		}
		b := bar{stack: []string{names[name]}}
		for side := range sides {
			v := group[3*side:]
			b.start = append(b.start, end[side]+v[0])
			b.wide = append(b.wide, v[1])
			b.self = append(b.self, v[2])
			end[side] += v[0] + v[1]
		}
		bars = append(bars, b)
	}
	return bars, nil
}
