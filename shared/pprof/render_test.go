package pprof_test

import (
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// render writes a sample as text: "work@12;main@11 key=value 5 6", leaf first.
func render(p *pprof.Profile, i int) string {
	var b strings.Builder
	b.WriteString(renderStack(p, i))
	for _, l := range p.SampleLabels(i) {
		if l.Numeric {
			fmt.Fprintf(&b, " %s#", p.Strings[l.Key])
			continue
		}
		fmt.Fprintf(&b, " %s=%s", p.Strings[l.Key], p.Strings[l.Value])
	}
	for _, v := range p.SampleValues(i) {
		fmt.Fprintf(&b, " %d", v)
	}
	return b.String()
}

func renderStack(p *pprof.Profile, i int) string {
	var frames []string
	for _, at := range p.Stack(i) {
		l := p.Locations[at]
		if l.NumLines == 0 {
			frames = append(frames, fmt.Sprintf("%#x", l.Address))
		}
		for _, line := range p.Lines[l.FirstLine : l.FirstLine+l.NumLines] {
			frames = append(frames, fmt.Sprintf("%s@%d", p.Strings[p.Functions[line.Function].Name], line.Line))
		}
	}
	return strings.Join(frames, ";")
}

func renderAll(p *pprof.Profile) []string {
	var all []string
	for i := range p.Samples {
		all = append(all, render(p, i))
	}
	return all
}
