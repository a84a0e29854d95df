package engine

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// constants are the labels that all series of one profile type in a dataset
// share, so that they need not be read.
type constants struct {
	service string
	typ     profile.Type
}

// get returns such a label; ok is false for one that differs between series.
func (c *constants) get(name string) (value string, ok bool) {
	switch name {
	case profile.LabelServiceName, profile.LabelServiceCopy:
		return c.service, true
	case profile.LabelName:
		return c.typ.Name, true
	case profile.LabelProfileType:
		return c.typ.String(), true
	case profile.LabelType:
		return c.typ.Sample.Type, true
	case profile.LabelUnit:
		return c.typ.Sample.Unit, true
	case profile.LabelPeriodType:
		return c.typ.Period.Type, true
	case profile.LabelPeriodUnit:
		return c.typ.Period.Unit, true
	}
	return "", false
}

// isConstant reports whether a label is one of the constants.
func isConstant(name string) bool {
	_, ok := (&constants{}).get(name)
	return ok
}

// needsSeries reports whether the labels of series decide about a selector.
func needsSeries(s selector.Selector) bool {
	return slices.ContainsFunc(s, func(m selector.Matcher) bool { return !isConstant(m.Name) })
}

// matches reports whether a series is selected.
func matches(s selector.Selector, c *constants, ls profile.Labels) bool {
	for i := range s {
		v, ok := c.get(s[i].Name)
		if !ok {
			v = ls.Get(s[i].Name)
		}
		if !s[i].Matches(v) {
			return false
		}
	}
	return true
}

// matchesConstants reports whether the matchers on constants are satisfied.
func matchesConstants(s selector.Selector, c *constants) bool {
	for i := range s {
		if v, ok := c.get(s[i].Name); ok && !s[i].Matches(v) {
			return false
		}
	}
	return true
}

// services restricts a request to the datasets that can have selected series.
func services(s selector.Selector) func(string) bool {
	return func(service string) bool { return s.MatchesLabel(profile.LabelServiceName, service) }
}

// selected says for each series of a dataset whether it is selected. A nil
// list of series stands for: all are.
type selected struct {
	all     bool
	series  []bool
	decoded []block.Series // the dataset's series, if they had to be looked at
}

// selectSeries decides which series of a dataset a query selects.
func selectSeries(q *Query, dec *block.Decoder, d *block.Dataset) (selected, error) {
	c := constants{service: d.Service, typ: q.Type}
	if !matchesConstants(q.Selector, &c) {
		return selected{}, nil
	}
	if !needsSeries(q.Selector) {
		return selected{all: true}, nil
	}
	series, err := d.Series(dec)
	if err != nil {
		return selected{}, err
	}
	out := selected{all: true, series: make([]bool, len(series)), decoded: series}
	any := false
	for i := range series {
		if series[i].Kind.Value(q.Type) < 0 {
			continue
		}
		out.series[i] = matches(q.Selector, &c, series[i].Labels)
		out.all = out.all && out.series[i]
		any = any || out.series[i]
	}
	if !any {
		return selected{}, nil
	}
	return out, nil
}

// none reports whether no series is selected.
func (s *selected) none() bool { return !s.all && s.series == nil }
