package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// Append appends the wire form of a task: its fields in order, numbers as
// varints, strings behind their length, sets behind their size plus one, so
// that 0 is no set. Equal tasks have equal bytes.
func (t *Task) Append(b []byte) []byte {
	b = append(b, byte(t.Want))
	b = appendBytes(b, []byte(t.Selector.String()))
	for _, s := range []string{t.Type.Name, t.Type.Sample.Type, t.Type.Sample.Unit, t.Type.Period.Type, t.Type.Period.Unit} {
		b = appendBytes(b, []byte(s))
	}
	b = binary.AppendVarint(binary.AppendVarint(b, t.From), t.To)
	b = appendSet(b, t.Spans, cmp.Compare, binary.AppendUvarint)
	b = appendSet(b, t.Traces, compareTraces, func(b []byte, x TraceID) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(b, x.Hi), x.Lo)
	})
	b = appendSet(b, t.Profiles, func(x, y profile.ID) int { return bytes.Compare(x[:], y[:]) },
		func(b []byte, x profile.ID) []byte { return append(b, x[:]...) })
	b = appendStrings(b, t.CallSite)
	g := &t.Grouping
	b = binary.AppendVarint(binary.AppendVarint(b, g.Buckets.Start), g.Buckets.Step)
	b = binary.AppendUvarint(b, uint64(g.Buckets.Count))
	b = appendStrings(b, g.GroupBy)
	b = appendBool(appendBool(b, g.Exemplars), g.PerSpan)
	b = binary.AppendVarint(binary.AppendVarint(b, g.Values.Min), g.Values.Max)
	return appendBounds(b, t.Bounds)
}

func compareTraces(x, y TraceID) int {
	return cmp.Or(cmp.Compare(x.Hi, y.Hi), cmp.Compare(x.Lo, y.Lo))
}

func appendSet[K comparable](b []byte, set map[K]bool, compare func(x, y K) int, add func([]byte, K) []byte) []byte {
	if set == nil {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(set))+1)
	for _, k := range slices.SortedFunc(maps.Keys(set), compare) {
		b = add(b, k)
	}
	return b
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendBytes(b, []byte(s))
	}
	return b
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// ErrTask is wrapped by errors about bytes that are not a task.
var ErrTask = errors.New("malformed task")

// ParseTask reads the wire form of a task. What it makes is bounded by the
// bytes that there are.
func ParseTask(b []byte) (Task, error) {
	p := wireReader{b: b}
	t := Task{Want: Want(p.byte())}
	text := string(p.bytes())
	t.Type = profile.Type{
		Name: string(p.bytes()), Sample: profile.ValueType{Type: string(p.bytes()), Unit: string(p.bytes())},
		Period: profile.ValueType{Type: string(p.bytes()), Unit: string(p.bytes())},
	}
	t.From, t.To = p.varint(), p.varint()
	t.Spans = parseSet(&p, p.uvarint)
	t.Traces = parseSet(&p, func() TraceID { return TraceID{p.uvarint(), p.uvarint()} })
	t.Profiles = parseSet(&p, p.id)
	t.CallSite = p.strings()
	t.Buckets = Buckets{Start: p.varint(), Step: p.varint(), Count: int(p.uvarint())}
	t.GroupBy = p.strings()
	t.Exemplars, t.PerSpan = p.byte() != 0, p.byte() != 0
	t.Values = ValueRange{p.varint(), p.varint()}
	t.Bounds = p.bounds()
	if p.err == nil && len(p.b) > 0 {
		p.fail(errors.New("bytes behind the end"))
	}
	if p.err == nil {
		p.err = t.check()
	}
	if p.err == nil {
		t.Selector, p.err = selector.Parse(text)
	}
	if p.err != nil {
		return Task{}, fmt.Errorf("%w: %w", ErrTask, p.err)
	}
	return t, nil
}

func (t *Task) check() error {
	switch {
	case t.Want < WantTree || t.Want > WantHeat:
		return fmt.Errorf("it wants %d", t.Want)
	case t.Buckets.Count < 0 || t.Buckets.Count > MaxPoints:
		return fmt.Errorf("%d points", t.Buckets.Count)
	case (t.Want == WantSeries || t.Want == WantValues || t.Want == WantHeat) && t.Buckets.Step < 1:
		return fmt.Errorf("a step of %d", t.Buckets.Step)
	}
	return nil
}

func parseSet[K comparable](p *wireReader, one func() K) map[K]bool {
	n := p.uvarint()
	if n == 0 {
		return nil
	}
	set := make(map[K]bool)
	for ; n > 1 && p.err == nil; n-- {
		set[one()] = true
	}
	return set
}

func (p *wireReader) strings() (out []string) {
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		out = append(out, string(p.bytes()))
	}
	return out
}

func (p *wireReader) byte() byte {
	if len(p.b) == 0 {
		p.fail(errors.New("cut off"))
		return 0
	}
	v := p.b[0]
	p.b = p.b[1:]
	return v
}

func (p *wireReader) id() (id profile.ID) {
	if len(p.b) < len(id) {
		p.fail(errors.New("cut off"))
		return id
	}
	id, p.b = profile.ID(p.b[:len(id)]), p.b[len(id):]
	return id
}
