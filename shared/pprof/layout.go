package pprof

// section is where the messages of one kind stand in a profile: all of them
// between two positions, usually with nothing else in between.
type section struct {
	from, to int
	count    int
	bytes    int // of their payloads
}

// layout is what one look over the fields of a profile tells: where its parts
// stand, how many there are, and the fields that are mere numbers. Writers
// put the parts in any order; each is read when all it refers to is known.
type layout struct {
	data     []byte
	sections [profileString + 1]section // by field number

	timeNanos, durationNanos, period int64
	periodType                       []byte
	defaultSampleType                uint64
}

// survey returns the layout of an uncompressed profile.
func survey(data []byte) (layout, error) {
	l := layout{data: data}
	m := open(data)
	for from := 0; m.next(); from = m.pos {
		if m.field > profileString {
			l.scalar(&m)
			continue
		}
		s := &l.sections[m.field]
		if s.count == 0 {
			s.from = from
		}
		s.count++
		s.bytes += len(m.payload())
		s.to = m.pos
	}
	if m.err != nil {
		return l, malformed("read profile: %w", m.err)
	}
	return l, nil
}

func (l *layout) scalar(m *message) {
	switch m.field {
	case profileTimeNanos:
		l.timeNanos = int64(m.uint())
	case profileDurationNanos:
		l.durationNanos = int64(m.uint())
	case profilePeriodType:
		l.periodType = m.payload()
	case profilePeriod:
		l.period = int64(m.uint())
	case profileDefaultSampleType:
		l.defaultSampleType = m.uint()
	}
}

// count is the number of messages of a field.
func (l *layout) count(field int) int { return l.sections[field].count }

// body is the part of the profile that holds all messages of a field.
func (l *layout) body(field int) []byte {
	s := l.sections[field]
	return l.data[s.from:s.to]
}

// room is the number of messages of a field to make room for, if a valid one
// has at least so many bytes of payload: a body full of empty messages, which
// is refused at its second message at the latest, must not cost memory first.
func (l *layout) room(field, leastBytes int) int {
	s := l.sections[field]
	return min(s.count, s.bytes/leastBytes)
}
