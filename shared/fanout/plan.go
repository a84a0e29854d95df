package fanout

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// Limits say how a task is divided.
type Limits struct {
	// InlineBytes is up to how many bytes to read (about) a task is answered
	// without workers, if it is not about more blocks than WorkerBlocks; less
	// than 0 is never.
	InlineBytes int64
	// WorkerBytes and WorkerBlocks are how much a worker is given, if there are
	// workers enough.
	WorkerBytes  int64
	WorkerBlocks int
	// MaxWorkers is the most shards. There are more only for queries of more
	// tenants than this, and if descriptions of blocks are too large to be sent
	// at once; never more than MaxWorkers are asked at the same time.
	MaxWorkers int
}

// Plan is how a task is answered. Either Inline is set, and Blocks are what to
// answer it from, or Shards are.
type Plan struct {
	Inline bool
	Blocks []*block.Meta
	Shards []Shard
	// NumBlocks and Bytes are of the whole task: blocks that can have something
	// of it, and about how many bytes of them are read.
	NumBlocks int
	Bytes     int64
}

// Shard is what one worker is asked: blocks of one tenant, some perhaps without
// datasets that other shards have.
type Shard struct {
	Tenant profile.TenantID
	Blocks []*block.Meta
	Bytes  int64
}

// piece is what is given to one worker as a whole.
type piece struct {
	meta   *block.Meta
	bytes  int64
	weight int64 // bytes, and what it costs to begin a block
	wire   int   // bytes of the description
}

// NewPlan plans a task over blocks. The same arguments give the same plan; the
// order of the blocks does not matter but for the order within an inline plan.
func NewPlan(l Limits, t *engine.Task, blocks []*block.Meta) Plan {
	selection := engine.NewSelection(t)
	var p Plan
	pieces := make([]piece, 0, len(blocks))
	for _, m := range blocks {
		if kept, bytes := selection.Of(m); kept != nil {
			p.NumBlocks++
			p.Bytes += bytes
			p.Blocks = append(p.Blocks, kept)
			pieces = append(pieces, piece{meta: kept, bytes: bytes})
		}
	}
	if p.NumBlocks == 0 || p.Bytes <= l.InlineBytes && p.NumBlocks <= l.WorkerBlocks {
		p.Inline = true
		return p
	}
	p.Blocks = nil
	for tenant, mine := range byTenant(split(pieces, l)) {
		p.Shards = append(p.Shards, deal(tenant, mine, shares(mine, pieces, l))...)
	}
	slices.SortFunc(p.Shards, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), comparePieces(a.Blocks[0], b.Blocks[0]))
	})
	return p
}

// split divides blocks that are more than a worker is given by their datasets.
func split(pieces []piece, l Limits) []piece {
	var out []piece
	begin := l.WorkerBytes / int64(max(l.WorkerBlocks, 1))
	for _, x := range pieces {
		parts := min(int(x.bytes/max(l.WorkerBytes, 1))+1, len(x.meta.Datasets), l.MaxWorkers)
		for i := range max(parts, 1) {
			part := x
			if parts > 1 {
				n := len(x.meta.Datasets)
				m := *x.meta
				m.Datasets = x.meta.Datasets[n*i/parts : n*(i+1)/parts]
				part = piece{meta: &m, bytes: x.bytes * int64(len(m.Datasets)) / int64(n)}
			}
			part.weight = part.bytes + begin
			part.wire = len(part.meta.Append(nil))
			out = append(out, part)
		}
	}
	return out
}

func byTenant(pieces []piece) map[profile.TenantID][]piece {
	out := make(map[profile.TenantID][]piece)
	for _, x := range pieces {
		out[x.meta.Tenant] = append(out[x.meta.Tenant], x)
	}
	return out
}

// shares is how many shards the pieces of a tenant make: as many as they fill,
// or their part of MaxWorkers if there are more.
func shares(mine, all []piece, l Limits) int {
	var weight, bytes, total int64
	for _, x := range mine {
		weight += x.weight
		bytes += x.bytes
	}
	for _, x := range all {
		total += x.bytes
	}
	n := int((weight + l.WorkerBytes - 1) / max(l.WorkerBytes, 1))
	if bytes < total { // there are other tenants
		n = min(n, int(float64(l.MaxWorkers)*float64(bytes)/float64(total)))
	}
	return max(1, min(n, l.MaxWorkers, len(mine)))
}

// deal gives each piece, the heaviest first, to the lightest shard. Shards that
// are too large to be sent are halved.
func deal(tenant profile.TenantID, pieces []piece, n int) []Shard {
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), comparePieces(a.meta, b.meta))
	})
	hands := make([]struct {
		pieces       []piece
		weight, wire int64
	}, n)
	for _, x := range pieces {
		at := 0
		for i := range hands {
			if hands[i].weight < hands[at].weight {
				at = i
			}
		}
		h := &hands[at]
		h.pieces, h.weight, h.wire = append(h.pieces, x), h.weight+x.weight, h.wire+int64(x.wire)
	}
	var out []Shard
	for _, h := range hands {
		if len(h.pieces) > 1 && h.wire > maxShardWire {
			out = append(out, deal(tenant, h.pieces, 2)...)
			continue
		}
		slices.SortFunc(h.pieces, func(a, b piece) int { return comparePieces(a.meta, b.meta) })
		s := Shard{Tenant: tenant}
		for _, x := range h.pieces {
			s.Blocks = append(s.Blocks, x.meta)
			s.Bytes += x.bytes
		}
		out = append(out, s)
	}
	return out
}

// maxShardWire is the most bytes of descriptions in a shard: what a request can
// carry, with room for the task.
const maxShardWire = querybackend.MaxRequestBytes - 512<<10

// comparePieces orders parts of blocks by time.
func comparePieces(a, b *block.Meta) int {
	return cmp.Or(cmp.Compare(a.MinTime, b.MinTime), strings.Compare(a.ID, b.ID),
		strings.Compare(a.Datasets[0].Service, b.Datasets[0].Service))
}
