package simulation

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

const (
	// tooManyBlocks is how many blocks of a tenant and day queries may have to
	// read that were there for a while. See compaction.DefaultPolicy.
	tooManyBlocks = 64
	// unsettled is for how long a block does not count: until it was planned with
	// (it waits for 36 s, and the planner runs every minute), and merged. In and
	// after storms it takes longer: a job whose worker dies comes again two
	// minutes later, one that fails waits for up to a quarter of an hour.
	unsettled      = 5 * time.Minute
	stormUnsettled = 25 * time.Minute
)

// countBlocks checks that a tenant has no more than tooManyBlocks blocks of a
// day, beside those that were written in the last minutes.
func (s *soak) countBlocks() {
	for _, tenant := range tenants {
		settled, all := s.blocksOf(tenant)
		for day, n := range settled {
			if n > tooManyBlocks {
				s.truth.mu.Lock()
				s.truth.violated(tooMany, "%d blocks of tenant %s and day %d", n, tenant, day)
				s.truth.mu.Unlock()
			}
			s.figures.mostSettled = max(s.figures.mostSettled, n)
		}
		s.figures.mostRows = max(s.figures.mostRows, slices.Max(append(slices.Collect(maps.Values(all)), 0)))
	}
}

// blocksOf counts the blocks that queries read by day.
func (s *soak) blocksOf(tenant profile.TenantID) (settled, all map[int64]int) {
	rows, err := s.index.Find(context.Background(), tenant, 0, math.MaxInt64)
	if err != nil {
		panic(err)
	}
	patience := unsettled
	if s.stormy(time.Now().Add(-stormUnsettled), time.Now()) {
		patience = stormUnsettled
	}
	before := time.Now().Add(-patience).UnixMilli()
	settled, all = make(map[int64]int), make(map[int64]int)
	for _, r := range rows {
		day := r.MinTime / int64(24*time.Hour)
		all[day]++
		if r.CommittedAt < before {
			settled[day]++
		}
	}
	return settled, all
}

// inspect looks at what is left when everything has settled.
func (s *soak) inspect() {
	s.askAll()
	for _, q := range append(slices.Clone(s.queues), s.jobs) {
		if n := q.Len(); n > 0 {
			s.truth.violated(left, "%d messages", n)
		}
	}
	s.figures.jobs = s.stage.ops["jobs.Delete"]
	for _, tenant := range tenants {
		_, all := s.blocksOf(tenant)
		for _, n := range all {
			s.figures.inTheEnd = max(s.figures.inTheEnd, n)
		}
		parked, err := s.records.List(context.Background(), tenant, compaction.KindParked)
		if err != nil {
			panic(err)
		}
		for _, r := range parked {
			s.truth.violated(left, "job %s, which was set aside: %s", r.Key, r.Value)
		}
	}
	(&remains{s.truth, s.store, s.index}).inspect()
}

// remains is what is there when nothing happens any more: each object is named
// by a row, each row's objects are there, and the index can be made again from
// the objects.
type remains struct {
	*truth
	store objstore.Store
	index blockindex.Index
}

func (x *remains) inspect() {
	named := x.named()
	for after := ""; ; {
		page, err := x.store.List(context.Background(), "", after, objstore.MaxListKeys)
		if err != nil {
			panic(err)
		}
		for _, o := range page {
			if !named[o.Key] {
				x.violated(left, "object %s, which nobody names", o.Key)
			}
			delete(named, o.Key)
			after = o.Key
		}
		if len(page) < objstore.MaxListKeys {
			break
		}
	}
	for key := range named {
		x.violated(lost, "object %s, which a row names", key)
	}
	x.verify()
	x.reindex()
}

// named returns the keys of objects that rows name. None of them is replaced any
// more.
func (x *remains) named() map[string]bool {
	out := make(map[string]bool)
	for _, tenant := range tenants {
		rows, err := x.index.All(context.Background(), tenant)
		if err != nil {
			panic(err)
		}
		if n := len(rows) - len(blockindex.WithoutReplaced(rows)); n > 0 {
			x.violated(left, "%d rows of tenant %s that were replaced", n, tenant)
		}
		for i := range rows {
			m, err := block.ParseMeta(rows[i].Detail)
			if err != nil {
				x.violated(unreadable, "row %s: %v", rows[i].ID, err)
				continue
			}
			for _, key := range m.Keys() {
				out[key] = true
			}
		}
	}
	return out
}

// verify has package recovery compare index, objects and checksums.
func (x *remains) verify() {
	d := recovery.Deps{Store: x.store, Index: x.index, Now: time.Now, Log: discard(), Parallel: 2}
	v, err := recovery.Verify(context.Background(), d, recovery.VerifyOptions{Deep: true})
	if err != nil {
		panic(err)
	}
	for _, p := range v.Problems {
		x.violated(left, "problem: %+v", p)
	}
}

// reindex makes the index again from the objects and asks both for everything.
func (x *remains) reindex() {
	index := blockindextest.NewMem()
	d := recovery.Deps{Store: x.store, Index: index, Now: time.Now, Log: discard(), Parallel: 2}
	done, err := recovery.Reindex(context.Background(), d, "", false)
	if err != nil {
		panic(err)
	}
	if len(done.LeftOut)+len(done.Foreign) > 0 {
		x.violated(left, "objects that are no whole blocks: %v %v", done.LeftOut, done.Foreign)
	}
	for _, tenant := range tenants {
		before, beforeErr := answerFrom(context.Background(), x.index, x.store, everything(tenant))
		after, afterErr := answerFrom(context.Background(), index, x.store, everything(tenant))
		if err := errors.Join(beforeErr, afterErr); err != nil {
			x.failed(err)
		}
		if !maps.Equal(before, after) {
			x.violated(lost, "the index that was made again gives tenant %s %d functions, not %d", tenant, len(after), len(before))
		}
		x.compare(everything(tenant), after, x.acknowledged(tenant))
	}
}
