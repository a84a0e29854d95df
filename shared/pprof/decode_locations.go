package pprof

func (d *decoder) readLocations() error {
	n := d.layout.room(profileLocation, leastEntity)
	if n > 0 {
		d.p.Locations = make([]Location, 0, n)
		// Some locations have several lines, for inlined functions. A line
		// is at least four bytes long.
		d.p.Lines = make([]Line, 0, min(n+n/4, 1+d.layout.sections[profileLocation].bytes/4))
	}
	m := open(d.layout.body(profileLocation))
	for m.next() {
		if m.field != profileLocation {
			continue
		}
		if err := d.readLocation(m.payload()); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readLocation(data []byte) error {
	at := len(d.p.Locations)
	out := Location{FirstLine: uint32(len(d.p.Lines))}
	var id, mapping uint64
	m := open(data)
	for m.next() {
		switch m.field {
		case locationID:
			id = m.uint()
		case locationMapping:
			mapping = m.uint()
		case locationAddress:
			out.Address = m.uint()
		case locationLine:
			if err := d.readLine(m.payload(), at); err != nil {
				return err
			}
		case locationFolded:
			out.Folded = m.uint() != 0
		}
	}
	if m.err != nil {
		return malformed("read location %d: %w", at, m.err)
	}
	if !d.locations.add(id) {
		return invalid("location %d: id %d is zero or not the only one", at, id)
	}
	if mapping != 0 {
		i, ok := d.mappings.position(mapping)
		if !ok {
			return invalid("location %d: no mapping with id %d", at, mapping)
		}
		out.Mapping = i + 1
	}
	out.NumLines = uint32(len(d.p.Lines)) - out.FirstLine
	d.p.Locations = append(d.p.Locations, out)
	return nil
}

// readLine reads a line of the location at a position.
func (d *decoder) readLine(data []byte, location int) error {
	var out Line
	var function uint64
	m := open(data)
	for m.next() {
		switch m.field {
		case lineFunction:
			function = m.uint()
		case lineLine:
			out.Line = int64(m.uint())
		case lineColumn:
			out.Column = int64(m.uint())
		}
	}
	if m.err != nil {
		return malformed("read line of location %d: %w", location, m.err)
	}
	if function == 0 && d.dotnet && location < len(d.p.Functions) {
		function = uint64(location) + 1
	}
	if function == 0 {
		return nil // a line of nothing
	}
	at, ok := d.functions.position(function)
	if !ok {
		return invalid("location %d: no function with id %d", location, function)
	}
	out.Function = at
	d.p.Lines = append(d.p.Lines, out)
	return nil
}
