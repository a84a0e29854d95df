package block

import (
	"encoding/binary"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// appender writes the small structures of a block: numbers as varints, strings
// behind their length.
type appender struct{ b []byte }

func (e *appender) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

func (e *appender) string(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *appender) bool(v bool) {
	if v {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func (e *appender) extent(x Extent) {
	e.uint(uint64(x.Offset))
	e.uint(uint64(x.Length))
}

func (e *appender) valueType(t profile.ValueType) {
	e.string(t.Type)
	e.string(t.Unit)
}

func (e *appender) kind(k *Kind) {
	e.string(k.Name)
	e.valueType(k.Period)
	e.uint(uint64(len(k.Samples)))
	for _, s := range k.Samples {
		e.valueType(s)
	}
}

// parser reads them. After a failure it returns zeros; what it makes is
// bounded by the bytes that there are.
type parser struct {
	b      []byte
	failed bool
}

func (p *parser) uint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 || p.failed {
		p.failed, p.b = true, nil
		return 0
	}
	p.b = p.b[n:]
	return v
}

// int reads a number that must fit 62 bits, so that two of them can be added.
func (p *parser) int() int64 {
	v := p.uint()
	if v >= 1<<62 {
		p.failed = true
		return 0
	}
	return int64(v)
}

// count reads how many things follow that take at least size bytes each.
func (p *parser) count(size int) int {
	v := p.uint()
	if v > uint64(len(p.b)/size) {
		p.failed = true
		return 0
	}
	return int(v)
}

// below reads a number that must be less than n.
func (p *parser) below(n int) int {
	v := p.uint()
	if v >= uint64(n) {
		p.failed = true
		return 0
	}
	return int(v)
}

func (p *parser) string() string {
	n := p.count(1)
	s := string(p.b[:n])
	p.b = p.b[n:]
	return s
}

func (p *parser) fixed32() uint32 {
	if len(p.b) < 4 {
		p.failed = true
		return 0
	}
	v := binary.LittleEndian.Uint32(p.b)
	p.b = p.b[4:]
	return v
}

func (p *parser) extent() Extent { return Extent{p.int(), p.int()} }

func (p *parser) valueType() profile.ValueType {
	return profile.ValueType{Type: p.string(), Unit: p.string()}
}

func (p *parser) kind() Kind {
	k := Kind{Name: p.string(), Period: p.valueType()}
	for range p.count(2) {
		k.Samples = append(k.Samples, p.valueType())
	}
	if n := len(k.Samples); n == 0 || n > MaxValues {
		p.failed = true
	}
	return k
}

// end reports whether all went well and nothing is left.
func (p *parser) end() error {
	if p.failed || len(p.b) != 0 {
		return fmt.Errorf("%w: cut off or too long", ErrCorrupt)
	}
	return nil
}
