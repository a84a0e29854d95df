package pprof

import "strings"

// shapeOpening begins the type arguments of an instance of a generic Go
// function, as the compiler names it.
const shapeOpening = "[go.shape."

// RepairGo replaces the type arguments in names of Go functions, as in
// "slices.SortFunc[go.shape.[]int,go.shape.int]", by "[...]". They name the
// shape the compiler shares code for, or even that of another instance, so
// that they only spread one function over many. Other profiles stay as they
// are. Pyroscope does the same to what it ingests.
func (p *Profile) RepairGo() {
	var repaired map[uint32]uint32
	repair := func(at uint32) uint32 {
		if now, ok := repaired[at]; ok {
			return now
		}
		name := p.Strings[at]
		short := dropShapes(name)
		if len(short) == len(name) {
			return at
		}
		if repaired == nil {
			repaired = make(map[uint32]uint32)
		}
		now := uint32(len(p.Strings))
		p.Strings = append(p.Strings, short)
		repaired[at] = now
		return now
	}
	for i := range p.Functions {
		f := &p.Functions[i]
		name := f.Name
		f.Name = repair(name)
		if f.SystemName == name { // the rule with Go
			f.SystemName = f.Name
		} else {
			f.SystemName = repair(f.SystemName)
		}
	}
}

// dropShapes returns the name without shapes, in time linear in its length.
func dropShapes(name string) string {
	i := strings.Index(name, shapeOpening)
	if i < 0 {
		return name
	}
	var short strings.Builder
	for i >= 0 {
		n := bracketed(name[i:])
		if n == 0 {
			break // not closed: not a name the compiler made
		}
		short.WriteString(name[:i])
		short.WriteString("[...]")
		name = name[i+n:]
		i = strings.Index(name, shapeOpening)
	}
	short.WriteString(name)
	return short.String()
}

// bracketed is the length of the bracket s begins with, and of all within; 0
// if it is not closed. Brackets in quotes, the tags of struct fields, do not
// count.
func bracketed(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
