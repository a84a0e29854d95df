package compaction

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Plan says which of the rows' blocks to merge now, ordered by tenant, level
// and time. Rows that another row replaces are left alone, and no two jobs
// share a source. Rows whose description cannot be read are reported by the
// error, beside the jobs for all others.
func Plan(now time.Time, rows []blockindex.Row, p Policy) ([]Job, error) {
	groups, err := group(rows, p)
	keys := make([]groupKey, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, groupKey.compare)
	var jobs []Job
	for _, k := range keys {
		for _, chunk := range p.chunks(now, p.Levels[k.level], groups[k]) {
			jobs = append(jobs, newJob(k.level+1, chunk))
		}
	}
	return jobs, err
}

// groupKey is what blocks must have in common to be merged.
type groupKey struct {
	tenant profile.TenantID
	level  int
	window int64 // number of the window, counted from 1970
}

func (k groupKey) compare(o groupKey) int {
	return cmp.Or(strings.Compare(string(k.tenant), string(o.tenant)), k.level-o.level, cmp.Compare(k.window, o.window))
}

// group sorts the rows that may be merged into groups, each ordered by time.
func group(rows []blockindex.Row, p Policy) (map[groupKey][]source, error) {
	groups := make(map[groupKey][]source)
	var unreadable []string
	for _, tenantRows := range byTenant(rows) {
		for _, r := range blockindex.WithoutReplaced(tenantRows) {
			if r.Level >= len(p.Levels) {
				continue
			}
			src, err := sourceOf(r)
			if err != nil {
				unreadable = append(unreadable, string(r.Tenant)+"/"+r.ID)
				continue
			}
			k := groupKey{r.Tenant, r.Level, r.MinTime / int64(p.Levels[r.Level].Window)}
			groups[k] = append(groups[k], src)
		}
	}
	if len(unreadable) > 0 {
		slices.Sort(unreadable)
		return groups, fmt.Errorf("plan compaction: %w: rows %s", block.ErrCorrupt, strings.Join(unreadable, ", "))
	}
	return groups, nil
}

func byTenant(rows []blockindex.Row) map[profile.TenantID][]blockindex.Row {
	out := make(map[profile.TenantID][]blockindex.Row)
	for _, r := range rows {
		out[r.Tenant] = append(out[r.Tenant], r)
	}
	return out
}

// chunks cuts a group, ordered by time, into what is to be merged now: as many
// blocks as the level says, or fewer if they are large or the oldest has waited
// long enough. A single block is never merged.
func (p Policy) chunks(now time.Time, l Level, group []source) [][]source {
	var out [][]source
	for len(group) > 0 {
		chunk, full := p.first(l, group)
		group = group[len(chunk):]
		if len(chunk) >= 2 && (full || oldest(chunk) <= now.Add(-l.Age).UnixMilli()) {
			out = append(out, chunk)
		}
	}
	return out
}

// first returns the blocks at the front of a group that fit into one job, and
// whether no more would.
func (p Policy) first(l Level, group []source) (chunk []source, full bool) {
	var bytes int64
	end := group[0].row.MaxTime
	for i := range group {
		s := &group[i]
		bytes += s.meta.Size
		end = max(end, s.row.MaxTime)
		tooMuch := bytes > p.MaxBytes || time.Duration(end-group[0].row.MinTime) > p.MaxSpan
		if i > 0 && tooMuch {
			return group[:i], true
		}
		if i+1 == min(l.Blocks, blockindex.MaxSources) {
			return group[:i+1], true
		}
	}
	return group, false
}

// oldest is when the first of the blocks was committed, Unix milliseconds.
func oldest(chunk []source) int64 {
	at := chunk[0].row.CommittedAt
	for i := range chunk {
		at = min(at, chunk[i].row.CommittedAt)
	}
	return at
}
