package engine

import (
	"bytes"
	"cmp"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Exemplar is one of the profiles, or of the spans in them, that a point is
// made of.
type Exemplar struct {
	ID     profile.ID
	Time   int64 // Unix nanoseconds
	Value  int64
	Span   uint64  // 0 if it is a whole profile
	Trace  TraceID // of the span
	Pushed profile.Labels
}

// better returns the one that is shown of two that may be nil: the one with
// the greater value, of equal ones the earlier one. It does not depend on the
// order of the two.
func better(a, b *Exemplar) *Exemplar {
	if a == nil || b != nil && compareExemplars(b, a) < 0 {
		return b
	}
	return a
}

func compareExemplars(a, b *Exemplar) int {
	return cmp.Or(
		cmp.Compare(b.Value, a.Value), cmp.Compare(a.Time, b.Time), bytes.Compare(a.ID[:], b.ID[:]),
		cmp.Compare(a.Span, b.Span), cmp.Compare(a.Trace.Hi, b.Trace.Hi), cmp.Compare(a.Trace.Lo, b.Trace.Lo),
	)
}

// mayYield reports whether an exemplar of this value can be better than x,
// which may be nil.
func (x *Exemplar) mayYield(value int64) bool { return x == nil || value >= x.Value }
