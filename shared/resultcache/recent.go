package resultcache

import (
	"context"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// grid is where the recent time of tasks ends, so that questions that follow
// each other by seconds have the same.
const grid = time.Minute

// recent is the time between the last slice and about now. Its report changes
// each minute, so it is not worth an object: it is kept in memory only, under a
// name of the same kind. The report of a minute ago is what the next one is made
// from, so that a segment is read once and not by each question.
type recent struct {
	part
	before []span // those of earlier minutes, the latest first
	ids    []identity
}

// recentOf returns the recent time from the end of the slices on; nil if there
// is none, or no memory.
func (c *Cache) recentOf(p *Plan, from int64, ids []identity) *recent {
	if c.memory == nil || int64(grid)%stepOf(&p.task) != 0 {
		return nil
	}
	to := min(p.task.To, c.now().Add(-c.settings.SettleRecent).UnixNano()) + 1
	to = from + (to-from)/int64(grid)*int64(grid)
	if to <= from {
		return nil
	}
	out := &recent{part: p.part(from, to-1, ids), ids: ids}
	for at := to - int64(grid); at > from; at -= int64(grid) {
		out.before = append(out.before, span{from, at})
	}
	return out
}

// recent returns the report of the recent time.
func (c *Cache) recent(ctx context.Context, p *Plan, run Run) (*engine.Report, error) {
	now := p.recent
	if r := c.remembered(ctx, p, &now.part); r != nil {
		return r, nil
	}
	out, rest := engine.NewReport(p.task.Want), now.part
	for _, b := range now.before {
		earlier := p.part(b.from, b.to-1, now.ids)
		r := c.remembered(ctx, p, &earlier)
		if r == nil {
			continue
		}
		if err := r.Spread(&earlier.task.Grouping, &now.task.Grouping); err != nil {
			return nil, err
		}
		out, rest = r, p.part(earlier.to+1, now.to, now.ids)
		break
	}
	r, err := run(ctx, rest.task)
	if err != nil {
		return nil, err
	}
	if err := r.Spread(&rest.task.Grouping, &now.task.Grouping); err != nil {
		return nil, err
	}
	out.Merge(r)
	if err := out.Check(&now.task); err != nil {
		return nil, err
	}
	c.memory.Put(bytecache.Key{Tenant: p.tenant, Object: now.key}, seal(out))
	return out, nil
}

// remembered returns a report that is in memory; nil if it is not.
func (c *Cache) remembered(ctx context.Context, p *Plan, s *part) *engine.Report {
	body, held := c.memory.Get(bytecache.Key{Tenant: p.tenant, Object: s.key})
	if !held {
		return nil
	}
	r, err := unseal(body, s.task)
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "read a result in memory",
			slog.String(telemetry.KeyTenant, string(p.tenant)), slog.String(telemetry.KeyKey, s.key), telemetry.Err(err))
		return nil
	}
	return r
}

// seenHere reports whether this process was asked the same before, of whatever
// time, and makes that it is the next time.
func (c *Cache) seenHere(p *Plan) bool {
	k := bytecache.Key{Tenant: p.tenant, Object: "small/" + p.mark}
	_, held := c.memory.Get(k)
	if !held {
		c.memory.Put(k, []byte{version})
	}
	return held
}
