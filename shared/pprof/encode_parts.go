package pprof

// A message stands behind its size: each of these methods computes the size
// first, with the same expressions that the fields are then written with.

func (e *encoder) sample(i int) {
	stack, values, labels := e.p.Stack(i), e.p.SampleValues(i), e.p.SampleLabels(i)
	size, stackSize, valuesSize := 0, 0, 0
	for _, at := range stack {
		stackSize += uvarintSize(uint64(at) + 1)
	}
	if len(stack) > 0 {
		size += headerSize(stackSize)
	}
	for _, v := range values {
		valuesSize += uvarintSize(uint64(v))
	}
	if len(values) > 0 {
		size += headerSize(valuesSize)
	}
	for _, l := range labels {
		size += headerSize(l.size())
	}
	e.header(profileSample, size)
	if len(stack) > 0 {
		e.header(sampleLocation, stackSize)
	}
	for _, at := range stack {
		e.uvarint(uint64(at) + 1)
	}
	if len(values) > 0 {
		e.header(sampleValue, valuesSize)
	}
	for _, v := range values {
		e.uvarint(uint64(v))
	}
	for _, l := range labels {
		e.header(sampleLabel, l.size())
		e.number(labelKey, uint64(l.Key))
		e.number(labelString, l.stringOnWire())
	}
}

// stringOnWire is the value; none marks a numeric label.
func (l SampleLabel) stringOnWire() uint64 {
	if l.Numeric {
		return 0
	}
	return uint64(l.Value)
}

func (l SampleLabel) size() int {
	return numberSize(uint64(l.Key)) + numberSize(l.stringOnWire())
}

func (e *encoder) mapping(i int) {
	m := e.p.Mappings[i]
	numbers := [mappingHasLast + 1]uint64{
		mappingID:       uint64(i) + 1,
		mappingStart:    m.Start,
		mappingLimit:    m.Limit,
		mappingOffset:   m.Offset,
		mappingFilename: uint64(m.Filename),
		mappingBuildID:  uint64(m.BuildID),
	}
	for field := mappingHasFirst; field <= mappingHasLast; field++ {
		numbers[field] = uint64(m.Flags>>(field-mappingHasFirst)) & 1
	}
	size := 0
	for _, v := range numbers {
		size += numberSize(v)
	}
	e.header(profileMapping, size)
	for field, v := range numbers {
		e.number(field, v)
	}
}

func (e *encoder) location(i int) {
	l := e.p.Locations[i]
	lines := e.p.Lines[l.FirstLine : l.FirstLine+l.NumLines]
	var folded uint64
	if l.Folded {
		folded = 1
	}
	size := numberSize(uint64(i)+1) + numberSize(uint64(l.Mapping)) + numberSize(l.Address) + numberSize(folded)
	for _, line := range lines {
		size += headerSize(line.size())
	}
	e.header(profileLocation, size)
	e.number(locationID, uint64(i)+1)
	e.number(locationMapping, uint64(l.Mapping))
	e.number(locationAddress, l.Address)
	for _, line := range lines {
		e.header(locationLine, line.size())
		e.number(lineFunction, uint64(line.Function)+1)
		e.number(lineLine, uint64(line.Line))
		e.number(lineColumn, uint64(line.Column))
	}
	e.number(locationFolded, folded)
}

func (l Line) size() int {
	return numberSize(uint64(l.Function)+1) + numberSize(uint64(l.Line)) + numberSize(uint64(l.Column))
}

func (e *encoder) function(i int) {
	f := e.p.Functions[i]
	e.header(profileFunction, numberSize(uint64(i)+1)+numberSize(uint64(f.Name))+numberSize(uint64(f.SystemName))+
		numberSize(uint64(f.Filename))+numberSize(uint64(f.StartLine)))
	e.number(functionID, uint64(i)+1)
	e.number(functionName, uint64(f.Name))
	e.number(functionSystem, uint64(f.SystemName))
	e.number(functionFilename, uint64(f.Filename))
	e.number(functionStartLine, uint64(f.StartLine))
}
