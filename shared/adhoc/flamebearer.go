package adhoc

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/flamebearer"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// parseFlamebearer reads what Pyroscope's older interface and its own page
// export as JSON.
func parseFlamebearer(text []byte) ([]graph, error) {
	var d flamebearer.Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the JSON of a flame graph: %w", err)
	}
	if d.Metadata.Format == "double" {
		return nil, errors.New("the file is a comparison of two flame graphs; upload each by itself")
	}
	tree, err := treeOf(d.Flamebearer)
	if err != nil {
		return nil, fmt.Errorf("read the JSON of a flame graph: %w", err)
	}
	t := profile.ValueType{Type: d.Metadata.Name, Unit: "count"}
	if t.Type == "" {
		t.Type = samples.Type
	}
	switch d.Metadata.SampleRate {
	case 1e9:
		t.Unit = "nanoseconds"
	default:
		if d.Metadata.Units == "bytes" {
			t.Unit = "bytes"
		}
	}
	return []graph{{t.Type, profile.Type{Name: t.Type, Sample: t}, tree}}, nil
}

// bar is a bar of the level above, and the node that it stands for.
type bar struct {
	from, to int64
	node     flamegraph.Node
}

// treeOf is the tree that a graph was drawn from. A bar stands below the one of
// the level above that covers it.
func treeOf(g flamebearer.Graph) (*flamegraph.Tree, error) {
	tree := flamegraph.New()
	names := tree.InternAll(g.Names)
	var above []bar
	for depth, level := range g.Levels {
		if len(level)%4 != 0 {
			return nil, fmt.Errorf("level %d has %d numbers, not groups of four", depth, len(level))
		}
		var bars []bar
		at, parent := int64(0), 0
		for i := 0; i < len(level); i += 4 {
			offset, total, self, name := level[i], level[i+1], level[i+2], level[i+3]
			at += offset
			if offset < 0 || total < 0 || self < 0 || at+total < at || name < 0 || name >= int64(len(names)) {
				return nil, fmt.Errorf("level %d has a bar that cannot be", depth)
			}
			b := bar{at, at + total, flamegraph.Root}
			if depth > 0 {
				for parent < len(above) && above[parent].to <= at && above[parent].to < b.to {
					parent++
				}
				if parent == len(above) || above[parent].from > at || above[parent].to < b.to {
					return nil, fmt.Errorf("level %d has a bar with nothing below it", depth)
				}
				b.node = tree.Child(above[parent].node, names[name])
			}
			tree.AddSelf(b.node, self)
			bars = append(bars, b)
			at = b.to
		}
		above = bars
	}
	return tree, nil
}
