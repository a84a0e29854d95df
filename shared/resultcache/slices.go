package resultcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// lengths are the lengths of slices, the longest first. Each divides the one
// before it; the shortest is that of the row groups of merged blocks.
func lengths() []int64 {
	return []int64{int64(24 * time.Hour), int64(6 * time.Hour), int64(time.Hour), int64(15 * time.Minute)}
}

// Plan is how a task is answered from slices.
type Plan struct {
	// Blocks are those that have something of the task, without the datasets
	// that it does not need, and Bytes about how many bytes of them are read.
	Blocks []*block.Meta
	Bytes  int64

	tenant profile.TenantID
	task   engine.Task
	middle part    // all slices
	slices []part  // from the first to the last
	mark   string  // key of the object that is there if the same was asked before
	edges  []part  // before and after them, if there is such time
	recent *recent // between the slices and the edge after them; may be nil
}

// part is a part of the time of a task.
type part struct {
	from, to int64 // Unix nanoseconds, inclusive
	task     engine.Task
	key      string // of the result; "" for edges
}

// Plan cuts the time of a task about blocks of the tenant. It is nil if the task
// is better answered as a whole: it is of a kind that is not kept, too small, or
// its points do not lie where slices end.
func (c *Cache) Plan(tenant profile.TenantID, t *engine.Task, blocks []*block.Meta) *Plan {
	if c == nil || !keeps(t) {
		return nil
	}
	// Points cover the time up to their own, so slices for them begin a
	// millisecond later.
	shift := int64(0)
	if t.Want == engine.WantSeries {
		shift = int64(time.Millisecond)
	}
	until := min(t.To, c.now().Add(-c.settings.Settle).UnixNano()) + 1
	spans := cut(t.From-shift, until-shift, stepOf(t))
	if len(spans) == 0 {
		return nil
	}
	p := &Plan{tenant: tenant, task: *t}
	selection := engine.NewSelection(t)
	for _, m := range blocks {
		if kept, bytes := selection.Of(m); kept != nil {
			p.Blocks = append(p.Blocks, kept)
			p.Bytes += bytes
		}
	}
	if p.Bytes < c.settings.MinBytes {
		return nil
	}
	p.mark = Prefix(tenant) + "seen-" + name(timeless(t), nil)
	if p.Bytes < c.settings.MinBytesFirst && !c.seenHere(p) {
		return nil
	}
	ids := identify(p.Blocks)
	for _, s := range spans {
		p.slices = append(p.slices, p.part(s.from+shift, s.to+shift-1, ids))
	}
	first, last := p.slices[0], p.slices[len(p.slices)-1]
	p.middle = p.part(first.from, last.to, ids)
	if t.From < first.from {
		p.edges = append(p.edges, p.edge(t.From, first.from-1))
	}
	if p.recent = c.recentOf(p, last.to+1, ids); p.recent != nil {
		last = p.recent.part
	}
	if last.to < t.To {
		p.edges = append(p.edges, p.edge(last.to+1, t.To))
	}
	return p
}

// timeless is a task about no time.
func timeless(t *engine.Task) *engine.Task {
	out := *t
	out.From, out.To, out.Buckets.Start, out.Buckets.Count = 0, 0, 0, 0
	out.Bounds = nil
	return &out
}

// keeps reports whether the reports of a task are worth keeping: not those of
// single spans, traces or profiles, which nobody looks at for hours, and not
// those of labels and heatmaps.
func keeps(t *engine.Task) bool {
	if t.Spans != nil || t.Traces != nil || t.Profiles != nil || t.From < 0 || t.To > math.MaxInt64-int64(time.Hour) {
		return false
	}
	switch t.Want {
	case engine.WantTree, engine.WantMerged:
		return true
	case engine.WantSeries:
		b := &t.Buckets
		return b.Step > 0 && b.Start >= 0 && b.Start%b.Step == 0
	}
	return false
}

// stepOf is what the length of each slice must be a multiple of, nanoseconds.
func stepOf(t *engine.Task) int64 {
	if t.Want != engine.WantSeries {
		return 1
	}
	if t.Buckets.Step > lengths()[0]/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return t.Buckets.Step * int64(time.Millisecond)
}

type span struct{ from, to int64 } // to is exclusive

// cut returns the slices of [from, to): as long ones as there is room for, each
// beginning at a multiple of its length, one after another without gaps.
func cut(from, to, step int64) []span {
	sizes := slices.DeleteFunc(lengths(), func(n int64) bool { return n%step != 0 })
	if len(sizes) == 0 || from < 0 {
		return nil
	}
	least := sizes[len(sizes)-1]
	var out []span
	for at := (from + least - 1) / least * least; at+least <= to; {
		for _, n := range sizes {
			if at%n == 0 && at+n <= to {
				out = append(out, span{at, at + n})
				at += n
				break
			}
		}
	}
	return out
}

// edge is a part that is answered each time.
func (p *Plan) edge(from, to int64) part {
	e := part{from: from, to: to, task: p.task}
	e.task.From, e.task.To = from, to
	// What expires with time or was deleted before does not change the slice.
	e.task.Bounds = p.task.Bounds.After(from)
	return e
}

// part is a slice or several. Its points are those that it covers, so that they
// do not depend on the rest of the task.
func (p *Plan) part(from, to int64, ids []identity) part {
	out := p.edge(from, to)
	if p.task.Want == engine.WantSeries {
		b := &out.task.Buckets
		start := (from - int64(time.Millisecond)) / int64(time.Millisecond)
		b.Start, b.Count = start+b.Step, int((to+1-from)/int64(time.Millisecond)/b.Step)
	}
	out.key = Prefix(p.tenant) + name(&out.task, ids)
	return out
}

// identity says which block something was computed from.
type identity struct {
	from, to int64 // of the profiles, Unix nanoseconds
	sum      [sha256.Size]byte
}

// identify names blocks by their ids and those of their datasets that are read.
func identify(blocks []*block.Meta) []identity {
	out := make([]identity, len(blocks))
	var b []byte
	for i, m := range blocks {
		b = append(binary.AppendUvarint(b[:0], uint64(len(m.ID))), m.ID...)
		for j := range m.Datasets {
			d := &m.Datasets[j]
			b = append(binary.AppendUvarint(b, uint64(len(d.Service))), d.Service...)
			b = binary.AppendVarint(binary.AppendVarint(b, int64(d.Volume)), d.Contents.Offset)
			b = binary.AppendUvarint(b, uint64(d.Checksum))
		}
		out[i] = identity{m.MinTime, m.MaxTime, sha256.Sum256(b)}
	}
	slices.SortFunc(out, func(a, b identity) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	return out
}
