package block

import (
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// ImportLocations enters all locations of the dataset, with their functions
// and mappings, into tables and returns their ids there. NeedFrames or NeedAll.
func (d *Dataset) ImportLocations(dec *Decoder, t *symtab.Table) ([]uint32, error) {
	ids, err := d.importLocations(dec, t)
	if err != nil {
		return nil, d.wrap("frames", err)
	}
	return ids, nil
}

// frameTable is the decoded columns of a dataset's frames; strings are ids of
// the tables into which they are imported.
type frameTable struct {
	first                                       []int32
	function, systemName, file, binary, buildID []uint32
	startLine, line, column, address            []int64
	mapStart, mapLimit, mapOffset               []int64
	flags                                       []int32
}

func (d *Dataset) importLocations(dec *Decoder, t *symtab.Table) ([]uint32, error) {
	if d.contents.framesRG.rows == 0 {
		return nil, nil
	}
	f, err := d.frameTable(dec, t)
	if err != nil {
		return nil, err
	}
	out := make([]uint32, 0, d.contents.locations)
	var lines []pprof.Line
	for i := range d.contents.locations {
		from, to := f.first[i], f.first[i+1]
		lines = lines[:0]
		for row := from; row < to && f.flags[from]&flagNoLine == 0; row++ {
			fn := t.Function(symtab.Function{
				Name: f.function[row], SystemName: f.systemName[row], File: f.file[row], StartLine: f.startLine[row],
			})
			lines = append(lines, pprof.Line{Function: fn, Line: f.line[row], Column: f.column[row]})
		}
		mapped := uint32(0)
		if f.flags[from]&flagNoMapping == 0 {
			mapped = 1 + t.Mapping(symtab.Mapping{
				Start: uint64(f.mapStart[from]), Limit: uint64(f.mapLimit[from]), Offset: uint64(f.mapOffset[from]),
				Binary: f.binary[from], BuildID: f.buildID[from], Flags: pprof.MappingFlags(f.flags[from] & 0x0f),
			})
		}
		out = append(out, t.Location(uint64(f.address[from]), mapped, f.flags[from]&flagFolded != 0, lines))
	}
	return out, nil
}

func (d *Dataset) frameTable(dec *Decoder, t *symtab.Table) (f frameTable, err error) {
	g := &d.contents.framesRG
	if f.first, err = d.firstFrames(dec); err != nil {
		return f, err
	}
	for i, c := range []struct {
		dst    *[]uint32
		column int
	}{
		{&f.function, frameFunction}, {&f.systemName, frameSystemName}, {&f.file, frameFile},
		{&f.binary, frameBinary}, {&f.buildID, frameBuildID},
	} {
		dict, ids, err := d.strings(dec, i, g, c.column)
		if err != nil {
			return f, fmt.Errorf("column %d: %w", c.column, err)
		}
		*c.dst = imported(t, dict, ids)
	}
	for i, c := range []struct {
		dst    *[]int64
		column int
	}{
		{&f.startLine, frameStartLine}, {&f.line, frameLine}, {&f.column, frameColumn}, {&f.address, frameAddress},
		{&f.mapStart, frameMapStart}, {&f.mapLimit, frameMapLimit}, {&f.mapOffset, frameMapOffset},
	} {
		if *c.dst, err = d.int64s(dec, i, g, c.column); err != nil {
			return f, fmt.Errorf("column %d: %w", c.column, err)
		}
	}
	b, err := d.fetch.bytes(g.column(frameFlags))
	if err != nil {
		return f, err
	}
	f.flags, err = dec.file.Int32(dec.i32[3][:0], b, g.rows)
	dec.i32[3] = f.flags
	return f, err
}

// imported replaces positions in a dictionary by ids of the tables.
func imported(t *symtab.Table, dict []string, ids []uint32) []uint32 {
	m := make([]uint32, len(dict))
	for i, s := range dict {
		m[i] = t.String(s)
	}
	for i, x := range ids {
		ids[i] = m[x]
	}
	return ids
}
