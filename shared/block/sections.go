package block

import (
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/parquetfile"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/symtab"
)

// stringTable collects strings for a section that has no table of its own.
type stringTable struct {
	all []string
	ids map[string]uint32
}

func (t *stringTable) id(s string) uint32 {
	if t.ids == nil {
		t.ids = make(map[string]uint32)
	}
	id, ok := t.ids[s]
	if !ok {
		id = uint32(len(t.all))
		t.all = append(t.all, s)
		t.ids[s] = id
	}
	return id
}

// kinds writes the kinds of the whole block.
func (v *volume) kinds() error {
	var t stringTable
	kinds := v.out.meta.Kinds
	d := make([]parquetfile.Data, len(v.out.schemas[KindsSection]))
	for i := range kinds {
		k := &kinds[i]
		for value, s := range k.Samples {
			d[0].Int32 = append(d[0].Int32, int32(i))
			d[1].Int32 = append(d[1].Int32, int32(value))
			for c, x := range []string{k.Name, s.Type, s.Unit, k.Period.Type, k.Period.Unit} {
				d[2+c].IDs = append(d[2+c].IDs, t.id(x))
			}
		}
	}
	for i := range d {
		d[i].Table = t.all
	}
	if err := v.encode(KindsSection, 0, new(rowGroup), 0, len(d[0].Int32), d); err != nil {
		return fmt.Errorf("kinds: %w", err)
	}
	return nil
}

// seriesColumnsOf returns the columns of series, of which the first has the id
// base.
func seriesColumnsOf(list []series, base int32) []parquetfile.Data {
	var t stringTable
	c := make([]parquetfile.Data, seriesColumns)
	for i := range list {
		for _, l := range list[i].labels {
			c[seriesID].Int32 = append(c[seriesID].Int32, base+int32(i))
			c[seriesKind].Int32 = append(c[seriesKind].Int32, int32(list[i].kind))
			c[seriesName].IDs = append(c[seriesName].IDs, t.id(l.Name))
			c[seriesValue].IDs = append(c[seriesValue].IDs, t.id(l.Value))
		}
	}
	c[seriesName].Table, c[seriesValue].Table = t.all, t.all
	return c
}

// frames returns the columns of the frames of some locations of the tables,
// innermost first; the first location has the id base.
func frames(s *symtab.Table, locations []uint32, base int32) []parquetfile.Data {
	c := make([]parquetfile.Data, frameColumns)
	for i := range c {
		c[i].Table = s.Strings
	}
	i64 := func(column int, v int64) { c[column].Int64 = append(c[column].Int64, v) }
	str := func(column int, id uint32) { c[column].IDs = append(c[column].IDs, id) }
	for i, id := range locations {
		l := &s.Locations[id]
		lines := s.Lines[l.FirstLine : l.FirstLine+l.NumLines]
		flags := int32(0)
		if l.Folded {
			flags |= flagFolded
		}
		var m symtab.Mapping
		if l.Mapping == 0 {
			flags |= flagNoMapping
		} else {
			m = s.Mappings[l.Mapping-1]
			flags |= int32(m.Flags)
		}
		if len(lines) == 0 {
			flags |= flagNoLine
			lines = []pprof.Line{{}}
		}
		for depth, line := range lines {
			var f symtab.Function
			if flags&flagNoLine == 0 {
				f = s.Functions[line.Function]
			}
			c[frameLocation].Int32 = append(c[frameLocation].Int32, base+int32(i))
			c[frameDepth].Int32 = append(c[frameDepth].Int32, int32(depth))
			str(frameFunction, f.Name)
			str(frameSystemName, f.SystemName)
			str(frameFile, f.File)
			i64(frameStartLine, f.StartLine)
			i64(frameLine, line.Line)
			i64(frameColumn, line.Column)
			i64(frameAddress, int64(l.Address))
			c[frameFlags].Int32 = append(c[frameFlags].Int32, flags)
			str(frameBinary, m.Binary)
			str(frameBuildID, m.BuildID)
			i64(frameMapStart, int64(m.Start))
			i64(frameMapLimit, int64(m.Limit))
			i64(frameMapOffset, int64(m.Offset))
		}
	}
	return c
}

// stackColumnsOf returns the columns of a stack-trace tree, whose root has the
// id base and whose first location has the id locationBase.
func stackColumnsOf(t Stacks, base, locationBase int32) []parquetfile.Data {
	n := len(t.Parents)
	c := make([]parquetfile.Data, stackColumns)
	for i := range c {
		c[i].Int32 = make([]int32, n)
	}
	for i := range n {
		parent, location := t.Parents[i], t.Locations[i]
		if i > 0 {
			parent, location = parent+base, location+locationBase
		}
		c[stackID].Int32[i], c[stackParent].Int32[i], c[stackLocation].Int32[i] = base+int32(i), parent, location
	}
	return c
}

// profileColumnsOf returns the columns of profiles, of which the first has the
// id base; the series that they count as 0 has the id seriesBase.
func profileColumnsOf(profiles []row, kind int, base, seriesBase int32) []parquetfile.Data {
	n := len(profiles)
	c := make([]parquetfile.Data, profileColumns)
	for i := range c {
		switch i {
		case profileRow, profileKind, profileSeries:
			c[i].Int32 = make([]int32, n)
		case profileUUID:
			c[i].UUID = make([][16]byte, n)
		default:
			c[i].Int64 = make([]int64, n)
		}
	}
	for i := range profiles {
		r := &profiles[i]
		c[profileRow].Int32[i] = base + int32(i)
		c[profileKind].Int32[i] = int32(kind)
		c[profileSeries].Int32[i] = seriesBase + r.series
		c[profileTime].Int64[i] = r.time
		for v, x := range r.totals {
			c[profileTotal0+v].Int64[i] = x
		}
		c[profileDuration].Int64[i] = r.duration
		c[profilePeriod].Int64[i] = r.period
		c[profileUUID].UUID[i] = r.id
	}
	return c
}

// bucketColumnsOf returns the columns of buckets, of which the first has the id
// base: rows whose duration is how many profiles they add up.
func bucketColumnsOf(buckets []row, kind int, base, seriesBase int32, step int64) []parquetfile.Data {
	c := profileColumnsOf(buckets, kind, base, seriesBase)[:bucketColumns]
	for i := range buckets {
		c[bucketStep].Int64[i] = step
	}
	return c
}

// sampleColumnsOf returns the columns of samples, whose ids it changes: the
// first profile has the id profileBase, the root of the stacks stackBase.
func sampleColumnsOf(s *samples, profileBase, stackBase int32) []parquetfile.Data {
	for i := range s.stack {
		s.profile[i] += profileBase
		s.stack[i] += stackBase
	}
	c := make([]parquetfile.Data, sampleColumns)
	c[sampleProfile].Int32, c[sampleStack].Int32 = s.profile, s.stack
	var zeros []int64
	for i, column := range [][]int64{s.values[0], s.values[1], s.values[2], s.values[3], s.span, s.hi, s.lo} {
		if len(column) == 0 {
			if zeros == nil {
				zeros = make([]int64, len(s.stack))
			}
			column = zeros
		}
		c[sampleValue0+i].Int64 = column
	}
	return c
}
