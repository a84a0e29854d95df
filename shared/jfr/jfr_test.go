package jfr_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
	"github.com/pyrocumulus/pyrocumulus/shared/jfr/jfrtest"
)

// The ids of classes.
const (
	idInt = 20 + iota
	idLong
	idByte
	idChar
	idFloat
	idDouble
	idString
	idSymbol
	idClass
	idMethod
	idFrame
	idTrace
	idState
	idPoint
	idEmpty
	idEvent
)

// classes are those of a small Java virtual machine, with an event that has a
// field of every kind.
func classes() []jfrtest.Class {
	plain := func(id int64, name string) jfrtest.Class { return jfrtest.Class{ID: id, Name: name} }
	return []jfrtest.Class{
		plain(idInt, "int"), plain(idLong, "long"), plain(idByte, "boolean"), plain(idChar, "char"), plain(idFloat, "float"),
		plain(idDouble, "double"), plain(idString, "java.lang.String"), plain(idEmpty, "Empty"),
		{ID: idSymbol, Name: "jdk.types.Symbol", Fields: []jfrtest.Field{{Name: "string", Class: idString}}},
		{ID: idClass, Name: "java.lang.Class", Fields: []jfrtest.Field{{Name: "loader", Class: idLong}, {Name: "name", Class: idSymbol, Ref: true}}},
		{ID: idMethod, Name: "jdk.types.Method", Fields: []jfrtest.Field{{Name: "type", Class: idClass, Ref: true}, {Name: "name", Class: idSymbol, Ref: true}}},
		{ID: idFrame, Name: "jdk.types.StackFrame", Fields: []jfrtest.Field{{Name: "method", Class: idMethod, Ref: true}, {Name: "lineNumber", Class: idInt}}},
		{ID: idTrace, Name: "jdk.types.StackTrace", Fields: []jfrtest.Field{{Name: "truncated", Class: idByte}, {Name: "frames", Class: idFrame, Array: true}}},
		{ID: idState, Name: "jdk.types.ThreadState", Fields: []jfrtest.Field{{Name: "name", Class: idString}}},
		{ID: idPoint, Name: "Point", Fields: []jfrtest.Field{{Name: "x", Class: idInt}, {Name: "y", Class: idInt}}},
		{ID: idEvent, Name: "Event", Fields: []jfrtest.Field{
			{Name: "long", Class: idLong}, {Name: "points", Class: idPoint, Array: true}, {Name: "float", Class: idFloat},
			{Name: "double", Class: idDouble}, {Name: "char", Class: idChar}, {Name: "point", Class: idPoint},
			{Name: "refs", Class: idMethod, Ref: true, Array: true}, {Name: "empty", Class: idEmpty, Array: true},
			{Name: "text", Class: idString}, {Name: "int", Class: idInt}, {Name: "byte", Class: idByte},
		}},
	}
}

func event(text func(*jfrtest.Encoder)) jfrtest.Event {
	return jfrtest.Event{Class: idEvent, Body: func(e *jfrtest.Encoder) {
		e.Long(-5)
		e.Int(2)
		for v := range int64(4) {
			e.Int(v * 1000)
		}
		e.Raw(1, 2, 3, 4)
		e.Raw(1, 2, 3, 4, 5, 6, 7, 8)
		e.Short('é')
		e.Int(7)
		e.Int(8)
		e.Int(1)
		e.Long(1 << 62)
		e.Int(1 << 30) // elements without bytes
		text(e)
		e.Int(-3)
		e.Byte(1)
	}}
}

// pools are constants in two checkpoints.
func pools() [][]jfrtest.Pool {
	type write = func(*jfrtest.Encoder)
	text := func(s string) write { return func(e *jfrtest.Encoder) { e.UTF8(s) } }
	refs := func(a, b int64) write { return func(e *jfrtest.Encoder) { e.Long(a); e.Long(b) } }
	trace := func(truncated byte, frames ...int64) write {
		return func(e *jfrtest.Encoder) {
			e.Byte(truncated)
			e.Int(int64(len(frames) / 2))
			for i := 0; i < len(frames); i += 2 {
				e.Long(frames[i])
				e.Int(frames[i+1])
			}
		}
	}
	return [][]jfrtest.Pool{
		{
			{Class: idSymbol, Keys: []int64{9, 3, 5}, Constants: []write{text("java/lang/Thread"), text("run"), text("Shop")}},
			{Class: idClass, Keys: []int64{1 << 60}, Constants: []write{refs(0, 9)}},
			{Class: idString, Keys: []int64{4}, Constants: []write{text("constant")}},
		},
		{
			{Class: idClass, Keys: []int64{2}, Constants: []write{refs(0, 5)}},
			{Class: idMethod, Keys: []int64{1, 2, 3}, Constants: []write{refs(1<<60, 3), refs(2, 3), refs(77, 3)}},
			{Class: idTrace, Keys: []int64{1, 2}, Constants: []write{trace(0, 2, 10, 1, -1), trace(1, 1, 20, 2, 30, 1, 40)}},
			{Class: idState, Keys: []int64{1}, Constants: []write{text("STATE_RUNNABLE")}},
		},
	}
}

func open(t *testing.T, data []byte) []*jfr.Chunk {
	var out []*jfr.Chunk
	for c, err := range jfr.Chunks(data) {
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}

// bothWays runs a test with integers compressed and not.
func bothWays(t *testing.T, test func(t *testing.T, plain bool)) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain=%t", plain), func(t *testing.T) { test(t, plain) })
	}
}

func TestEvents(t *testing.T) {
	texts := map[string]func(*jfrtest.Encoder){
		"null": func(e *jfrtest.Encoder) { e.Byte(0) }, "empty": func(e *jfrtest.Encoder) { e.Byte(1) },
		"constant": func(e *jfrtest.Encoder) { e.Constant(4) }, "unknown constant": func(e *jfrtest.Encoder) { e.Constant(99) },
		"utf8": func(e *jfrtest.Encoder) { e.UTF8("héllo€") }, "latin1": func(e *jfrtest.Encoder) { e.Latin1("héllo") },
		"chars": func(e *jfrtest.Encoder) { e.Chars("héllo€𝄞") }, "bad utf8": func(e *jfrtest.Encoder) { e.UTF8("a\xff") },
	}
	want := map[string]string{"constant": "constant", "utf8": "héllo€", "latin1": "héllo", "chars": "héllo€𝄞", "bad utf8": "a\uFFFD"}
	bothWays(t, func(t *testing.T, plain bool) {
		for name, text := range texts {
			c := jfrtest.Chunk{Plain: plain, TicksPerSecond: 25, Classes: classes(), Checkpoints: pools(), Events: []jfrtest.Event{event(text), event(text)}}
			seen := 0
			for _, c := range open(t, c.Append(c.Append(nil))) {
				require.EqualValues(t, 25, c.TicksPerSecond)
				wanted, err := c.Event("Event", "byte", "text", "missing", "int", "long", "char", "point")
				require.NoError(t, err)
				require.True(t, wanted.Has(0))
				require.False(t, wanted.Has(2))
				other, err := c.Event("Other", "x")
				require.NoError(t, err)
				require.NoError(t, c.Events([]*jfr.EventType{other, wanted}, func(i int, e *jfr.Event) error {
					seen++
					require.Equal(t, 1, i)
					require.Equal(t, want[name], c.Text(e[1]), name)
					require.Equal(t, []int64{1, 0, -3, -5, 'é', 0}, append([]int64{e[0]}, e[2:7]...))
					return nil
				}))
			}
			require.Equal(t, 4, seen)
		}
	})
}

func TestConstants(t *testing.T) {
	bothWays(t, func(t *testing.T, plain bool) {
		chunk := jfrtest.Chunk{Plain: plain, Classes: classes(), Checkpoints: pools()}
		c := open(t, chunk.Append(nil))[0]

		frames, truncated, ok := c.StackTrace(1, nil, 10)
		require.True(t, ok)
		require.False(t, truncated)
		require.Equal(t, []jfr.Frame{{Method: 2, Line: 10}, {Method: 1, Line: -1}}, frames)
		frames, truncated, ok = c.StackTrace(2, frames[:0], 2)
		require.True(t, ok)
		require.True(t, truncated)
		require.Equal(t, []jfr.Frame{{Method: 2, Line: 30}, {Method: 1, Line: 40}}, frames, "the innermost is left out")
		_, _, ok = c.StackTrace(3, nil, 10)
		require.False(t, ok)

		for key, want := range map[int64]string{1: "java/lang/Thread run true", 2: "Shop run true", 3: " run false", 4: "  false"} {
			class, name, ok := c.Method(key)
			require.Equal(t, want, fmt.Sprint(class, " ", name, " ", ok))
		}
		require.Equal(t, "STATE_RUNNABLE", c.ThreadState(1))
		require.Empty(t, c.ThreadState(2))
		require.Empty(t, c.Text(-1))
		require.Empty(t, c.Text(1<<40))
	})
}

func TestMalformed(t *testing.T) {
	good := (&jfrtest.Chunk{Classes: classes(), Checkpoints: pools()}).Append(nil)
	changed := func(at int, b ...byte) []byte {
		out := append([]byte(nil), good...)
		copy(out[at:], b)
		return out
	}
	deep := []jfrtest.Class{{ID: 1, Name: "jdk.types.Symbol", Fields: []jfrtest.Field{{Name: "self", Class: 1}}}}
	wide := []jfrtest.Class{{ID: 1, Name: "jdk.types.Symbol"}, {ID: 9, Name: "Empty"}}
	for range 100 {
		wide[0].Fields = append(wide[0].Fields, jfrtest.Field{Name: "f", Class: 2})
	}
	for id := int64(2); id < 9; id++ {
		fields := wide[0].Fields
		wide = append(wide, jfrtest.Class{ID: id, Name: fmt.Sprint(id)})
		for range fields {
			wide[len(wide)-1].Fields = append(wide[len(wide)-1].Fields, jfrtest.Field{Name: "f", Class: id + 1})
		}
	}
	using := func(cs []jfrtest.Class) []byte {
		return (&jfrtest.Chunk{Classes: cs, Checkpoints: [][]jfrtest.Pool{{{Class: 1}}}}).Append(nil)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                       {nil, "empty"},
		"short":                       {good[:67], "no chunk at byte 0"},
		"other":                       {[]byte(strings.Repeat("hello", 20)), "no chunk at byte 0"},
		"version":                     {changed(5, 1), "version 1"},
		"cut":                         {good[:len(good)-1], "of which"},
		"tail":                        {append(append([]byte(nil), good...), 'x'), "no chunk at byte"},
		"huge":                        {changed(8, 0x7f), "chunk of"},
		"negative":                    {changed(8, 0xff), "chunk of"},
		"metadata outside":            {changed(24, 0x7f), "metadata at"},
		"constants inside the header": {changed(16, 0, 0, 0, 0, 0, 0, 0, 1), "constants at 1"},
		"constants of nothing":        {using([]jfrtest.Class{{ID: 7}}), "not described"},
		"endless class":               {using(deep), "nested too deep"},
		"wide class":                  {using(wide), "classes of more than"},
		"field of nothing":            {using([]jfrtest.Class{{ID: 1, Fields: []jfrtest.Field{{Class: 8}}}}), "not described"},
	} {
		var got error
		for _, err := range jfr.Chunks(c.data) {
			got = err
		}
		require.ErrorIs(t, got, jfr.ErrMalformed, name)
		require.ErrorContains(t, got, c.want, name)
	}
}

// Any byte of a recording may be another, and any may be missing.
func TestDamaged(t *testing.T) {
	good := (&jfrtest.Chunk{Classes: classes(), Checkpoints: pools(), Events: []jfrtest.Event{event(func(e *jfrtest.Encoder) { e.UTF8("text") })}}).Append(nil)
	readAll(good)
	for i := range good {
		for _, b := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			bad := append([]byte(nil), good...)
			bad[i] = b
			readAll(bad)
		}
		readAll(good[:i])
	}
}

// A count is believed only as far as there are bytes for what it counts.
func TestCountsAllocateNothing(t *testing.T) {
	huge := func(e *jfrtest.Encoder) { e.Int(1<<31 - 1) }
	for name, c := range map[string]jfrtest.Chunk{
		"text":      {Plain: true, Checkpoints: pools()},
		"frames":    {Checkpoints: [][]jfrtest.Pool{{{Class: idTrace, Keys: []int64{1}, Constants: []func(*jfrtest.Encoder){func(e *jfrtest.Encoder) { e.Byte(0); huge(e) }}}}}},
		"string":    {Checkpoints: [][]jfrtest.Pool{{{Class: idSymbol, Keys: []int64{1}, Constants: []func(*jfrtest.Encoder){func(e *jfrtest.Encoder) { e.Byte(4); huge(e) }}}}}},
		"constants": {Checkpoints: [][]jfrtest.Pool{{{Class: idTrace, Keys: make([]int64, 1), Constants: []func(*jfrtest.Encoder){func(e *jfrtest.Encoder) { e.Bytes = e.Bytes[:len(e.Bytes)-2]; huge(e) }}}}}},
	} {
		c.Classes = classes()
		data := c.Append(nil)
		if name == "text" {
			data = bytes.Replace(data, []byte("\x03\x00\x00\x00\x04root"), []byte("\x04\x3f\xff\xff\xffroot"), 1)
		}
		var got error
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, err := range jfr.Chunks(data) {
			got = err
		}
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, got, jfr.ErrMalformed, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<10), name)
	}
}

// readAll reads everything of a recording that can be read.
func readAll(data []byte) {
	for c, err := range jfr.Chunks(data) {
		if err != nil {
			return
		}
		types := make([]*jfr.EventType, 0, 2)
		for _, class := range []string{"Event", "jdk.ExecutionSample"} {
			t, err := c.Event(class, "text", "stackTrace", "state", "int")
			if err != nil {
				return
			}
			types = append(types, t)
		}
		_ = c.Events(types, func(_ int, e *jfr.Event) error {
			c.Text(e[0])
			readConstants(c, e[1])
			c.ThreadState(e[2])
			return nil
		})
		for key := range int64(4) {
			readConstants(c, key)
		}
	}
}

func readConstants(c *jfr.Chunk, trace int64) {
	frames, _, _ := c.StackTrace(trace, nil, 100)
	for _, f := range frames {
		c.Method(f.Method)
	}
}

func FuzzChunks(f *testing.F) {
	for _, plain := range []bool{false, true} {
		f.Add((&jfrtest.Chunk{Plain: plain, Classes: classes(), Checkpoints: pools(), Events: []jfrtest.Event{event(func(e *jfrtest.Encoder) { e.Chars("text") })}}).Append(nil))
	}
	f.Fuzz(func(_ *testing.T, data []byte) { readAll(data) })
}
