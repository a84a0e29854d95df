package resultcache

import (
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

func TestSlicesAreAlignedAndWithoutGaps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	least := lengths()[len(lengths())-1]
	for range 2000 {
		from := r.Int64N(1 << 61)
		to := from + r.Int64N(int64(40*24*time.Hour))
		spans := cut(from, to, 1)
		at := from
		for i, s := range spans {
			if i == 0 {
				require.Less(t, s.from-from, least)
				at = s.from
			}
			require.Equal(t, at, s.from)
			require.Zero(t, s.from%(s.to-s.from))
			require.Contains(t, lengths(), s.to-s.from)
			at = s.to
		}
		if len(spans) == 0 {
			require.Less(t, to-from, 2*least)
			continue
		}
		require.LessOrEqual(t, at, to)
		require.Less(t, to-at, least)
		require.LessOrEqual(t, len(spans), 40+2*(3+5+3))
	}
}

func TestSlicesFitTheStepOfPoints(t *testing.T) {
	day := int64(24 * time.Hour)
	for step, least := range map[time.Duration]time.Duration{
		15 * time.Second: 15 * time.Minute, 15 * time.Minute: 15 * time.Minute, 30 * time.Minute: time.Hour,
		time.Hour: time.Hour, 2 * time.Hour: 6 * time.Hour, 24 * time.Hour: 24 * time.Hour,
	} {
		spans := cut(day+1, 3*day-1, int64(step))
		if step == 24*time.Hour {
			require.Empty(t, spans)
			continue
		}
		require.Equal(t, day+int64(least), spans[0].from, step)
		for _, s := range spans {
			require.Zero(t, (s.to-s.from)%int64(step))
		}
	}
	require.Empty(t, cut(0, 10*day, int64(7*time.Second)), "no slice has a whole number of such steps")
	require.Empty(t, cut(0, 10*day, math.MaxInt64))
	require.Empty(t, cut(-5, 10*day, 1))
}

func describe(id string, from, to int64) *block.Meta {
	m := &block.Meta{Tenant: "acme", ID: id, MinTime: from, MaxTime: to, Size: 1 << 10, Volumes: make([]block.Volume, 1),
		Kinds: []block.Kind{{Name: "cpu", Samples: []profile.ValueType{{Type: "cpu", Unit: "ns"}}}}}
	m.Datasets = []block.DatasetRef{{Service: "a", Shards: 1, Kinds: []int{0}, Checksum: 1}}
	return m
}

// The name of a result follows from the task and the blocks of its time, and
// from nothing else.
func TestNamesOfResults(t *testing.T) {
	hour := int64(time.Hour)
	now := time.Unix(0, 1000*hour)
	c := New(Settings{}, nil, nil, func() time.Time { return now }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	task := engine.Task{Want: engine.WantTree, Query: engine.Query{
		From: 980 * hour, To: 985 * hour, Type: profile.Type{Name: "cpu", Sample: profile.ValueType{Type: "cpu", Unit: "ns"}},
	}}
	blocks := []*block.Meta{describe("A", 979*hour, 982*hour), describe("B", 982*hour+1, 985*hour)}
	keys := func(tenant profile.TenantID, task engine.Task, blocks ...*block.Meta) (out []string) {
		for _, s := range c.Plan(tenant, &task, blocks).slices {
			out = append(out, s.key)
		}
		return out
	}
	want := keys("acme", task, blocks...)
	require.Len(t, want, 5)
	require.Equal(t, want, keys("acme", task, blocks[1], blocks[0]), "the order of blocks")
	later := task
	later.From, later.To = later.From+hour/2, later.To+hour/2
	require.Subset(t, keys("acme", later, blocks...), want[1:], "later times")

	other := describe("B", 982*hour+1, 985*hour)
	other.Datasets[0].Checksum = 2
	got := keys("acme", task, blocks[0], other)
	require.Equal(t, want[:2], got[:2], "only slices of the block that changed")
	require.NotEqual(t, want[4], got[4])
	late := keys("acme", task, append(blocks, describe("C", 983*hour, 983*hour+5))...)
	require.Equal(t, want[:2], late[:2])
	require.NotEqual(t, want[3], late[3])
	merged := task
	merged.Want = engine.WantMerged
	require.NotSubset(t, want, keys("acme", merged, blocks...))
	require.NotSubset(t, want, keys("beta", task, blocks...))

	now = time.Unix(0, 982*hour)
	require.Len(t, c.Plan("acme", &task, blocks).slices, 2, "only slices that have ended")
	spans := task
	spans.Spans = map[uint64]bool{1: true}
	require.Nil(t, c.Plan("acme", &spans, blocks))
	c.settings.MinBytesFirst = 1 << 20
	c.memory = bytecache.New(1 << 20)
	require.Nil(t, c.Plan("acme", &task, blocks), "small and new")
	require.NotNil(t, c.Plan("acme", &later, blocks), "small and seen")
	require.Nil(t, c.Plan("beta", &task, blocks), "seen of another tenant")
	c.settings.MinBytes = 1 << 20
	require.Nil(t, c.Plan("acme", &task, blocks), "too small")
	require.Nil(t, (*Cache)(nil).Plan("acme", &task, blocks))
}

func TestDamagedResultsAreNotRead(t *testing.T) {
	task := engine.Task{Want: engine.WantTree}
	b := seal(engine.NewReport(engine.WantTree))
	_, err := unseal(b, task)
	require.NoError(t, err)
	for i := range b {
		b[i] ^= 4
		_, err := unseal(b, task)
		require.ErrorIs(t, err, errDamaged)
		b[i] ^= 4
	}
	_, err = unseal(nil, task)
	require.ErrorIs(t, err, errDamaged)
	require.NotErrorIs(t, err, objstore.ErrNotExist)
}
