package pprof

// leastEntity is the size of the smallest valid mapping, function or
// location: its id.
const leastEntity = 2

func (d *decoder) readMappings() error {
	if n := d.layout.room(profileMapping, leastEntity); n > 0 {
		d.p.Mappings = make([]Mapping, 0, n)
	}
	m := open(d.layout.body(profileMapping))
	for m.next() {
		if m.field != profileMapping {
			continue
		}
		if err := d.readMapping(m.payload()); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readMapping(data []byte) error {
	var out Mapping
	var id, filename, buildID uint64
	at := len(d.p.Mappings)
	m := open(data)
	for m.next() {
		switch m.field {
		case mappingID:
			id = m.uint()
		case mappingStart:
			out.Start = m.uint()
		case mappingLimit:
			out.Limit = m.uint()
		case mappingOffset:
			out.Offset = m.uint()
		case mappingFilename:
			filename = m.uint()
		case mappingBuildID:
			buildID = m.uint()
		default:
			if m.field >= mappingHasFirst && m.field <= mappingHasLast {
				out.Flags = out.Flags.with(m.field-mappingHasFirst, m.uint() != 0)
			}
		}
	}
	if m.err != nil {
		return malformed("read mapping %d: %w", at, m.err)
	}
	if !d.mappings.add(id) {
		return invalid("mapping %d: id %d is zero or not the only one", at, id)
	}
	var err error
	if out.Filename, err = d.stringAt(filename, "file name of a mapping"); err != nil {
		return err
	}
	if out.BuildID, err = d.stringAt(buildID, "build id of a mapping"); err != nil {
		return err
	}
	d.p.Mappings = append(d.p.Mappings, out)
	return nil
}

// with returns the flags with one of them, counted from 0, set or not.
func (f MappingFlags) with(i int, set bool) MappingFlags {
	bit := HasFunctions << i
	if set {
		return f | bit
	}
	return f &^ bit
}

func (d *decoder) readFunctions() error {
	if n := d.layout.room(profileFunction, leastEntity); n > 0 {
		d.p.Functions = make([]Function, 0, n)
	}
	m := open(d.layout.body(profileFunction))
	for m.next() {
		if m.field != profileFunction {
			continue
		}
		if err := d.readFunction(m.payload()); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readFunction(data []byte) error {
	var out Function
	var id, name, system, filename uint64
	at := len(d.p.Functions)
	m := open(data)
	for m.next() {
		switch m.field {
		case functionID:
			id = m.uint()
		case functionName:
			name = m.uint()
		case functionSystem:
			system = m.uint()
		case functionFilename:
			filename = m.uint()
		case functionStartLine:
			out.StartLine = int64(m.uint())
		}
	}
	if m.err != nil {
		return malformed("read function %d: %w", at, m.err)
	}
	if id == 0 && d.dotnet {
		id = uint64(at) + 1
	}
	if !d.functions.add(id) {
		return invalid("function %d: id %d is zero or not the only one", at, id)
	}
	var err error
	if out.Name, err = d.stringAt(name, "name of a function"); err != nil {
		return err
	}
	if out.SystemName, err = d.stringAt(system, "system name of a function"); err != nil {
		return err
	}
	if out.Filename, err = d.stringAt(filename, "file name of a function"); err != nil {
		return err
	}
	d.p.Functions = append(d.p.Functions, out)
	return nil
}
