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

func (w *writer) kinds() error {
	w.begin(KindsSection)
	var t stringTable
	d := make([]parquetfile.Data, len(w.schemas[KindsSection]))
	for i := range w.meta.Kinds {
		k := &w.meta.Kinds[i]
		for v, s := range k.Samples {
			d[0].Int32 = append(d[0].Int32, int32(i))
			d[1].Int32 = append(d[1].Int32, int32(v))
			for c, x := range []string{k.Name, s.Type, s.Unit, k.Period.Type, k.Period.Unit} {
				d[2+c].IDs = append(d[2+c].IDs, t.id(x))
			}
		}
	}
	for i := range d {
		d[i].Table = t.all
	}
	if _, err := w.rowGroup(0, len(d[0].Int32), d); err != nil {
		return fmt.Errorf("section kinds: %w", err)
	}
	return w.end(KindsSection)
}

func (w *writer) series() error {
	w.begin(SeriesSection)
	base := int64(0)
	for _, d := range w.datasets {
		var t stringTable
		c := make([]parquetfile.Data, seriesColumns)
		for i := range d.series {
			for _, l := range d.series[i].labels {
				c[seriesID].Int32 = append(c[seriesID].Int32, int32(base)+int32(i))
				c[seriesKind].Int32 = append(c[seriesKind].Int32, int32(d.series[i].kind))
				c[seriesName].IDs = append(c[seriesName].IDs, t.id(l.Name))
				c[seriesValue].IDs = append(c[seriesValue].IDs, t.id(l.Value))
			}
		}
		c[seriesName].Table, c[seriesValue].Table = t.all, t.all
		g, err := w.rowGroup(base, len(c[seriesID].Int32), c)
		if err != nil {
			return fmt.Errorf("series of %s: %w", d.service, err)
		}
		d.seriesBase, d.contents.series, d.contents.seriesRG = base, len(d.series), g
		base += int64(len(d.series))
	}
	return w.end(SeriesSection)
}

func (w *writer) frames() error {
	w.begin(FramesSection)
	base := int64(0)
	for _, d := range w.datasets {
		n := len(d.symbols.Locations)
		d.locationBase, d.contents.locations = base, n
		if n > 0 { // else all stack traces are empty
			c := frames(d.symbols, int32(base))
			g, err := w.rowGroup(base, len(c[frameLocation].Int32), c)
			if err != nil {
				return fmt.Errorf("frames of %s: %w", d.service, err)
			}
			d.contents.framesRG = g
		} else {
			d.contents.framesRG = rowGroup{columns: make([]int, frameColumns)}
		}
		base += int64(n)
	}
	return w.end(FramesSection)
}

// frames returns the columns of the locations' frames, innermost first; the
// first location has the id base.
func frames(s *symtab.Table, base int32) []parquetfile.Data {
	c := make([]parquetfile.Data, frameColumns)
	for i := range c {
		c[i].Table = s.Strings
	}
	i64 := func(column int, v int64) { c[column].Int64 = append(c[column].Int64, v) }
	str := func(column int, id uint32) { c[column].IDs = append(c[column].IDs, id) }
	for i := range s.Locations {
		l := &s.Locations[i]
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

func (w *writer) stacks() error {
	w.begin(StacksSection)
	base := int64(0)
	for _, d := range w.datasets {
		t := &d.symbols.Stacks
		n := len(t.Parents)
		c := make([]parquetfile.Data, stackColumns)
		for i := range n {
			parent, location := t.Parents[i], t.Locations[i]
			if i > 0 {
				parent, location = parent+int32(base), location+int32(d.locationBase)
			}
			c[stackID].Int32 = append(c[stackID].Int32, int32(base)+int32(i))
			c[stackParent].Int32 = append(c[stackParent].Int32, parent)
			c[stackLocation].Int32 = append(c[stackLocation].Int32, location)
		}
		g, err := w.rowGroup(base, n, c)
		if err != nil {
			return fmt.Errorf("stacks of %s: %w", d.service, err)
		}
		d.stackBase, d.contents.stacksRG = base, g
		base += int64(n)
	}
	return w.end(StacksSection)
}

func (w *writer) profiles() error {
	w.begin(ProfilesSection)
	base := int64(0)
	for _, p := range w.order {
		c := make([]parquetfile.Data, profileColumns)
		i32 := func(column int, v int32) { c[column].Int32 = append(c[column].Int32, v) }
		i64 := func(column int, v int64) { c[column].Int64 = append(c[column].Int64, v) }
		e := &p.dataset.contents.parts[p.entry]
		e.kind, e.minTime, e.maxTime = p.kind, p.profiles[0].time, p.profiles[0].time
		for i := range p.profiles {
			r := &p.profiles[i]
			i32(profileRow, int32(base)+int32(i))
			i32(profileKind, int32(p.kind))
			i32(profileSeries, int32(p.dataset.seriesBase)+r.series)
			i64(profileTime, r.time)
			for v, x := range r.totals {
				i64(profileTotal0+v, x)
			}
			i64(profileDuration, r.duration)
			i64(profilePeriod, r.period)
			c[profileUUID].UUID = append(c[profileUUID].UUID, r.id)
			e.minTime, e.maxTime = min(e.minTime, r.time), max(e.maxTime, r.time)
		}
		g, err := w.rowGroup(base, len(p.profiles), c)
		if err != nil {
			return fmt.Errorf("profiles of %s: %w", p.dataset.service, err)
		}
		e.profiles = g
		base += int64(len(p.profiles))
	}
	return w.end(ProfilesSection)
}

func (w *writer) samples() error {
	w.begin(SamplesSection)
	row := int64(0)
	var zeros []int64
	for _, p := range w.order {
		e := &p.dataset.contents.parts[p.entry]
		s := &p.part.samples
		n := len(s.stack)
		for len(zeros) < n {
			zeros = append(zeros, make([]int64, n)...)
		}
		for i := range s.stack {
			s.profile[i] += int32(e.profiles.base)
			s.stack[i] += int32(p.dataset.stackBase)
		}
		c := make([]parquetfile.Data, sampleColumns)
		c[sampleProfile].Int32, c[sampleStack].Int32 = s.profile, s.stack
		for i, column := range [][]int64{s.values[0], s.values[1], s.values[2], s.values[3], s.span, s.hi, s.lo} {
			if len(column) == 0 {
				column = zeros[:n]
			}
			c[sampleValue0+i].Int64 = column
		}
		g, err := w.rowGroup(row, n, c)
		if err != nil {
			return fmt.Errorf("samples of %s: %w", p.dataset.service, err)
		}
		e.samples = g
		row += int64(n)
	}
	return w.end(SamplesSection)
}
