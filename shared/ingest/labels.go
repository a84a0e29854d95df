package ingest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// dropped reports whether a label never becomes part of a series: some only
// tell how the profile was taken, others are derived from the profile when it
// is read, whatever a client says. Relabel rules see them.
func dropped(name string) bool {
	switch name {
	case profile.LabelDelta, profile.LabelOrder,
		profile.LabelProfileType, profile.LabelType, profile.LabelUnit,
		profile.LabelPeriodType, profile.LabelPeriodUnit, profile.LabelServiceCopy:
		return true
	}
	return false
}

// series returns the labels of a series for the ones that were sent, which are
// left as they are. They are returned also along with an error, so that the
// series can be named. If the tenant has relabel rules the labels are as the
// rules see them, and not checked yet.
func (l *Limits) series(sent profile.Labels) (profile.Labels, error) {
	ls := make(profile.Labels, 0, len(sent)+1)
	var hidden profile.Labels // what rules see and nobody else
	named := false
	for _, label := range sent {
		switch {
		case label.Name == profile.LabelSessionID:
			if id, ok := session(label.Value, l.MaxSessions); ok {
				ls = setDefault(ls, label.Name, id)
			}
		case dropped(label.Name):
			hidden = setDefault(hidden, label.Name, label.Value)
		default:
			ls = append(ls, label)
			named = named || label.Name == profile.LabelServiceName
		}
	}
	if !named {
		ls = append(ls, profile.Label{Name: profile.LabelServiceName, Value: profile.UnknownService})
	}
	ls.Sort()
	if name, ok := repeated(ls); ok {
		return ls, fmt.Errorf("%w: label %q is there more than once", errLabels, cut(name, maxNamedBytes))
	}
	hidden.Sort()
	ls = builtinRelabel(ls, hidden)
	if len(l.RelabelRules) == 0 {
		return ls, l.checkSeries(ls)
	}
	for _, label := range hidden {
		ls = ls.With(label.Name, label.Value)
	}
	return ls, nil
}

// checkSeries checks the labels of a series, which are sorted and differ in
// their names.
func (l *Limits) checkSeries(ls profile.Labels) error {
	if len(ls) > l.MaxLabels {
		return fmt.Errorf("%w: %d of them, more than %d", errLabels, len(ls), l.MaxLabels)
	}
	for _, label := range ls {
		if err := l.checkLabel(label); err != nil {
			return err
		}
	}
	name := ls.Get(profile.LabelName)
	if name == "" {
		return fmt.Errorf("%w: %s is missing", errLabels, profile.LabelName)
	}
	// Colons divide the parts of a profile type's id. Profiles with one in the
	// name could be stored but never be asked for.
	if strings.Contains(name, ":") {
		return fmt.Errorf("%w: %s %q holds a colon", errLabels, profile.LabelName, cut(name, maxNamedBytes))
	}
	if ls.Get(profile.LabelServiceName) == "" {
		return fmt.Errorf("%w: %s is empty", errLabels, profile.LabelServiceName)
	}
	return nil
}

func (l *Limits) checkLabel(label profile.Label) error {
	switch {
	case label.Name == "":
		return fmt.Errorf("%w: a label has no name", errLabels)
	case len(label.Name) > l.MaxLabelNameBytes:
		return fmt.Errorf("%w: the name of label %q has %d bytes, more than %d", errLabels, cut(label.Name, 40), len(label.Name), l.MaxLabelNameBytes)
	case len(label.Value) > l.MaxLabelValueBytes:
		return fmt.Errorf("%w: the value of label %q has %d bytes, more than %d", errLabels, cut(label.Name, maxNamedBytes), len(label.Value), l.MaxLabelValueBytes)
	case !utf8.ValidString(label.Name) || !utf8.ValidString(label.Value):
		return fmt.Errorf("%w: label %q is not UTF-8", errLabels, cut(label.Name, maxNamedBytes))
	}
	return nil
}

// checkSplit checks the labels of the series that a pushed one will be split
// into by labels of its samples.
func (l *Limits) checkSplit(pushed profile.Labels, p *pprof.Profile) error {
	if len(p.Labels) == 0 {
		return nil // most profiles
	}
	for _, s := range p.SplitByLabels() {
		if err := l.checkPart(pushed, s.Labels); err != nil {
			return fmt.Errorf("samples: %w", err)
		}
	}
	return nil
}

// checkPart checks the labels of one of these series. Labels of the pushed
// series beat those of samples.
func (l *Limits) checkPart(pushed profile.Labels, samples []profile.Label) error {
	count := len(pushed)
	for _, label := range samples {
		if pushed.Has(label.Name) {
			continue
		}
		count++
		if err := l.checkLabel(label); err != nil {
			return err
		}
	}
	if count > l.MaxLabels {
		return fmt.Errorf("%w: with those of the series %d, more than %d", errLabels, count, l.MaxLabels)
	}
	return nil
}

// repeated returns the name of a label that is there more than once, if there
// is one. ls must be sorted.
func repeated(ls profile.Labels) (string, bool) {
	for i := range ls {
		if i > 0 && ls[i].Name == ls[i-1].Name {
			return ls[i].Name, true
		}
	}
	return "", false
}

// setDefault adds a label unless there is one of that name.
func setDefault(ls profile.Labels, name, value string) profile.Labels {
	if slices.ContainsFunc(ls, func(l profile.Label) bool { return l.Name == name }) {
		return ls
	}
	return append(ls, profile.Label{Name: name, Value: value})
}
