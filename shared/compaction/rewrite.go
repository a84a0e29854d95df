package compaction

import (
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

const (
	// mergeLag is how long after a deletion a merge may still commit that knows
	// nothing of it: longer than a job takes.
	mergeLag = time.Hour
	// expiredShare is how much of a block must have expired for it to be
	// written anew.
	expiredShare = 0.25
)

// PlanRewrites says which of a tenant's blocks, which are not merged any more,
// to write anew without what does not count: those that may have profiles of a
// service that was deleted, and those of which a good part has expired. Rows
// that another row replaces, and those in except, are left alone, and so is what
// nothing counts of, which package sweep deletes.
func PlanRewrites(now time.Time, rows []blockindex.Row, p Policy, rules retention.Rules, except map[string]bool) []Job {
	bound := rules.Stored(now)
	if bound.IsZero() {
		return nil
	}
	var jobs []Job
	for _, r := range blockindex.WithoutReplaced(rows) {
		merged := r.Level < len(p.Levels) && r.MaxTime >= now.Add(-p.settled()).UnixNano()
		if merged || except[r.ID] || r.MinTime >= latest(bound) {
			continue
		}
		src, err := sourceOf(r)
		if err != nil || src.meta.Counting(bound) == nil {
			continue // the first is reported by Plan
		}
		if hasDeleted(&src, now, rules) || expired(src.meta, bound) >= expiredShare {
			jobs = append(jobs, newJob(max(1, r.Level), []source{src}))
		}
	}
	return jobs
}

// latest is from when on all profiles count.
func latest(b block.Bound) int64 {
	at := b.Rest
	for _, t := range b.Services {
		at = max(at, t)
	}
	return at
}

// hasDeleted reports whether a block may have profiles of a service that was
// deleted, and merging knows of it by now.
func hasDeleted(s *source, now time.Time, rules retention.Rules) bool {
	return slices.ContainsFunc(s.meta.Datasets, func(d block.DatasetRef) bool {
		x, deleted := rules.Deleted[d.Service]
		return deleted && !now.Before(x.Before.Add(mergeLag)) && mayHave(s, &d, x)
	})
}

// mayHave reports whether a dataset may have profiles that a deletion is about.
// A volume that goes on beyond the deletion does not tell; but a merged block
// that was committed long enough after it was merged without them.
func mayHave(s *source, d *block.DatasetRef, x retention.Deletion) bool {
	v, at := &s.meta.Volumes[d.Volume], x.Before.UnixNano()
	return v.MinTime < at && (v.MaxTime < at || s.row.Level == 0 || s.row.CommittedAt <= x.Before.Add(mergeLag).UnixMilli())
}

// expired is what part of a block does not count, by the sizes of the tables of
// contents, which grow with what they are about.
func expired(m *block.Meta, b block.Bound) float64 {
	var gone, all int64
	for i := range m.Datasets {
		d := &m.Datasets[i]
		all += d.Contents.Length
		if m.Volumes[d.Volume].MaxTime < b.Of(d.Service) {
			gone += d.Contents.Length
		}
	}
	return float64(gone) / float64(max(all, 1))
}

// settledDeletions are those of which no row has profiles and none can come any
// more.
func settledDeletions(now time.Time, rows []blockindex.Row, rules retention.Rules) []retention.Deletion {
	left := make(map[string]bool)
	for _, r := range rows {
		src, err := sourceOf(r)
		if err != nil {
			return nil
		}
		for i := range src.meta.Datasets {
			d := &src.meta.Datasets[i]
			if x, ok := rules.Deleted[d.Service]; ok && mayHave(&src, d, x) {
				left[d.Service] = true
			}
		}
	}
	var out []retention.Deletion
	for service, x := range rules.Deleted {
		if !left[service] && now.After(x.Before.Add(retention.Settled)) {
			out = append(out, x)
		}
	}
	return out
}
