package jfr

// EventType is a class of events of a chunk, with the fields that are wanted.
type EventType struct {
	id     int64
	layout layout
}

// Event is what is wanted of an event: its fields as they were named to
// [Chunk.Event]. Of strings it is what [Chunk.Text] takes; what is in a constant
// pool is a key; what the class does not have is 0.
type Event [maxWanted]int64

// Event prepares to read events of a class, up to 8 fields. It is nil if the
// chunk does not know the class.
func (c *Chunk) Event(class string, fields ...string) (*EventType, error) {
	of := c.layouts.names[class]
	if of == nil {
		return nil, nil
	}
	l, err := c.layouts.of(of, fields...)
	if err != nil {
		return nil, err
	}
	return &EventType{id: of.id, layout: l}, nil
}

// Has reports whether the class has a field, by its number.
func (t *EventType) Has(field int) bool { return t.layout.find(field) != nil }

// Events calls visit for every event of some classes, given by their positions
// in types, in the order in which they were written. Those that are nil do not
// occur.
func (c *Chunk) Events(types []*EventType, visit func(i int, e *Event) error) error {
	wanted := make(map[int64]int, len(types))
	for i, t := range types {
		if t != nil {
			wanted[t.id] = i
		}
	}
	var e Event
	for at := c.start + headerBytes; at < len(c.data); {
		cur := c.cursor(at)
		size := cur.integer(4)
		id := cur.long()
		if cur.failed || size < 1 || size > int64(len(c.data)-at) {
			return malformed("event of %d bytes at byte %d", size, at)
		}
		at += int(size)
		i, ok := wanted[id]
		if !ok {
			continue
		}
		cur.data = cur.data[:at]
		e = Event{}
		types[i].layout.read(&cur, e[:])
		if cur.failed {
			return malformed("event ends early at byte %d", at)
		}
		if err := visit(i, &e); err != nil {
			return err
		}
	}
	return nil
}

// Text returns the string that a field of an event is. 0, of a field that is
// not there, is "".
func (c *Chunk) Text(at int64) string {
	if at <= 0 || at >= int64(len(c.data)) {
		return ""
	}
	cur := c.cursor(int(at))
	return cur.text(c.stringConstant)
}

func (c *Chunk) stringConstant(key int64) string {
	of := c.layouts.names[classString]
	if of == nil {
		return ""
	}
	at, ok := c.pools[of.id].find(key)
	if !ok {
		return ""
	}
	cur := c.cursor(at)
	return cur.text(func(int64) string { return "" }) // no constant is another
}
