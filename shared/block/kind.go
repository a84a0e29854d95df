package block

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// MaxValues is how many sample types a kind has room for: value_0 to value_3
// are columns of a block. A pprof with more becomes several kinds.
const MaxValues = 4

// Kind is what the pprofs of a dataset have in common that can be stored in
// the same rows: the name, the period and the sample types, whose values share
// one list of stack traces.
type Kind struct {
	Name    string // of the label __name__
	Period  profile.ValueType
	Samples []profile.ValueType // 1 to MaxValues
}

// Value returns which value column holds the profile type, -1 if none does.
func (k *Kind) Value(t profile.Type) int {
	if k.Name != t.Name || k.Period != t.Period {
		return -1
	}
	return slices.Index(k.Samples, t.Sample)
}

// Type returns the profile type of a value column.
func (k *Kind) Type(value int) profile.Type {
	return profile.Type{Name: k.Name, Sample: k.Samples[value], Period: k.Period}
}

func (k *Kind) compare(o *Kind) int {
	return cmp.Or(
		strings.Compare(k.Name, o.Name), compareTypes(k.Period, o.Period),
		slices.CompareFunc(k.Samples, o.Samples, compareTypes),
	)
}

func compareTypes(a, b profile.ValueType) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Unit, b.Unit))
}

// key identifies the kind in maps.
func (k *Kind) key() string {
	var b strings.Builder
	part := func(s string) { b.WriteString(s); b.WriteByte(0) }
	part(k.Name)
	part(k.Period.Type)
	part(k.Period.Unit)
	for _, s := range k.Samples {
		part(s.Type)
		part(s.Unit)
	}
	return b.String()
}
