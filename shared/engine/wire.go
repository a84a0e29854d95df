package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// ErrReport is wrapped by errors about bytes that are not a report.
var ErrReport = errors.New("malformed report")

// Append appends the wire form of a report: a byte for each field that is set,
// and the field. Trees travel as the bytes of format TREE, merged profiles as
// pprof, the rest as varints and strings behind their length.
func (r *Report) Append(b []byte) []byte {
	if r.Tree != nil {
		b = append(b, byte(WantTree))
		b = appendBytes(b, r.Tree.AppendTree(nil, 0))
	}
	if r.Merged != nil {
		b = append(b, byte(WantMerged))
		b = appendBytes(b, r.Merged.pprof().AppendEncode(nil))
	}
	if r.Series != nil {
		b = append(b, byte(WantSeries))
		b = appendSeries(b, r.SortedSeries())
	}
	if r.Labels != nil {
		b = append(b, byte(WantLabels))
		b = binary.AppendUvarint(b, uint64(len(r.Labels)))
		for _, l := range r.Labels {
			b = appendLabels(appendBytes(b, []byte(l.Type.String())), l.Pushed)
		}
	}
	if r.Values != nil {
		b = append(b, byte(WantValues))
		b = binary.AppendVarint(binary.AppendVarint(b, r.Values.Min), r.Values.Max)
	}
	if r.Heat != nil {
		b = append(b, byte(WantHeat))
		b = appendHeatmaps(b, r.SortedHeatmaps())
	}
	return b
}

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

func appendLabels(b []byte, ls profile.Labels) []byte {
	b = binary.AppendUvarint(b, uint64(len(ls)))
	for _, l := range ls {
		b = appendBytes(appendBytes(b, []byte(l.Name)), []byte(l.Value))
	}
	return b
}

// ParseReport reads the report of a task. It refuses what the task does not
// want. What it makes is bounded by the bytes that there are and by MaxPoints.
func ParseReport(b []byte, t Task) (*Report, error) {
	p := wireReader{b: b, task: &t}
	r := &Report{}
	for len(p.b) > 0 && p.err == nil {
		want := Want(p.b[0])
		p.b = p.b[1:]
		if want != t.Want {
			p.fail(fmt.Errorf("field %d, not %d", want, t.Want))
			break
		}
		switch want {
		case WantTree:
			p.tree(r)
		case WantMerged:
			p.merged(r)
		case WantSeries:
			p.series(r)
		case WantLabels:
			p.labelSets(r)
		case WantValues:
			r.Values = &ValueRange{p.varint(), p.varint()}
		case WantHeat:
			p.heatmaps(r)
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return r, nil
}

// wireReader takes values off the front of b. After a failure it returns
// zeros.
type wireReader struct {
	task *Task
	b    []byte
	err  error
}

func (p *wireReader) fail(err error) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %w", ErrReport, err)
	}
	p.b = nil
}

func (p *wireReader) uvarint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail(errors.New("cut off"))
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *wireReader) varint() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 {
		p.fail(errors.New("cut off"))
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *wireReader) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.b)) {
		p.fail(errors.New("cut off"))
		return nil
	}
	v := p.b[:n]
	p.b = p.b[n:]
	return v
}

func (p *wireReader) labels() profile.Labels {
	var ls profile.Labels
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		ls = append(ls, profile.Label{Name: string(p.bytes()), Value: string(p.bytes())})
	}
	return ls
}

func (p *wireReader) tree(r *Report) {
	var err error
	if r.Tree, err = flamegraph.ParseTree(p.bytes()); err != nil {
		p.fail(err)
	}
}

func (p *wireReader) labelSets(r *Report) {
	r.Labels = make(map[string]LabelSet)
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		typ, err := profile.ParseType(string(p.bytes()))
		if err != nil {
			p.fail(err)
			return
		}
		l := LabelSet{Type: typ, Pushed: p.labels()}
		r.Labels[l.key()] = l
	}
}

func (p *wireReader) merged(r *Report) {
	content := p.bytes()
	if p.err != nil {
		return
	}
	prof, err := pprof.Decode(content, pprof.Limits{})
	if err != nil {
		p.fail(err)
		return
	}
	r.Merged = &Merged{Table: symtab.New()}
	var im symtab.Importer
	im.Import(r.Merged.Table, prof)
	for i := range prof.Samples {
		r.Merged.value(im.Stack(r.Merged.Table, prof.Stack(i)), prof.SampleValues(i)[0])
	}
}

// pprof returns the sum as a profile of one sample type without a name.
func (m *Merged) pprof() *pprof.Profile {
	t := m.Table
	p := &pprof.Profile{
		SampleTypes: []profile.ValueType{{Type: "value", Unit: "count"}},
		Strings:     t.Strings, Locations: t.Locations, Lines: t.Lines,
	}
	for _, f := range t.Functions {
		p.Functions = append(p.Functions, pprof.Function{Name: f.Name, SystemName: f.SystemName, Filename: f.File, StartLine: f.StartLine})
	}
	for _, x := range t.Mappings {
		p.Mappings = append(p.Mappings, pprof.Mapping{
			Start: x.Start, Limit: x.Limit, Offset: x.Offset, Filename: x.Binary, BuildID: x.BuildID, Flags: x.Flags,
		})
	}
	for n, v := range m.Values {
		if v == 0 {
			continue
		}
		s := pprof.Sample{StackStart: uint32(len(p.Stacks))}
		for at := int32(n); at > 0; at = t.Stacks.Parents[at] {
			p.Stacks = append(p.Stacks, uint32(t.Stacks.Locations[at]))
		}
		s.StackEnd = uint32(len(p.Stacks))
		p.Samples = append(p.Samples, s)
		p.Values = append(p.Values, v)
	}
	p.Stacks = slices.Clip(p.Stacks)
	return p
}
