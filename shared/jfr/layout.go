package jfr

import "slices"

// kind is how a value is written.
type kind uint8

const (
	kindByte kind = iota // boolean, byte
	kindShort
	kindInt
	kindLong
	kindFloat
	kindDouble
	kindString
	kindRef // the key of a constant
	kindArray
)

// primitive returns the kind of the classes that are not made of fields.
func primitive(name string) (kind, bool) {
	switch name {
	case "boolean", "byte":
		return kindByte, true
	case "char", "short":
		return kindShort, true
	case "int":
		return kindInt, true
	case "long":
		return kindLong, true
	case "float":
		return kindFloat, true
	case "double":
		return kindDouble, true
	case classString:
		return kindString, true
	}
	return 0, false
}

// layout is the values of a class in the order in which they are written, those
// of classes within it in its place.
type layout []value

type value struct {
	kind  kind
	slot  int8   // where it is wanted; -1 if it is not
	class int64  // of a constant
	elem  layout // of an array
}

// Limits of layouts. maxLayouts is how many values all layouts of a chunk may
// have that are made.
const (
	maxLayouts     = 1 << 17
	maxLayoutDepth = 8
)

// layouts makes the layouts of a chunk.
type layouts struct {
	*metadata
	made int
}

// of returns the layout of a class. Of the fields that are named the values are
// wanted, in this order, if the class has them.
func (ls *layouts) of(c *class, wanted ...string) (layout, error) {
	return ls.appendClass(nil, c, wanted, 0)
}

func (ls *layouts) appendClass(to layout, c *class, wanted []string, depth int) (layout, error) {
	if depth > maxLayoutDepth {
		return nil, malformed("class %q is nested too deep", c.name)
	}
	if kind, ok := primitive(c.name); ok {
		ls.made++
		return append(to, value{kind: kind, slot: int8(slices.Index(wanted, ""))}), nil
	}
	for _, f := range c.fields {
		if ls.made++; ls.made > maxLayouts {
			return nil, malformed("classes of more than %d values", maxLayouts)
		}
		start := len(to)
		var err error
		if to, err = ls.appendField(to, f, depth); err != nil {
			return nil, err
		}
		if slot := slices.Index(wanted, f.name); slot >= 0 && len(to) == start+1 {
			to[start].slot = int8(slot)
		}
	}
	return to, nil
}

func (ls *layouts) appendField(to layout, f field, depth int) (layout, error) {
	c := ls.classes[f.class]
	if c == nil && !f.ref {
		return nil, malformed("field %q of a class that is not described", f.name)
	}
	elem := layout{{kind: kindRef, slot: -1, class: f.class}}
	switch {
	case f.ref && !f.array:
		return append(to, elem...), nil
	case !f.array:
		return ls.appendClass(to, c, nil, depth+1)
	case !f.ref:
		var err error
		if elem, err = ls.appendClass(nil, c, nil, depth+1); err != nil {
			return nil, err
		}
	}
	return append(to, value{kind: kindArray, slot: -1, class: f.class, elem: elem}), nil
}

// read reads the values of a layout. Those that are wanted go to their slots:
// of strings and arrays the position where they begin, of numbers with a
// fraction nothing.
func (l layout) read(c *cursor, slots []int64) {
	for i := range l {
		var v int64
		switch l[i].kind {
		case kindByte:
			v = int64(int8(c.byte()))
		case kindShort:
			v = int64(int16(c.integer(2)))
		case kindInt:
			v = int64(int32(c.integer(4)))
		case kindLong, kindRef:
			v = c.long()
		case kindFloat:
			c.skip(4)
		case kindDouble:
			c.skip(8)
		case kindString:
			v = int64(c.pos)
			c.skipString()
		case kindArray:
			v = int64(c.pos)
			l[i].elem.skipArray(c)
		}
		if slot := l[i].slot; slot >= 0 {
			slots[slot] = v
		}
	}
}

// skipArray goes to the end of an array. An array of nothing takes no bytes,
// whatever its length.
func (l layout) skipArray(c *cursor) {
	if len(l) == 0 {
		c.integer(4)
		return
	}
	for n := c.count(); n > 0 && !c.failed; n-- {
		l.read(c, nil)
	}
}

// find returns the value of a slot, nil if the class does not have it.
func (l layout) find(slot int) *value {
	for i := range l {
		if l[i].slot == int8(slot) {
			return &l[i]
		}
	}
	return nil
}
