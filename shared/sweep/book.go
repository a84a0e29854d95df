package sweep

import (
	"slices"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
)

// book is the rows of a tenant.
type book struct {
	rows map[string]*blockindex.Row // by id
	// replacedAt is when a row that replaces this one was committed, the
	// earliest of them, Unix milliseconds. The row itself may be gone.
	replacedAt map[string]int64
	objects    map[string][]string // keys of the objects of a row's block, by id
	bound      block.Bound         // from when on profiles count
	before     block.Bound         // the same of some time ago
	empty      map[string]bool     // ids of blocks of which nothing counts
}

func newBook(rows []blockindex.Row) *book {
	b := &book{rows: make(map[string]*blockindex.Row), replacedAt: make(map[string]int64), objects: make(map[string][]string)}
	for i := range rows {
		r := &rows[i]
		b.rows[r.ID] = r
		for _, id := range r.Sources {
			if at, ok := b.replacedAt[id]; !ok || r.CommittedAt < at {
				b.replacedAt[id] = r.CommittedAt
			}
		}
	}
	return b
}

func (b *book) remove(r *blockindex.Row) { delete(b.rows, r.ID) }

// hasObject reports whether a row names the object. A block can have objects
// that its row does not name: two builds of this code, which write different
// bytes, have done the same job, and one of them has committed it. What cannot
// be known, as the row cannot be read, is taken for named.
func (b *book) hasObject(tenant profile.TenantID, key string) bool {
	r := b.rows[block.IDOf(tenant, key)]
	if r == nil {
		return false
	}
	keys, known := b.objects[r.ID]
	if !known {
		if m, err := block.ParseMeta(r.Detail); err == nil {
			keys = m.Keys()
		} else {
			keys = []string{key}
		}
		b.objects[r.ID] = keys
	}
	return slices.Contains(keys, key)
}

func (b *book) isReplaced(r *blockindex.Row) bool {
	_, ok := b.replacedAt[r.ID]
	return ok
}

// isLive reports whether there is a row of this id that queries read.
func (b *book) isLive(id string) bool {
	_, replaced := b.replacedAt[id]
	return b.rows[id] != nil && !replaced
}

// covers reports whether there is a row with profiles of the time of a block.
func (b *book) covers(m *block.Meta) bool {
	for _, r := range b.rows {
		if r.MinTime <= m.MaxTime && m.MinTime <= r.MaxTime {
			return true
		}
	}
	return false
}

// deletable returns the rows that may be deleted now, ordered by id.
func (b *book) deletable(now time.Time, s Settings) []*blockindex.Row {
	var out []*blockindex.Row
	for _, r := range b.rows {
		if b.isDue(r, now, s) && !b.hidesAny(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *blockindex.Row) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// isDue reports whether nobody needs the row for itself any more. One that was
// replaced waits for the delay even if it has expired, for its object's sake.
func (b *book) isDue(r *blockindex.Row, now time.Time, s Settings) bool {
	if at, ok := b.replacedAt[r.ID]; ok {
		return at <= now.Add(-s.Delay).UnixMilli()
	}
	return b.empty[r.ID] || !b.bound.IsZero() && !retention.Counts(r, b.bound)
}

// hidesAny reports whether the row replaces one that is still there, which
// would be found again without it.
func (b *book) hidesAny(r *blockindex.Row) bool {
	return slices.ContainsFunc(r.Sources, func(id string) bool { return b.rows[id] != nil })
}
