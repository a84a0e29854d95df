package adhoc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/folded"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/speedscope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// maxInflatedBytes bounds what a gzip file may hold.
const maxInflatedBytes = 64 << 20

// graph is one of the flame graphs that a file holds.
type graph struct {
	name string // of the sample type, or of the profile in a file of several
	typ  profile.Type
	tree *flamegraph.Tree
}

// errFormat is of files in no format that is known.
var errFormat = errors.New("the file is neither a pprof, nor JSON of speedscope or Pyroscope, nor collapsed stacks, nor the output of perf script")

// parse reads a file of any known format, which it tells by the content.
func parse(file []byte) ([]graph, error) {
	if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
		inflated, err := inflate(file)
		if err != nil {
			return nil, fmt.Errorf("the file is no whole gzip: %w", err)
		}
		file = inflated
	}
	text := bytes.TrimSpace(file)
	switch {
	case len(text) == 0:
		return nil, errors.New("the file is empty")
	case text[0] == '{' && bytes.Contains(text, []byte(`"flamebearer"`)):
		return parseFlamebearer(text)
	case text[0] == '{':
		return parseSpeedscope(text)
	}
	if graphs, err := parsePprof(file); err == nil {
		return graphs, nil
	}
	if isPerfScript(text) {
		return parsePerfScript(text)
	}
	return parseStacks(text)
}

func inflate(file []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxInflatedBytes+1))
	if err == nil && len(out) > maxInflatedBytes {
		err = fmt.Errorf("it holds more than %d bytes", maxInflatedBytes)
	}
	return out, err
}

// limits are wide: nothing of the file is stored in another form.
func limits() pprof.Limits {
	l := pprof.DefaultLimits()
	l.MaxBytes, l.MaxSamples = maxInflatedBytes, 1<<20
	return l
}

func parsePprof(file []byte) ([]graph, error) {
	p, err := pprof.Decode(file, limits())
	if err != nil {
		return nil, err
	}
	return graphsOf(p), nil
}

// graphsOf makes a flame graph of each sample type.
func graphsOf(p *pprof.Profile) []graph {
	graphs := make([]graph, len(p.SampleTypes))
	for i, t := range p.SampleTypes {
		graphs[i] = graph{t.Type, profile.Type{Name: t.Type, Sample: t}, flamegraph.New()}
	}
	var names []string
	for i := range p.Samples {
		names = rootFirst(p, p.Stack(i), names[:0])
		for j, v := range p.SampleValues(i) {
			tree := graphs[j].tree
			if v > 0 {
				tree.AddStack(tree.InternAll(names), v)
			}
		}
	}
	return graphs
}

// rootFirst returns the function names of a stack, inlined ones after those
// that they are inlined into.
func rootFirst(p *pprof.Profile, stack []uint32, names []string) []string {
	for i := len(stack) - 1; i >= 0; i-- {
		l := p.Locations[stack[i]]
		if l.NumLines == 0 {
			names = append(names, fmt.Sprintf("0x%x", l.Address))
		}
		for j := int(l.NumLines) - 1; j >= 0; j-- {
			f := p.Functions[p.Lines[int(l.FirstLine)+j].Function]
			names = append(names, p.Strings[f.Name])
		}
	}
	return names
}

// samples is the type of what is only counted.
var samples = profile.ValueType{Type: "samples", Unit: "count"}

func parseStacks(text []byte) ([]graph, error) {
	b := stacks.NewBuilder(limits())
	if err := folded.Groups(text, b); err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	return graphsOf(b.Profile(samples, samples)), nil
}

func parseSpeedscope(text []byte) ([]graph, error) {
	profiles, err := speedscope.Parse(text)
	if err != nil {
		return nil, err
	}
	var all []graph
	for i := range profiles {
		p := &profiles[i]
		typ, factor := samples, 1.0
		switch ns := p.Unit.Nanoseconds(); {
		case ns > 0:
			typ, factor = profile.ValueType{Type: "wall", Unit: "nanoseconds"}, ns
		case p.Unit == speedscope.Bytes:
			typ = profile.ValueType{Type: "space", Unit: "bytes"}
		}
		b := stacks.NewBuilder(limits())
		if err := p.Read(b, func(w float64) int64 { return int64(math.Round(w * factor)) }); err != nil {
			return nil, fmt.Errorf("profile %d: %w", i, err)
		}
		for _, g := range graphsOf(b.Profile(typ, typ)) {
			if p.Name != "" {
				g.name = p.Name
			}
			all = append(all, g)
		}
	}
	return all, nil
}
