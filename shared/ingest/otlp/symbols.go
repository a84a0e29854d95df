package otlp

import (
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// location returns the position of a location of the dictionary.
func (b *builder) location(i int32) (uint32, error) {
	if position, ok := b.locations[i]; ok {
		return position, nil
	}
	l, err := at(b.dict.GetLocationTable(), i, "location")
	if err != nil {
		return 0, err
	}
	mapping, err := b.mapping(l.GetMappingIndex())
	if err != nil {
		return 0, err
	}
	out := pprof.Location{
		Address: l.GetAddress(), Mapping: mapping,
		FirstLine: uint32(len(b.p.Lines)), NumLines: uint32(len(l.GetLines())),
	}
	for _, line := range l.GetLines() {
		function, err := b.function(line.GetFunctionIndex())
		if err != nil {
			return 0, err
		}
		b.p.Lines = append(b.p.Lines, pprof.Line{Function: function, Line: line.GetLine(), Column: line.GetColumn()})
	}
	position := uint32(len(b.p.Locations))
	b.p.Locations = append(b.p.Locations, out)
	b.locations[i] = position
	b.grow(4 + 4*len(l.GetLines()))
	return position, b.check()
}

func (b *builder) function(i int32) (uint32, error) {
	if position, ok := b.functions[i]; ok {
		return position, nil
	}
	f, err := at(b.dict.GetFunctionTable(), i, "function")
	if err != nil {
		return 0, err
	}
	out := pprof.Function{StartLine: f.GetStartLine()}
	for _, s := range []struct {
		to   *uint32
		from int32
	}{{&out.Name, f.GetNameStrindex()}, {&out.SystemName, f.GetSystemNameStrindex()}, {&out.Filename, f.GetFilenameStrindex()}} {
		if *s.to, err = b.stringAt(s.from); err != nil {
			return 0, err
		}
	}
	position := uint32(len(b.p.Functions))
	b.p.Functions = append(b.p.Functions, out)
	b.functions[i] = position
	b.grow(4)
	return position, b.check()
}

// mapping returns the position of a mapping plus 1; 0 if it is none.
func (b *builder) mapping(i int32) (uint32, error) {
	if position, ok := b.mappings[i]; ok {
		return position, nil
	}
	m, err := at(b.dict.GetMappingTable(), i, "mapping")
	if err != nil {
		return 0, err
	}
	if m.GetMemoryStart() == 0 && m.GetMemoryLimit() == 0 && m.GetFilenameStrindex() == 0 && len(m.GetAttributeIndices()) == 0 {
		b.mappings[i] = 0
		return 0, nil
	}
	out := pprof.Mapping{Start: m.GetMemoryStart(), Limit: m.GetMemoryLimit(), Offset: m.GetFileOffset()}
	if out.Filename, err = b.stringAt(m.GetFilenameStrindex()); err != nil {
		return 0, err
	}
	if err := b.mappingAttributes(&out, m); err != nil {
		return 0, err
	}
	b.p.Mappings = append(b.p.Mappings, out)
	position := uint32(len(b.p.Mappings))
	b.mappings[i] = position
	b.grow(4)
	return position, nil
}

// buildIDs are the attributes that say which build a mapping is of, the best one
// last.
var buildIDs = [...]string{"process.executable.build_id.htlhash", "process.executable.build_id.go", "process.executable.build_id.gnu"}

// mappingAttributes reads what attributes say of a mapping.
func (b *builder) mappingAttributes(out *pprof.Mapping, m *profilespb.Mapping) error {
	best := -1
	for _, i := range m.GetAttributeIndices() {
		a, err := at(b.dict.GetAttributeTable(), i, "attribute")
		if err != nil {
			return err
		}
		key, err := b.dict.string(a.GetKeyStrindex())
		if err != nil {
			return err
		}
		for rank, name := range buildIDs {
			if key != name || rank <= best {
				continue
			}
			id, err := b.dict.value(a.GetValue())
			if err != nil {
				return err
			}
			out.BuildID, best = b.string(id), rank
		}
		if flag := flagOf(key); flag != 0 && isTrue(a.GetValue()) {
			out.Flags |= flag
		}
	}
	return nil
}

// flagOf returns the flag that an attribute of a mapping stands for, 0 if none.
// HasFunctions is not among them: see finish.
func flagOf(key string) pprof.MappingFlags {
	switch key {
	case "pprof.mapping.has_filenames":
		return pprof.HasFilenames
	case "pprof.mapping.has_line_numbers":
		return pprof.HasLineNumbers
	case "pprof.mapping.has_inline_frames":
		return pprof.HasInlineFrames
	}
	return 0
}

func isTrue(v *commonpb.AnyValue) bool { return v.GetBoolValue() }

// finish flags the mappings of which all functions are known: their addresses
// do not matter. It is seen by the locations, since profilers name the functions
// of some (interpreted) but not of others in one mapping.
func (b *builder) finish() {
	for i := range b.p.Mappings {
		b.p.Mappings[i].Flags |= pprof.HasFunctions
	}
	for _, l := range b.p.Locations {
		if l.Mapping != 0 && l.NumLines == 0 {
			b.p.Mappings[l.Mapping-1].Flags &^= pprof.HasFunctions
		}
	}
}
