package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelNameReplaced keeps the __name__ that relabeling changed.
const labelNameReplaced = "__name_replaced__"

// builtinRelabel applies the rules that Pyroscope has built in, before those of
// the tenant: what was collected with the library godeltaprof has the type that
// its name ends with; and wall-clock profiles that the client says hold CPU time
// are CPU profiles. hidden are the labels that never become part of the series.
func builtinRelabel(ls, hidden profile.Labels) profile.Labels {
	sent := ls.Get(profile.LabelName)
	if sent == "wall" && hidden.Get(profile.LabelType) == "cpu" {
		return ls.With(profile.LabelName, "process_cpu")
	}
	name, ok := strings.CutPrefix(sent, "godeltaprof_")
	if !ok || name == "" {
		return ls
	}
	return ls.With(profile.LabelName, name).With(labelNameReplaced, sent)
}

// keepTypes drops the sample types that the tenant's rules drop. These see the
// labels of the series, with those that follow from the type.
func (l *Limits) keepTypes(ls profile.Labels, p *pprof.Profile) {
	if len(l.SampleTypeRules) == 0 {
		return
	}
	name := ls.Get(profile.LabelName)
	pushed := withoutDropped(ls)
	p.KeepSampleTypes(func(t profile.ValueType) bool {
		kind := profile.Type{Name: name, Sample: t, Period: p.PeriodType}
		_, keep := l.SampleTypeRules.Apply(kind.SeriesLabels(pushed))
		return keep
	})
}

// part is a profile with its labels, checked.
type part struct {
	labels  profile.Labels
	profile *pprof.Profile
}

// maxParts bounds how many profiles relabel rules make of one.
const maxParts = 64

// parts applies the tenant's rules to the series that a normalised profile will
// be split into, and returns what is to be stored: the profile as it is for most;
// several if the rules spread it over services or names; none if they drop it.
func (l *Limits) parts(ls profile.Labels, p *pprof.Profile) ([]part, error) {
	if len(l.RelabelRules) == 0 {
		return []part{{ls, p}}, l.checkSplit(ls, p)
	}
	groups, changed, err := l.relabelSeries(ls, p)
	if err != nil {
		return nil, err
	}
	out := make([]part, 0, len(groups))
	for _, g := range groups {
		of := p
		if changed {
			for i := range g.series {
				g.series[i].Labels = profile.Labels(g.series[i].Labels).Without(g.common.names()...)
			}
			of = p.Relabeled(g.series)
			of.Normalize()
		}
		out = append(out, part{profile.Labels(g.common), of})
	}
	return out, nil
}

// group are series, after relabeling, with the same service and name.
type group struct {
	common commonLabels
	series []pprof.Series // with all their labels
}

// commonLabels are labels that all series of a group have.
type commonLabels profile.Labels

func (c commonLabels) names() []string {
	names := make([]string, len(c))
	for i, l := range c {
		names[i] = l.Name
	}
	return names
}

// relabelSeries applies the rules to each series of a profile. It reports whether
// the samples must be changed: not so if they have no labels and all are kept.
func (l *Limits) relabelSeries(ls profile.Labels, p *pprof.Profile) (groups []group, changed bool, err error) {
	all := p.SplitByLabels()
	changed = len(all) > 1 || len(all[0].Labels) > 0
	at := make(map[[2]string]int)
	for _, s := range all {
		full := ls
		for _, label := range s.Labels {
			if !ls.Has(label.Name) && !profile.IsDerived(label.Name) {
				full = full.With(label.Name, label.Value)
			}
		}
		relabeled, keep := l.RelabelRules.Apply(full)
		if !keep {
			continue
		}
		relabeled = withoutDropped(relabeled)
		if err := l.checkSeries(relabeled); err != nil {
			return nil, false, fmt.Errorf("after relabeling: %w", err)
		}
		s.Labels = relabeled
		key := [2]string{relabeled.Get(profile.LabelServiceName), relabeled.Get(profile.LabelName)}
		i, ok := at[key]
		if !ok {
			if len(groups) == maxParts {
				return nil, false, fmt.Errorf("%w: relabel rules spread the samples over more than %d services or names", errLabels, maxParts)
			}
			i, at[key] = len(groups), len(groups)
			groups = append(groups, group{common: commonLabels(relabeled)})
		}
		g := &groups[i]
		g.series = append(g.series, s)
		g.common = slices.DeleteFunc(slices.Clone(g.common), func(label profile.Label) bool { return !slices.Contains(relabeled, label) })
	}
	return groups, changed, nil
}

// withoutDropped takes the labels away that never become part of a series.
func withoutDropped(ls profile.Labels) profile.Labels {
	if !slices.ContainsFunc(ls, func(l profile.Label) bool { return dropped(l.Name) }) {
		return ls
	}
	return slices.DeleteFunc(slices.Clone(ls), func(l profile.Label) bool { return dropped(l.Name) })
}
