package pprof

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// SpanID is the id of the span that sample i was taken in: its label span_id,
// 16 hexadecimal digits, as a big-endian number. It is 0 if there is none, or
// if it is something else.
func (p *Profile) SpanID(i int) uint64 {
	var id [8]byte
	p.hexLabel(i, profile.LabelSpanID, id[:])
	return binary.BigEndian.Uint64(id[:])
}

// TraceID is the id of the trace that sample i was taken in: its label
// trace_id, 32 hexadecimal digits, as the halves of a big-endian number. They
// are 0 if there is none, or if it is something else.
func (p *Profile) TraceID(i int) (hi, lo uint64) {
	var id [16]byte
	p.hexLabel(i, profile.LabelTraceID, id[:])
	return binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
}

// hexLabel reads a label of sample i into id, which stays zero unless the
// label fills it exactly.
func (p *Profile) hexLabel(i int, name string, id []byte) {
	for _, l := range p.SampleLabels(i) {
		if l.Numeric || p.Strings[l.Key] != name {
			continue
		}
		if v := p.Strings[l.Value]; len(v) == hex.EncodedLen(len(id)) {
			if _, err := hex.Decode(id, []byte(v)); err != nil {
				clear(id)
			}
		}
		return
	}
}
