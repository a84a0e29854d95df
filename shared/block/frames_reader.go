package block

import (
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// ImportLocations enters locations of the dataset, with their functions and
// mappings, into tables and returns their ids there. It takes those that are
// wanted, or all if wanted is nil; the ids of others are 0. NeedFrames or
// NeedAll.
func (d *Dataset) ImportLocations(dec *Decoder, t *symtab.Table, wanted []bool) ([]uint32, error) {
	ids, err := d.importLocations(dec, t, wanted)
	if err != nil {
		return nil, d.wrap("frames", err)
	}
	return ids, nil
}

// frameTable is the decoded columns of a dataset's frames, on their way into
// tables.
type frameTable struct {
	table                                       *symtab.Table
	first                                       []int32
	function, systemName, file, binary, buildID stringColumn
	startLine, line, column, address            []int64
	mapStart, mapLimit, mapOffset               []int64
	flags                                       []int32

	lines         []pprof.Line
	lastMapping   symtab.Mapping
	lastMappingID uint32
	haveMapping   bool
}

// stringColumn is a column of strings whose ids in the tables are looked up
// when they are first asked for.
type stringColumn struct {
	table *symtab.Table
	dict  []string
	rows  []uint32
	known []uint32 // by position in dict: the id plus 1; 0 if not known yet
}

func (c *stringColumn) id(row int32) uint32 {
	at := c.rows[row]
	if c.known[at] == 0 {
		c.known[at] = 1 + c.table.String(c.dict[at])
	}
	return c.known[at] - 1
}

func (d *Dataset) importLocations(dec *Decoder, t *symtab.Table, wanted []bool) ([]uint32, error) {
	if d.contents.framesRG.rows == 0 {
		return nil, nil
	}
	f, err := d.frameTable(dec, t)
	if err != nil {
		return nil, err
	}
	out := make([]uint32, d.contents.locations)
	for i := range out {
		if wanted == nil || wanted[i] {
			out[i] = f.location(i)
		}
	}
	return out, nil
}

// location enters a location into the tables.
func (f *frameTable) location(i int) uint32 {
	from, to := f.first[i], f.first[i+1]
	f.lines = f.lines[:0]
	for row := from; row < to && f.flags[from]&flagNoLine == 0; row++ {
		fn := f.table.Function(symtab.Function{
			Name: f.function.id(row), SystemName: f.systemName.id(row), File: f.file.id(row), StartLine: f.startLine[row],
		})
		f.lines = append(f.lines, pprof.Line{Function: fn, Line: f.line[row], Column: f.column[row]})
	}
	mapped := uint32(0)
	if f.flags[from]&flagNoMapping == 0 {
		mapped = 1 + f.mapping(from)
	}
	return f.table.Location(uint64(f.address[from]), mapped, f.flags[from]&flagFolded != 0, f.lines)
}

// mapping enters a mapping, which mostly is that of the location before.
func (f *frameTable) mapping(row int32) uint32 {
	m := symtab.Mapping{
		Start: uint64(f.mapStart[row]), Limit: uint64(f.mapLimit[row]), Offset: uint64(f.mapOffset[row]),
		Binary: f.binary.id(row), BuildID: f.buildID.id(row), Flags: pprof.MappingFlags(f.flags[row] & 0x0f),
	}
	if !f.haveMapping || m != f.lastMapping {
		f.lastMapping, f.lastMappingID, f.haveMapping = m, f.table.Mapping(m), true
	}
	return f.lastMappingID
}

func (d *Dataset) frameTable(dec *Decoder, t *symtab.Table) (f *frameTable, err error) {
	g := &d.contents.framesRG
	f = &frameTable{table: t}
	if f.first, err = d.firstFrames(dec); err != nil {
		return nil, err
	}
	for i, c := range []struct {
		dst    *stringColumn
		column int
	}{
		{&f.function, frameFunction}, {&f.systemName, frameSystemName}, {&f.file, frameFile},
		{&f.binary, frameBinary}, {&f.buildID, frameBuildID},
	} {
		c.dst.table = t
		if c.dst.dict, c.dst.rows, err = d.strings(dec, i, g, c.column); err != nil {
			return nil, fmt.Errorf("column %d: %w", c.column, err)
		}
		c.dst.known = make([]uint32, len(c.dst.dict))
	}
	for i, c := range []struct {
		dst    *[]int64
		column int
	}{
		{&f.startLine, frameStartLine}, {&f.line, frameLine}, {&f.column, frameColumn}, {&f.address, frameAddress},
		{&f.mapStart, frameMapStart}, {&f.mapLimit, frameMapLimit}, {&f.mapOffset, frameMapOffset},
	} {
		if *c.dst, err = d.int64s(dec, i, g, c.column); err != nil {
			return nil, fmt.Errorf("column %d: %w", c.column, err)
		}
	}
	b, err := d.bytes(g.column(frameFlags))
	if err != nil {
		return nil, err
	}
	f.flags, err = dec.file.Int32(dec.i32[3][:0], b, g.rows)
	dec.i32[3] = f.flags
	return f, err
}
