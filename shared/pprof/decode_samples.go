package pprof

import "fmt"

func (d *decoder) readSamples() error {
	n, types := d.layout.count(profileSample), len(d.p.SampleTypes)
	if n == 0 {
		return nil
	}
	if types == 0 {
		return invalid("%d samples without a sample type", n)
	}
	body := d.layout.body(profileSample)
	d.p.Samples = make([]Sample, 0, d.layout.room(profileSample, 1))
	// Every value and every location takes at least a varint, and a sample
	// its tag, its size, and tag and size of values and stack.
	varints := countVarints(body)
	d.p.Values = make([]int64, 0, min(int64(n)*int64(types), int64(varints)))
	d.p.Stacks = make([]uint32, 0, max(0, int64(varints)-int64(n)*int64(types+6)))
	m := open(body)
	for m.next() {
		if m.field != profileSample {
			continue
		}
		if err := d.readSample(m.payload()); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readSample(data []byte) error {
	p := d.p
	at := len(p.Samples)
	d.values = 0
	s := Sample{StackStart: uint32(len(p.Stacks)), LabelStart: uint32(len(p.Labels))}
	m := open(data)
	for m.next() {
		var err error
		switch m.field {
		case sampleLocation:
			err = d.readStack(&m, at)
		case sampleValue:
			d.readValues(&m)
		case sampleLabel:
			err = d.readLabel(m.payload(), at)
		}
		if err != nil {
			return err
		}
	}
	if m.err != nil {
		return malformed("read sample %d: %w", at, m.err)
	}
	if d.values != len(p.SampleTypes) {
		return invalid("sample %d: %d values for %d sample types", at, d.values, len(p.SampleTypes))
	}
	s.LabelEnd = uint32(len(p.Labels))
	if err := d.limits.checkSampleLabels(int(s.LabelEnd - s.LabelStart)); err != nil {
		return fmt.Errorf("sample %d: %w", at, err)
	}
	d.cutStack(s.StackStart)
	s.StackEnd = uint32(len(p.Stacks))
	p.Samples = append(p.Samples, s)
	return nil
}

// readStack appends the locations of a field, one or a packed list.
func (d *decoder) readStack(m *message, sample int) error {
	if m.wire == wireVarint {
		return d.addLocation(m.value, sample)
	}
	list := open(m.payload())
	for list.pos < len(list.data) {
		id, ok := list.varint()
		if !ok {
			m.fail(list.err)
			return nil
		}
		if err := d.addLocation(id, sample); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) addLocation(id uint64, sample int) error {
	at, ok := d.locations.position(id)
	if !ok {
		return invalid("sample %d: no location with id %d", sample, id)
	}
	d.p.Stacks = append(d.p.Stacks, at)
	return nil
}

// cutStack drops the leaf side of a stack that is too deep. The stack is the
// last one and starts at a position in Stacks.
func (d *decoder) cutStack(start uint32) {
	stack, most := d.p.Stacks[start:], d.limits.MaxStackDepth
	if most <= 0 || len(stack) <= most {
		return
	}
	n := copy(stack, stack[len(stack)-most:])
	d.p.Stacks = d.p.Stacks[:int(start)+n]
}

// readValues appends the values of a field, one or a packed list.
func (d *decoder) readValues(m *message) {
	if m.wire == wireVarint {
		d.addValue(m.value)
		return
	}
	list := open(m.payload())
	for list.pos < len(list.data) {
		v, ok := list.varint()
		if !ok {
			m.fail(list.err)
			return
		}
		d.addValue(v)
	}
}

// addValue counts a value, and keeps it if the sample may have that many.
func (d *decoder) addValue(v uint64) {
	if d.values < len(d.p.SampleTypes) {
		d.p.Values = append(d.p.Values, int64(v))
	}
	d.values++
}

// readLabel appends a label. As everywhere, one without a string is numeric.
func (d *decoder) readLabel(data []byte, sample int) error {
	var key, value, unit uint64
	m := open(data)
	for m.next() {
		switch m.field {
		case labelKey:
			key = m.uint()
		case labelString:
			value = m.uint()
		case labelNumber:
			m.uint() // only its type matters
		case labelNumUnit:
			unit = m.uint()
		}
	}
	if m.err != nil {
		return malformed("read label of sample %d: %w", sample, m.err)
	}
	k, err := d.stringAt(key, "key of a label")
	if err != nil {
		return err
	}
	v, err := d.stringAt(value, "value of a label")
	if err != nil {
		return err
	}
	if _, err := d.stringAt(unit, "unit of a label"); err != nil {
		return err
	}
	d.p.Labels = append(d.p.Labels, SampleLabel{Key: k, Value: v, Numeric: v == 0})
	return nil
}
