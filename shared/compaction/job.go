package compaction

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Job is blocks to merge into one.
type Job struct {
	Tenant  profile.TenantID
	ID      string // of the merged block
	Level   int    // of the merged block
	Sources []blockindex.Row
	Bytes   int64 // of the sources' objects
}

// source is a row and what it says of its block.
type source struct {
	row  blockindex.Row
	meta *block.Meta
}

// sourceOf reads what a row says of its block.
func sourceOf(r blockindex.Row) (source, error) {
	meta, err := block.ParseMeta(r.Detail)
	if err == nil && (meta.Tenant != r.Tenant || meta.ID != r.ID) {
		err = fmt.Errorf("%w: it describes block %s of tenant %s", block.ErrCorrupt, meta.ID, meta.Tenant)
	}
	if err != nil {
		return source{}, fmt.Errorf("index row %s of tenant %s: %w", r.ID, r.Tenant, err)
	}
	return source{r, meta}, nil
}

// newJob makes the job that merges these blocks of one tenant. Their order in
// it does not depend on the one here.
func newJob(level int, sources []source) Job {
	j := Job{Tenant: sources[0].row.Tenant, Level: level}
	for i := range sources {
		j.Sources = append(j.Sources, sources[i].row)
		j.Bytes += sources[i].meta.Size
	}
	slices.SortFunc(j.Sources, func(a, b blockindex.Row) int { return strings.Compare(a.ID, b.ID) })
	j.ID = mergedID(j.Tenant, level, j.sourceIDs())
	return j
}

func (j *Job) sourceIDs() []string {
	ids := make([]string, len(j.Sources))
	for i := range j.Sources {
		ids[i] = j.Sources[i].ID
	}
	return ids
}

// mergedID returns the id of a merged block: a ULID whose time is that of the
// latest source and whose rest is a hash of all of them, so that it sorts among
// ids of its time and whoever merges these sources gets the same one.
func mergedID(tenant profile.TenantID, level int, sources []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n", tenant, level)
	var latest uint64
	for _, id := range sources {
		fmt.Fprintf(h, "%s\n", id)
		if u, err := ulid.ParseStrict(id); err == nil {
			latest = max(latest, u.Time())
		}
	}
	var u ulid.ULID
	copy(u[6:], h.Sum(nil))
	if err := u.SetTime(latest); err != nil {
		panic("BUG: the time of a ULID fits into a ULID: " + err.Error())
	}
	return u.String()
}
