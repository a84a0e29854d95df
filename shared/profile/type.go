package profile

import (
	"fmt"
	"strings"
)

// ValueType is what a number counts and in which unit, as in pprof: "cpu" and
// "nanoseconds".
type ValueType struct{ Type, Unit string }

// Type is a profile type. Its id has the form
// name:sample_type:sample_unit:period_type:period_unit; the parts of the
// period may be empty.
type Type struct {
	Name   string
	Sample ValueType
	Period ValueType
}

// ParseType reads the id of a profile type. A sixth part "delta", which older
// clients send, is ignored.
func ParseType(id string) (Type, error) {
	p := strings.Split(id, ":")
	if len(p) == 6 && p[5] == "delta" {
		p = p[:5]
	}
	if len(p) != 5 {
		return Type{}, fmt.Errorf(`profile-type selection must be of the form <name>:<sample-type>:<sample-unit>:<period-type>:<period-unit>(:delta), got(%d): %q`, len(p), id)
	}
	return Type{Name: p[0], Sample: ValueType{p[1], p[2]}, Period: ValueType{p[3], p[4]}}, nil
}

// String is the id of the profile type.
func (t Type) String() string {
	return t.Name + ":" + t.Sample.Type + ":" + t.Sample.Unit + ":" + t.Period.Type + ":" + t.Period.Unit
}

// SeriesLabels returns the labels of a series of this type as clients see
// them: those that were pushed and those that follow from the type.
func (t Type) SeriesLabels(pushed Labels) Labels {
	out := make(Labels, 0, len(pushed)+6)
	out = append(out, pushed...)
	out = append(out,
		Label{LabelProfileType, t.String()},
		Label{LabelServiceCopy, pushed.Get(LabelServiceName)},
		Label{LabelType, t.Sample.Type},
		Label{LabelUnit, t.Sample.Unit},
		Label{LabelPeriodType, t.Period.Type},
		Label{LabelPeriodUnit, t.Period.Unit},
	)
	out.Sort()
	return out
}

// IsDerived reports whether a label follows from the profile type, so that
// what clients push under its name is dropped.
func IsDerived(name string) bool {
	switch name {
	case LabelProfileType, LabelType, LabelUnit, LabelPeriodType, LabelPeriodUnit, LabelServiceCopy:
		return true
	}
	return false
}
