package block

import (
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Accepts reports why a profile cannot be added to a block: it needs a
// service_name and a __name__, a time, sample types and samples.
func Accepts(labels profile.Labels, p *pprof.Profile) error {
	switch {
	case labels.Get(profile.LabelServiceName) == "" || labels.Get(profile.LabelName) == "":
		return fmt.Errorf("profile lacks %s or %s", profile.LabelServiceName, profile.LabelName)
	case p.TimeNanos <= 0:
		return fmt.Errorf("profile has no time")
	case len(p.SampleTypes) == 0 || len(p.Samples) == 0:
		return fmt.Errorf("profile has no samples")
	}
	return nil
}

// seriesLabels returns the labels of a series of a push: what the push says
// beats what its samples say.
func seriesLabels(pushed profile.Labels, sample []profile.Label) profile.Labels {
	ls := pushed
	for _, l := range sample {
		if !pushed.Has(l.Name) && !profile.IsDerived(l.Name) {
			ls = ls.With(l.Name, l.Value)
		}
	}
	return ls
}

// FirstID returns the id under which the first part of a pushed profile is
// stored. A profile is stored as a whole or not at all, so looking for this one
// tells whether it was.
func FirstID(labels profile.Labels, id profile.ID, p *pprof.Profile) profile.ID {
	return id.ForSeries(labels, seriesLabels(labels, p.SplitByLabels()[0].Labels))
}
