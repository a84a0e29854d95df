package fanout_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

var update = flag.Bool("update", false, "write the golden files anew")

const mib = 1 << 20

func cpuType() profile.Type {
	unit := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	return profile.Type{Name: "process_cpu", Sample: unit, Period: unit}
}

// described is the description of a block of so many bytes with CPU profiles of
// services, and of memory profiles of the service "leaky".
func described(tenant profile.TenantID, n int, size int64, services ...string) *block.Meta {
	cpu := cpuType()
	m := &block.Meta{
		Tenant: tenant, ID: ulid.ULID{14: byte(n >> 8), 15: byte(n)}.String(), Size: size, MinTime: int64(n), MaxTime: int64(n) + 10,
		Kinds: []block.Kind{
			{Name: "memory", Samples: []profile.ValueType{{Type: "alloc_space", Unit: "bytes"}}},
			{Name: cpu.Name, Period: cpu.Period, Samples: []profile.ValueType{cpu.Sample}},
		},
	}
	v := block.Volume{Size: size, MinTime: m.MinTime, MaxTime: m.MaxTime}
	for i := range v.Sections { // samples are as large as all the others
		v.Sections[i].Length = size / 10
	}
	v.Sections[block.SamplesSection].Length = size / 2
	m.Volumes, m.Complete = []block.Volume{v}, true
	for _, s := range services {
		kind := 1
		if s == "leaky" {
			kind = 0
		}
		m.Datasets = append(m.Datasets, block.DatasetRef{Service: s, Shards: 1, Kinds: []int{kind}})
	}
	return m
}

func several(tenant profile.TenantID, n int, size int64, services ...string) (out []*block.Meta) {
	for i := range n {
		out = append(out, described(tenant, i+1, size, services...))
	}
	return out
}

func task(t testing.TB, want engine.Want, sel string) *engine.Task {
	s, err := selector.Parse(sel)
	require.NoError(t, err)
	return &engine.Task{Want: want, Query: engine.Query{Selector: s, Type: cpuType(), To: 1 << 40}}
}

// render writes a plan for people.
func render(p fanout.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "inline %v, %d blocks, %.1f MiB\n", p.Inline, p.NumBlocks, float64(p.Bytes)/mib)
	line := func(blocks []*block.Meta) {
		for _, m := range blocks {
			fmt.Fprintf(&b, " %s", strings.TrimLeft(m.ID, "0"))
			for _, d := range m.Datasets {
				fmt.Fprintf(&b, ":%s", d.Service)
			}
		}
		b.WriteByte('\n')
	}
	if p.Inline {
		line(p.Blocks)
	}
	for _, s := range p.Shards {
		fmt.Fprintf(&b, "%s %.1f MiB", s.Tenant, float64(s.Bytes)/mib)
		line(s.Blocks)
	}
	return b.String()
}

func TestPlans(t *testing.T) {
	limits := fanout.DefaultSettings().Limits
	limits.WorkerBlocks = 16
	few := limits
	few.MaxWorkers = 3
	always := limits
	always.InlineBytes = -1
	two := append(several("acme", 6, 60*mib, "a"), several("beta", 2, 60*mib, "a")...)
	var mixed []*block.Meta
	for i := range 12 {
		mixed = append(mixed, described("acme", i+1, int64(1+i*i)*mib, "a", "b"))
	}
	cases := []struct {
		name   string
		limits fanout.Limits
		task   *engine.Task
		blocks []*block.Meta
	}{
		{"nothing", limits, task(t, engine.WantTree, "{}"), nil},
		{"small is inline", limits, task(t, engine.WantTree, "{}"), several("acme", 5, mib, "a", "b")},
		{"what the selector excludes is left out", limits, task(t, engine.WantTree, `{service_name="b"}`),
			append(several("acme", 2, mib, "a", "b", "c"), described("acme", 3, mib, "a"))},
		{"what the type excludes is left out", limits, task(t, engine.WantTree, `{}`),
			append(several("acme", 2, mib, "a", "leaky"), described("acme", 3, mib, "leaky"))},
		{"labels are of all types", limits, task(t, engine.WantLabels, `{}`), several("acme", 2, mib, "a", "leaky")},
		{"many small blocks are divided", limits, task(t, engine.WantTree, "{}"), several("acme", 40, 1000, "a")},
		{"many bytes are divided evenly", limits, task(t, engine.WantTree, "{}"), mixed},
		{"no more than there are workers", few, task(t, engine.WantTree, "{}"), several("acme", 12, 60*mib, "a")},
		{"labels take few bytes", limits, task(t, engine.WantLabels, "{}"), several("acme", 12, 20*mib, "a")},
		{"shards are of one tenant", limits, task(t, engine.WantTree, "{}"), two},
		{"tenants share the workers", few, task(t, engine.WantTree, "{}"), two},
		{"a large block is divided by services", limits, task(t, engine.WantTree, "{}"),
			several("acme", 1, 300*mib, "a", "b", "c", "d", "e", "f", "g")},
		{"never inline", always, task(t, engine.WantTree, "{}"), several("acme", 2, 1000, "a")},
	}
	var all strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&all, "## %s\n%s\n", c.name, render(fanout.NewPlan(c.limits, c.task, c.blocks)))
	}
	file := filepath.Join("testdata", "plans.golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(all.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), all.String())
}

// What every plan holds: each block, with each of its datasets that count, in
// one place; and no shard is of two tenants or too many.
func TestPlansAreWhole(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		limits := fanout.Limits{
			InlineBytes: r.Int64N(200) * mib, WorkerBytes: 1 + r.Int64N(100)*mib, WorkerBlocks: 1 + r.IntN(50), MaxWorkers: 1 + r.IntN(64),
		}
		var blocks []*block.Meta
		want := make(map[string]int)
		for n := range r.IntN(120) {
			services := []string{"a", "b", "c", "leaky"}[r.IntN(3):]
			m := described([]profile.TenantID{"acme", "beta"}[r.IntN(2)], n, 1+r.Int64N(1<<r.IntN(28)), services...)
			blocks = append(blocks, m)
			for _, s := range services {
				if s != "leaky" {
					want[string(m.Tenant)+m.ID+s] = 1
				}
			}
		}
		p := fanout.NewPlan(limits, task(t, engine.WantTree, "{}"), blocks)
		got := make(map[string]int)
		see := func(tenant profile.TenantID, blocks []*block.Meta) {
			for _, m := range blocks {
				require.Equal(t, tenant, m.Tenant)
				for _, d := range m.Datasets {
					got[string(tenant)+m.ID+d.Service]++
				}
			}
		}
		for _, m := range p.Blocks {
			see(m.Tenant, []*block.Meta{m})
		}
		for _, s := range p.Shards {
			require.NotEmpty(t, s.Blocks)
			see(s.Tenant, s.Blocks)
		}
		require.Equal(t, want, got, "seed %d", seed)
		require.LessOrEqual(t, len(p.Shards), max(limits.MaxWorkers, 2))
		require.Equal(t, p.Inline, len(p.Shards) == 0)
		// The order of the blocks does not matter to shards.
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		if again := fanout.NewPlan(limits, task(t, engine.WantTree, "{}"), blocks); !p.Inline {
			require.Equal(t, render(p), render(again))
		}
	}
}

// A shard is never too large to be sent, however many workers that takes.
func TestShardsCanBeSent(t *testing.T) {
	var services []string
	for i := range 2000 {
		services = append(services, fmt.Sprintf("service-%04d-%s", i, strings.Repeat("x", 100)))
	}
	limits := fanout.DefaultSettings().Limits
	limits.InlineBytes, limits.MaxWorkers = -1, 2
	p := fanout.NewPlan(limits, task(t, engine.WantTree, "{}"), several("acme", 64, mib, services...))
	require.Greater(t, len(p.Shards), 2)
	seen := 0
	for _, s := range p.Shards {
		r := querybackend.Request{Tenant: s.Tenant, Task: *task(t, engine.WantTree, "{}"), Blocks: s.Blocks}
		require.LessOrEqual(t, len(r.Append(nil)), querybackend.MaxRequestBytes)
		seen += len(s.Blocks)
	}
	require.Equal(t, 64, seen)
	require.True(t, slices.IsSortedFunc(p.Shards[0].Blocks, func(a, b *block.Meta) int { return int(a.MinTime - b.MinTime) }))
}
