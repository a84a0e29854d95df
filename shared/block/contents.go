package block

import "fmt"

// contents is the table of contents of a dataset: where its column chunks are.
type contents struct {
	series    int // how many
	seriesRG  rowGroup
	locations int
	framesRG  rowGroup
	stacksRG  rowGroup
	parts     []partContents // by kind and time
	// sums are of the same profiles, by step. A table of contents has either
	// these or the parts.
	sums []sumsContents
}

// sumsContents is the parts of sums of one step.
type sumsContents struct {
	step  int64
	parts []partContents // by kind and time
}

// partContents is the table of contents of a part.
type partContents struct {
	kind             int // position in Meta.Kinds
	minTime, maxTime int64
	profiles         rowGroup
	samples          rowGroup
}

// rowGroup is where the chunks of a row group are. They follow one another.
type rowGroup struct {
	offset  int64 // of the first chunk in the object
	base    int64 // id of its first row; for frames, of its first location
	rows    int
	columns []int // lengths of the chunks in bytes
}

// column returns the range of a chunk.
func (g *rowGroup) column(i int) Extent {
	at := g.offset
	for _, n := range g.columns[:i] {
		at += int64(n)
	}
	return Extent{at, int64(g.columns[i])}
}

func (g *rowGroup) length() (n int64) {
	for _, c := range g.columns {
		n += int64(c)
	}
	return n
}

// bytes is how many bytes the row groups of the dataset have.
func (c *contents) bytes() int64 {
	n := c.seriesRG.length() + c.framesRG.length() + c.stacksRG.length()
	for i := range c.parts {
		n += c.parts[i].profiles.length() + c.parts[i].samples.length()
	}
	return n
}

func (e *appender) rowGroup(g *rowGroup) {
	e.uint(uint64(g.offset))
	e.uint(uint64(g.base))
	e.uint(uint64(g.rows))
	for _, n := range g.columns {
		e.uint(uint64(n))
	}
}

func (p *parser) rowGroup(columns int) rowGroup {
	g := rowGroup{offset: p.int(), base: p.int(), columns: make([]int, columns)}
	rows := p.int()
	if rows > maxRows || g.base > maxRows {
		p.failed = true
		return g
	}
	g.rows = int(rows)
	for i := range g.columns {
		n := p.int()
		if n > maxRows {
			p.failed = true
			return g
		}
		g.columns[i] = int(n)
	}
	return g
}

// maxRows is how many rows a section may have: ids are 32 bits wide.
const maxRows = 1<<31 - 1

// append encodes the table of contents of the profiles.
func (c *contents) append(b []byte) []byte {
	e := appender{b}
	e.symbols(c)
	e.parts(c.parts)
	return e.b
}

// appendSums encodes that of the sums, which repeats where the symbols are.
func (c *contents) appendSums(b []byte) []byte {
	e := appender{b}
	e.symbols(c)
	e.uint(uint64(len(c.sums)))
	for i := range c.sums {
		e.uint(uint64(c.sums[i].step))
		e.parts(c.sums[i].parts)
	}
	return e.b
}

func (e *appender) symbols(c *contents) {
	e.uint(uint64(c.series))
	e.rowGroup(&c.seriesRG)
	e.uint(uint64(c.locations))
	e.rowGroup(&c.framesRG)
	e.rowGroup(&c.stacksRG)
}

func (e *appender) parts(list []partContents) {
	e.uint(uint64(len(list)))
	for i := range list {
		p := &list[i]
		e.uint(uint64(p.kind))
		e.uint(uint64(p.minTime))
		e.uint(uint64(p.maxTime - p.minTime))
		e.rowGroup(&p.profiles)
		e.rowGroup(&p.samples)
	}
}

// parseContents reads the table of contents of profiles, of a block of the given
// size and number of kinds.
func parseContents(b []byte, size int64, kinds int) (*contents, error) {
	p := parser{b: b}
	c := p.symbols()
	c.parts = p.parts(kinds, profileColumns, sampleColumns)
	return c, p.check(c, size)
}

// parseSums reads that of sums.
func parseSums(b []byte, size int64, kinds int) (*contents, error) {
	p := parser{b: b}
	c := p.symbols()
	for range p.count(2) {
		c.sums = append(c.sums, sumsContents{p.int(), p.parts(kinds, bucketColumns, sumColumns)})
	}
	return c, p.check(c, size)
}

func (p *parser) symbols() *contents {
	c := &contents{series: int(p.int()), seriesRG: p.rowGroup(seriesColumns)}
	c.locations = int(p.int())
	c.framesRG = p.rowGroup(frameColumns)
	c.stacksRG = p.rowGroup(stackColumns)
	return c
}

func (p *parser) parts(kinds, profileColumns, sampleColumns int) (out []partContents) {
	for range p.count(4) {
		t := partContents{kind: p.below(kinds), minTime: p.int()}
		t.maxTime = t.minTime + p.int()
		t.profiles = p.rowGroup(profileColumns)
		t.samples = p.rowGroup(sampleColumns)
		out = append(out, t)
	}
	return out
}

// check reports whether the contents were read as a whole and what they say can
// be of an object of this size.
func (p *parser) check(c *contents, size int64) error {
	if err := p.end(); err != nil {
		return fmt.Errorf("%w: table of contents", err)
	}
	ok := c.series <= c.seriesRG.rows && c.locations <= c.framesRG.rows
	inside := func(g *rowGroup) bool { return g.offset+g.length() <= size }
	ok = ok && inside(&c.seriesRG) && inside(&c.framesRG) && inside(&c.stacksRG)
	lists := [][]partContents{c.parts}
	for i := range c.sums {
		lists = append(lists, c.sums[i].parts)
	}
	for _, list := range lists {
		for i := range list {
			ok = ok && inside(&list[i].profiles) && inside(&list[i].samples)
		}
	}
	if !ok {
		return fmt.Errorf("%w: table of contents: a range lies outside", ErrCorrupt)
	}
	return nil
}
