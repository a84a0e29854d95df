package jfr

// Frame is a place in a stack trace. Method is a key for [Chunk.Method]; Line is
// 0 or less if it is not known.
type Frame struct {
	Method int64
	Line   int32
}

// The positions of the fields of constants, see wantedOf.
const (
	slotText       = 0 // of strings, symbols, classes and states: their name
	slotMethodName = 0
	slotMethodType = 1
	slotFrames     = 0
	slotTruncated  = 1
)

// bindFrames finds out what frames are made of.
func (c *Chunk) bindFrames() error {
	of := c.layouts.names[classStackTrace]
	if of == nil || c.pools[of.id] == nil {
		return nil
	}
	frames := c.pools[of.id].layout.find(slotFrames)
	if frames == nil || frames.kind != kindArray {
		return nil
	}
	elem := c.layouts.classes[frames.class]
	if elem == nil {
		return nil
	}
	var err error
	c.frames, err = c.layouts.of(elem, "method", "lineNumber")
	return err
}

// constant reads what is wanted of a constant.
func (c *Chunk) constant(class string, key int64) (of *pool, slots [maxWanted]int64, ok bool) {
	id := c.layouts.names[class]
	if id == nil {
		return nil, slots, false
	}
	of = c.pools[id.id]
	at, ok := of.find(key)
	if !ok {
		return nil, slots, false
	}
	cur := c.cursor(at)
	of.layout.read(&cur, slots[:])
	return of, slots, true
}

// StackTrace returns the frames of a stack trace, those of the innermost methods
// first, appended to a slice; of more than most frames the innermost are left
// out. It reports whether the stack trace was cut when it was taken, so that the
// outermost frames are not there, and whether there is such a stack trace.
func (c *Chunk) StackTrace(key int64, to []Frame, most int) (frames []Frame, truncated, ok bool) {
	_, slots, ok := c.constant(classStackTrace, key)
	if !ok || len(c.frames) == 0 {
		return to, false, false
	}
	cur := c.cursor(int(slots[slotFrames]))
	var frame [maxWanted]int64
	for n := cur.count(); n > 0; n-- {
		if c.frames.read(&cur, frame[:]); n > most {
			continue
		}
		to = append(to, Frame{Method: frame[0], Line: int32(frame[1])})
	}
	return to, slots[slotTruncated] != 0, !cur.failed
}

// Method returns the names of a method and its class, as the Java virtual
// machine has them: java/lang/Thread and run. It reports whether there is such a
// method of a known class.
func (c *Chunk) Method(key int64) (class, name string, ok bool) {
	methods, slots, ok := c.constant(classMethod, key)
	if !ok {
		return "", "", false
	}
	name = c.named(methods, slotMethodName, slots)
	classes, of, ok := c.constant(classClass, slots[slotMethodType])
	if !ok {
		return "", name, false
	}
	return c.named(classes, slotText, of), name, true
}

// ThreadState returns the name of a state, such as STATE_RUNNABLE.
func (c *Chunk) ThreadState(key int64) string {
	states, slots, ok := c.constant(classThreadState, key)
	if !ok {
		return ""
	}
	return c.named(states, slotText, slots)
}

// named returns a name that is a string or a symbol.
func (c *Chunk) named(of *pool, slot int, slots [maxWanted]int64) string {
	v := of.layout.find(slot)
	if v == nil {
		return ""
	}
	if v.kind == kindString {
		return c.Text(slots[slot])
	}
	symbols := c.pools[v.class]
	at, ok := symbols.find(slots[slot])
	if !ok {
		return ""
	}
	text := symbols.layout.find(slotText)
	if text == nil || text.kind != kindString {
		return ""
	}
	cur := c.cursor(at)
	var symbol [maxWanted]int64
	symbols.layout.read(&cur, symbol[:])
	return c.Text(symbol[slotText])
}
