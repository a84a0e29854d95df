package otlp

import (
	"slices"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const (
	labelOTel = "__otel__" // says that a series came by OTLP

	attributeService    = "service.name"
	attributeExecutable = "process.executable.name"
)

// maxAttributes is how many attributes a resource and its scope may have, more
// than can become labels.
const maxAttributes = 256

// dictionary resolves what a request refers to. Its methods take 0 for nothing,
// also if the dictionary is missing.
type dictionary struct{ *profilespb.ProfilesDictionary }

func at[T any](table []T, i int32, what string) (T, error) {
	if i < 0 || int(i) >= len(table) {
		var none T
		if i == 0 {
			return none, nil
		}
		return none, invalid("there is no %s %d in the dictionary, which has %d", what, i, len(table))
	}
	return table[i], nil
}

func (d *dictionary) string(i int32) (string, error) { return at(d.GetStringTable(), i, "string") }

func (d *dictionary) valueType(t *profilespb.ValueType) (profile.ValueType, error) {
	name, err := d.string(t.GetTypeStrindex())
	if err != nil {
		return profile.ValueType{}, err
	}
	unit, err := d.string(t.GetUnitStrindex())
	return profile.ValueType{Type: name, Unit: unit}, err
}

// labels appends attributes to a copy of ls. Of several with one name, the first
// is kept, and only strings and whole numbers are. Names and strings may stand
// in the dictionary, as collectors send them from v0.164 on.
func (d *dictionary) labels(ls profile.Labels, attributes []*commonpb.KeyValue) (profile.Labels, error) {
	ls = slices.Clip(ls)
	for _, a := range attributes {
		if len(ls) == maxAttributes {
			return ls, &pprof.LimitError{Limit: "maxAttributes", What: "attributes", Actual: maxAttributes + 1, Max: maxAttributes}
		}
		name := a.GetKey()
		if name == "" {
			var err error
			if name, err = d.string(a.GetKeyStrindex()); err != nil {
				return ls, err
			}
		}
		value, err := d.value(a.GetValue())
		if err != nil {
			return ls, err
		}
		ls = addLabel(ls, name, value)
	}
	return ls, nil
}

// attributes resolves the attributes of a sample.
func (d *dictionary) attributes(indices []int32, limits pprof.Limits) (profile.Labels, error) {
	if most := limits.MaxSampleLabels; most > 0 && len(indices) > most {
		return nil, &pprof.LimitError{Limit: "MaxSampleLabels", What: "attributes", Actual: int64(len(indices)), Max: int64(most)}
	}
	var ls profile.Labels
	for _, i := range indices {
		a, err := at(d.GetAttributeTable(), i, "attribute")
		if err != nil {
			return nil, err
		}
		name, err := d.string(a.GetKeyStrindex())
		if err != nil {
			return nil, err
		}
		value, err := d.value(a.GetValue())
		if err != nil {
			return nil, err
		}
		ls = addLabel(ls, name, value)
	}
	return ls, nil
}

// value returns a string or whole number as text, "" for other values.
func (d *dictionary) value(v *commonpb.AnyValue) (string, error) {
	switch x := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return x.StringValue, nil
	case *commonpb.AnyValue_StringValueStrindex:
		return d.string(x.StringValueStrindex)
	case *commonpb.AnyValue_IntValue:
		return strconv.FormatInt(x.IntValue, 10), nil
	}
	return "", nil
}

// addLabel adds a label that says something and is not there yet.
func addLabel(ls profile.Labels, name, value string) profile.Labels {
	if name == "" || value == "" || has(ls, name) {
		return ls
	}
	return append(ls, profile.Label{Name: name, Value: value})
}

func has(ls profile.Labels, name string) bool { return find(ls, name) != "" }

// find returns a value of labels that are not sorted.
func find(ls profile.Labels, name string) string {
	for _, l := range ls {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// serviceOf names the service of a sample, given what is known of its resource
// and of itself, and tells whether one of them names it so.
func serviceOf(resource, sample profile.Labels) (service string, named bool) {
	for _, ls := range []profile.Labels{sample, resource} {
		if service := find(ls, attributeService); service != "" {
			return service, true
		}
	}
	for _, ls := range []profile.Labels{sample, resource} {
		if executable := find(ls, attributeExecutable); executable != "" {
			return profile.UnknownService + ":" + executable, false
		}
	}
	return profile.UnknownService, false
}

// seriesLabels are the labels of a series. Attributes cannot replace those that
// every series has.
func seriesLabels(name, service string, named bool, scoped profile.Labels) profile.Labels {
	ls := make(profile.Labels, 0, len(scoped)+4)
	ls = append(ls,
		profile.Label{Name: profile.LabelName, Value: name},
		profile.Label{Name: profile.LabelServiceName, Value: service},
		profile.Label{Name: labelOTel, Value: "true"})
	if named {
		ls = append(ls, profile.Label{Name: attributeService, Value: service})
	}
	for _, l := range scoped {
		ls = addLabel(ls, l.Name, l.Value)
	}
	return ls
}
