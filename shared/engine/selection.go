package engine

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
)

// Selection tells from the descriptions of blocks which of them, and which of
// their datasets, a task needs. It keeps what it has found out about services.
type Selection struct {
	task     *Task
	services map[string]bool
	sections []block.Section
	// What sums are read of instead of the profiles, if they can be.
	sums    func(step int64) bool
	section block.Section // the one of sums that is read
}

// NewSelection returns the selection of a task.
func NewSelection(t *Task) *Selection {
	s := &Selection{task: t, services: make(map[string]bool), sections: []block.Section{block.SeriesSection}}
	switch t.Want {
	case WantLabels:
	case WantTree, WantMerged:
		s.sums, s.section = t.Query.sums(), block.SumsSection
		s.sections = []block.Section{block.FramesSection, block.StacksSection, block.SamplesSection}
		if needsSeries(t.Selector) || t.Profiles != nil {
			s.sections = append(s.sections, block.SeriesSection, block.ProfilesSection)
		}
	default:
		if s.section = block.BucketsSection; t.Want == WantSeries {
			s.sums = t.Grouping.sums(&t.Query)
		}
		s.sections = append(s.sections, block.ProfilesSection)
		if t.selectsSamples() || t.PerSpan {
			s.sections = append(s.sections, block.SamplesSection)
		}
		if len(t.CallSite) > 0 {
			s.sections = append(s.sections, block.FramesSection, block.StacksSection)
		}
	}
	return s
}

// Of returns what a task needs of a block: the block with the datasets that can
// have something of it, and about how many bytes will be read. A block without
// such datasets is nil.
func (s *Selection) Of(m *block.Meta) (*block.Meta, int64) {
	if m.MaxTime < s.task.From || m.MinTime > s.task.To {
		return nil, 0
	}
	kinds := make([]bool, len(m.Kinds))
	for i := range m.Kinds {
		kinds[i] = s.task.Want == WantLabels || m.Kinds[i].Value(s.task.Type) >= 0
	}
	var wanted, all int64 // pairs of dataset and kind
	kept := make([]int, 0, len(m.Datasets))
	for i := range m.Datasets {
		d := &m.Datasets[i]
		all += int64(len(d.Kinds))
		n := int64(0)
		for _, k := range d.Kinds {
			if kinds[k] {
				n++
			}
		}
		if n > 0 && s.service(d.Service) {
			wanted += n
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return nil, 0
	}
	bytes := s.estimate(m, wanted, all)
	if len(kept) == len(m.Datasets) {
		return m, bytes
	}
	out := *m
	out.Datasets = make([]block.DatasetRef, len(kept))
	for i, at := range kept {
		out.Datasets[i] = m.Datasets[at]
	}
	return &out, bytes
}

// estimate is about how many bytes are read for wanted of all pairs of dataset
// and kind, if each had as many: of profiles, or sums, those of the task's time.
func (s *Selection) estimate(m *block.Meta, wanted, all int64) int64 {
	if m.Size <= block.WholeBytes {
		return m.Size
	}
	profiles, sums := m.Share(s.task.From, s.task.To, s.sums)
	bytes := 0.0
	for _, x := range s.sections {
		part := float64(m.SectionBytes(x))
		if x == block.ProfilesSection || x == block.SamplesSection {
			part *= profiles
		}
		bytes += part
	}
	if both := m.SectionBytes(block.BucketsSection) + m.SectionBytes(block.SumsSection); both > 0 {
		of := m.SectionBytes(s.section)
		if slices.Contains(s.sections, block.ProfilesSection) && slices.Contains(s.sections, block.SamplesSection) {
			of = both
		}
		bytes += sums * float64(of) / float64(both)
	}
	return int64(bytes * float64(wanted) / float64(max(all, 1)))
}

// service reports whether the datasets of a service can have something of the
// task.
func (s *Selection) service(name string) bool {
	wanted, known := s.services[name]
	if !known {
		wanted = s.judge(name)
		s.services[name] = wanted
	}
	return wanted
}

func (s *Selection) judge(service string) bool {
	if s.task.Want == WantLabels {
		return services(s.task.Selector)(service)
	}
	return matchesConstants(s.task.Selector, &constants{service: service, typ: s.task.Type})
}
