package jfr

import "strconv"

// class is a class of events, constants or their parts.
type class struct {
	id     int64
	name   string
	fields []field
}

// field is a field of a class. What is in a constant pool stands there by its
// key; of arrays the length comes first.
type field struct {
	name  string
	class int64
	ref   bool // whether it is in a constant pool
	array bool
}

// Limits of what a chunk may describe. The JDK has some 200 classes with 1500
// fields; applications can add their own.
const (
	maxStrings      = 1 << 18
	maxClasses      = 1 << 14
	maxFields       = 1 << 17
	maxElementDepth = 16
)

// metadata is the classes of a chunk.
type metadata struct {
	strings []string
	classes map[int64]*class
	names   map[string]*class
	fields  int
}

// readMetadata reads the metadata event that a cursor stands at.
func readMetadata(c *cursor) (*metadata, error) {
	start := c.pos
	size := c.integer(4)
	if c.failed || size < 0 || size > int64(len(c.data)-start) {
		return nil, malformed("metadata of %d bytes", size)
	}
	c.data = c.data[:start+int(size)]
	for range 4 { // type, time, duration, number of the metadata
		c.long()
	}
	m := &metadata{classes: make(map[int64]*class), names: make(map[string]*class)}
	n := c.count()
	if n > maxStrings {
		return nil, malformed("metadata of more than %d strings", maxStrings)
	}
	for ; n > 0 && !c.failed; n-- {
		m.strings = append(m.strings, c.text(func(int64) string { return "" }))
	}
	if err := m.element(c, nil, 0); err != nil {
		return nil, err
	}
	if c.failed {
		return nil, malformed("metadata ends early")
	}
	return m, nil
}

// element reads an element of the tree with those in it. Only classes and their
// fields count; annotations and settings are passed by.
func (m *metadata) element(c *cursor, in *class, depth int) error {
	if depth > maxElementDepth {
		return malformed("metadata is nested too deep")
	}
	var inner *class
	var f field
	var class class
	name := m.string(c)
	for range c.count() {
		key, value := m.string(c), m.string(c)
		if c.failed {
			return malformed("metadata ends early")
		}
		switch key {
		case "name":
			class.name, f.name = value, value
		case "id":
			class.id, _ = strconv.ParseInt(value, 10, 64)
		case "class":
			f.class, _ = strconv.ParseInt(value, 10, 64)
		case "constantPool":
			f.ref = value == "true"
		case "dimension":
			f.array = value != "" && value != "0"
		}
	}
	switch {
	case name == "class":
		inner = &class
		m.classes[class.id], m.names[class.name] = inner, inner
	case name == "field" && in != nil:
		in.fields = append(in.fields, f)
		m.fields++
	}
	if len(m.classes) > maxClasses || m.fields > maxFields {
		return malformed("metadata of more than %d classes or %d fields", maxClasses, maxFields)
	}
	for n := c.count(); n > 0 && !c.failed; n-- {
		if err := m.element(c, inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// string reads the position of a string.
func (m *metadata) string(c *cursor) string {
	at := c.integer(4)
	if at < 0 || at >= int64(len(m.strings)) {
		c.fail()
		return ""
	}
	return m.strings[at]
}
