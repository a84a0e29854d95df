// Package stackstest shows what was read into a builder of stacks, for tests of
// the formats.
package stackstest

import (
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Folded returns the stacks of a builder as lines "frame;frame value", in the
// order in which they were added first. The builder is of no more use.
func Folded(b *stacks.Builder) string {
	return Lines(b.Profile(profile.ValueType{}, profile.ValueType{}))
}

// Lines returns the samples of a profile as lines "frame;frame value value", in
// their order.
func Lines(p *pprof.Profile) string {
	var out strings.Builder
	for i := range p.Samples {
		stack := p.Stack(i)
		for j := len(stack) - 1; j >= 0; j-- {
			out.WriteString(name(p, p.Locations[stack[j]]))
			if j > 0 {
				out.WriteByte(';')
			}
		}
		for _, v := range p.SampleValues(i) {
			fmt.Fprintf(&out, " %d", v)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// name names the functions of a location, the outermost first.
func name(p *pprof.Profile, l pprof.Location) string {
	if l.NumLines == 0 {
		return fmt.Sprintf("%#x", l.Address)
	}
	var names []string
	for i := l.FirstLine + l.NumLines; i > l.FirstLine; i-- {
		names = append(names, p.Strings[p.Functions[p.Lines[i-1].Function].Name])
	}
	return strings.Join(names, ";")
}
