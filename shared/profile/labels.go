package profile

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Names of labels that have a meaning of their own. Those with two underscores
// are private: clients may not set them but for __name__, __delta__ and
// __session_id__.
const (
	LabelName        = "__name__"         // process_cpu, memory, …: the first part of a profile type
	LabelServiceName = "service_name"     // required; the dataset
	LabelDelta       = "__delta__"        // dropped at ingestion
	LabelOrder       = "__order__"        // dropped at ingestion
	LabelSessionID   = "__session_id__"   // dropped at ingestion
	LabelProfileType = "__profile_type__" // derived from the rest
	LabelType        = "__type__"         // derived: sample type
	LabelUnit        = "__unit__"         // derived: sample unit
	LabelPeriodType  = "__period_type__"  // derived
	LabelPeriodUnit  = "__period_unit__"  // derived
	LabelServiceCopy = "__service_name__" // derived: a copy of service_name
	LabelSpanID      = "span_id"          // of samples; kept as a column
	LabelTraceID     = "trace_id"         // of samples; kept as a column

	// UnknownService is the service of a profile that names none.
	UnknownService = "unknown_service"
)

// Label is a name and a value.
type Label struct{ Name, Value string }

// Labels are the labels of a series: sorted by name, each name once. They are
// never changed in place once shared.
type Labels []Label

// NewLabels returns the pairs name, value, name, value, … as labels, sorted.
// It is meant for literals: an odd number of strings is a mistake in the code.
func NewLabels(pairs ...string) Labels {
	if len(pairs)%2 != 0 {
		panic("BUG: NewLabels needs names and values in pairs")
	}
	ls := make(Labels, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		ls = append(ls, Label{pairs[i], pairs[i+1]})
	}
	ls.Sort()
	return ls
}

// Sort orders the labels by name in place; equal names keep their order.
func (ls Labels) Sort() {
	slices.SortStableFunc(ls, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
}

// Get returns the value of a label, "" if it is not there: as in PromQL, a
// missing label and an empty one are the same. ls must be sorted.
func (ls Labels) Get(name string) string {
	if i, ok := ls.find(name); ok {
		return ls[i].Value
	}
	return ""
}

// Has reports whether there is such a label. ls must be sorted.
func (ls Labels) Has(name string) bool {
	_, ok := ls.find(name)
	return ok
}

func (ls Labels) find(name string) (int, bool) {
	return slices.BinarySearchFunc(ls, name, func(l Label, n string) int { return strings.Compare(l.Name, n) })
}

// With returns a copy in which the label has the value, whether it was there
// or not. ls must be sorted, and so is the result.
func (ls Labels) With(name, value string) Labels {
	i, ok := ls.find(name)
	out := make(Labels, 0, len(ls)+1)
	out = append(append(out, ls[:i]...), Label{name, value})
	if ok {
		i++
	}
	return append(out, ls[i:]...)
}

// Without returns a copy that lacks the labels of these names.
func (ls Labels) Without(names ...string) Labels {
	out := make(Labels, 0, len(ls))
	for _, l := range ls {
		if !slices.Contains(names, l.Name) {
			out = append(out, l)
		}
	}
	return out
}

// Compare orders label sets by name and value, label by label, for sorted
// answers.
func (ls Labels) Compare(other Labels) int {
	return slices.CompareFunc(ls, other, func(a, b Label) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
}

// Equal reports whether both hold the same labels in the same order.
func (ls Labels) Equal(other Labels) bool { return slices.Equal(ls, other) }

// String is the label set as in a selector: {a="b", c="d"}.
func (ls Labels) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, l := range ls {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.Name)
		b.WriteString(`="`)
		b.WriteString(l.Value)
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// SeriesHash identifies the series of a tenant: the message group and, with
// it, what may be split over shards, are pure functions of it. It must stay
// the same between releases, since messages outlive a deployment.
func SeriesHash(tenant TenantID, ls Labels) uint64 {
	d := xxhash.New()
	writePart(d, string(tenant))
	for _, l := range ls {
		writePart(d, l.Name)
		writePart(d, l.Value)
	}
	return d.Sum64()
}

// writePart writes a string behind its length, so that no two lists of strings
// run together.
func writePart(d *xxhash.Digest, s string) {
	var n [binary.MaxVarintLen64]byte
	_, _ = d.Write(binary.AppendUvarint(n[:0], uint64(len(s))))
	_, _ = d.WriteString(s)
}
