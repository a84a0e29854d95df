package recovery_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

func TestAnIndexThatIsLostIsRebuilt(t *testing.T) {
	for seed := range uint64(4) {
		w := newWorld(t, seed)
		w.fill()
		rows, found, answers := map[profile.TenantID]any{}, map[profile.TenantID][]string{}, map[profile.TenantID]int64{}
		for _, tenant := range tenants {
			rows[tenant], found[tenant], answers[tenant] = w.rows(tenant), w.found(tenant), w.answer(tenant)
			require.Greater(t, len(w.rows(tenant)), len(found[tenant]), "some are replaced and still there")
			require.Positive(t, answers[tenant])
		}
		volumes := 0
		for _, r := range w.rows("acme") {
			m, err := block.ParseMeta(r.Detail)
			require.NoError(t, err)
			volumes = max(volumes, len(m.Volumes))
		}
		require.Greater(t, volumes, 1)
		w.index = blockindextest.NewMem()
		dry, err := recovery.Reindex(t.Context(), w.deps(), "", true)
		require.NoError(t, err)
		known, err := w.index.Tenants(t.Context())
		require.NoError(t, err)
		require.Empty(t, known)

		done, err := recovery.Reindex(t.Context(), w.deps(), "", false)
		require.NoError(t, err)
		require.Equal(t, dry, done)
		require.Empty(t, done.LeftOut)
		require.Equal(t, 2, done.Tenants)
		for _, tenant := range tenants {
			require.Equal(t, rows[tenant], w.rows(tenant))
			require.Equal(t, found[tenant], w.found(tenant))
			require.Equal(t, answers[tenant], w.answer(tenant))
		}
		v, err := recovery.Verify(t.Context(), w.deps(), recovery.VerifyOptions{Deep: true})
		require.NoError(t, err)
		require.Empty(t, v.Problems)

		// Life goes on: what was replaced is swept, the rest is merged.
		again, err := recovery.Reindex(t.Context(), w.deps(), "", false)
		require.NoError(t, err)
		require.Zero(t, again.Rows)
		require.Equal(t, done.Blocks, again.There)
		w.now = w.now.Add(5 * time.Hour)
		_, err = w.compactor().RunAll(t.Context())
		require.NoError(t, err)
		w.now = w.now.Add(time.Hour)
		w.sweep()
		for _, tenant := range tenants {
			require.Equal(t, answers[tenant], w.answer(tenant))
		}
	}
}

func TestReindexOfOneTenantAddsWhatIsMissing(t *testing.T) {
	w := newWorld(t, 9)
	w.fill()
	want := w.rows("acme")
	live := w.found("acme")
	require.NoError(t, w.index.Delete(t.Context(), "acme", live[0]))
	require.NoError(t, w.index.Delete(t.Context(), "rival", w.found("rival")[0]))
	rival := w.rows("rival")
	require.NoError(t, w.store.Put(t.Context(), "acme/blocks/readme", []byte("no block")))
	require.NoError(t, w.store.Put(t.Context(), "poison/x", []byte("set aside")))
	done, err := recovery.Reindex(t.Context(), w.deps(), "acme", false)
	require.NoError(t, err)
	require.Equal(t, 1, done.Rows)
	require.Equal(t, []string{"acme/blocks/readme"}, done.Foreign)
	require.Equal(t, want, w.rows("acme"))
	require.Equal(t, rival, w.rows("rival"))
}

// TestOfBlocksThatShareASourceOneGetsARow: a worker's job was overtaken by
// another one's, and its object is still there when the index is lost.
func TestOfBlocksThatShareASourceOneGetsARow(t *testing.T) {
	for name, swept := range map[string]bool{"soon": false, "when the sources are swept": true} {
		for _, others := range []int{0, 3} { // what else the overtaken job had as a source
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, 20)
				for range 4 + others {
					w.push("acme", 3)
					w.now = w.now.Add(time.Second)
				}
				w.now = w.now.Add(time.Hour)
				rows, err := w.index.All(t.Context(), "acme")
				require.NoError(t, err)
				slices.SortFunc(rows, func(a, b blockindex.Row) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
				w.overtaken(rows[2:]) // shares two with the job of the first four
				want := w.answer("acme")
				jobs, err := compaction.Plan(w.now, rows[:4], policy())
				require.NoError(t, err)
				_, err = w.compactor().Run(t.Context(), jobs[0])
				require.NoError(t, err)
				if swept {
					w.now = w.now.Add(20 * time.Minute)
					w.sweepRows()
				}
				found := w.found("acme")
				w.index = blockindextest.NewMem()
				done, err := recovery.Reindex(t.Context(), w.deps(), "", false)
				require.NoError(t, err)
				require.Len(t, done.LeftOut, 1)
				require.Equal(t, want, w.answer("acme"))
				if swept {
					require.Equal(t, found, w.found("acme"))
				}
				again, err := recovery.Reindex(t.Context(), w.deps(), "", false)
				require.NoError(t, err)
				require.Equal(t, done.LeftOut, again.LeftOut)
				require.Equal(t, want, w.answer("acme"))
			})
		}
	}
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	ctx := t.Context()
	for name, tt := range map[string]struct {
		harm func(w *world, r blockindex.Row)
		want recovery.ProblemKind
		deep bool // found only then
	}{
		"nothing":               {harm: func(*world, blockindex.Row) {}},
		"the object is gone":    {harm: func(w *world, r blockindex.Row) { require.NoError(t, w.store.Delete(ctx, block.Key("acme", r.ID))) }, want: recovery.Missing},
		"the row is gone":       {harm: func(w *world, r blockindex.Row) { require.NoError(t, w.index.Delete(ctx, "acme", r.ID)) }, want: recovery.Orphan},
		"a description is lost": {harm: func(w *world, r blockindex.Row) { w.detail(r, nil) }, want: recovery.Unreadable},
		"a description of another": {harm: func(w *world, r blockindex.Row) {
			w.detail(r, w.push("acme", 1).Detail)
		}, want: recovery.Unreadable},
		"a description of other content": {harm: func(w *world, r blockindex.Row) {
			m, err := block.ParseMeta(r.Detail)
			require.NoError(t, err)
			m.Profiles++
			w.detail(r, m.Append(nil))
		}, want: recovery.Differs},
		"the end is damaged": {harm: func(w *world, r blockindex.Row) { w.flip(r, -3) }, want: recovery.Damaged},
		"a page is damaged":  {harm: func(w *world, r blockindex.Row) { w.flip(r, 2000) }, want: recovery.Damaged, deep: true},
		"no block": {harm: func(w *world, _ blockindex.Row) {
			require.NoError(t, w.store.Put(ctx, "acme/blocks/x", []byte("x")))
		}, want: recovery.Foreign},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 30)
			row := w.push("acme", 20)
			w.push("acme", 2)
			w.push("rival", 2)
			tt.harm(w, row)
			w.now = w.now.Add(3 * time.Hour)
			for _, deep := range []bool{false, true} {
				v, err := recovery.Verify(ctx, w.deps(), recovery.VerifyOptions{Deep: deep, Young: 2 * time.Hour})
				require.NoError(t, err)
				require.Equal(t, 2, v.Tenants)
				if tt.want == "" || tt.deep && !deep {
					require.Empty(t, v.Problems)
					continue
				}
				require.Len(t, v.Problems, 1, "%v", v.Problems)
				require.Equal(t, tt.want, v.Problems[0].Kind)
				require.Equal(t, profile.TenantID("acme"), v.Problems[0].Tenant)
				other, err := recovery.Verify(ctx, w.deps(), recovery.VerifyOptions{Deep: deep, Tenant: "rival"})
				require.NoError(t, err)
				require.Empty(t, other.Problems)
			}
		})
	}
}

func TestVerifyLeavesYoungObjectsAlone(t *testing.T) {
	w := newWorld(t, 31)
	r := w.push("acme", 2)
	require.NoError(t, w.index.Delete(t.Context(), "acme", r.ID))
	v, err := recovery.Verify(t.Context(), w.deps(), recovery.VerifyOptions{Young: 2 * time.Hour})
	require.NoError(t, err)
	require.Empty(t, v.Problems)
	require.Equal(t, 1, v.Young)
}

func TestInspectAddsUp(t *testing.T) {
	w := newWorld(t, 40)
	m, err := block.ParseMeta(w.push("acme", 30).Detail)
	require.NoError(t, err)
	b, err := recovery.Inspect(t.Context(), w.store, m)
	require.NoError(t, err)
	require.Equal(t, m.ID, b.ID)
	require.Len(t, b.Datasets, len(m.Datasets))
	profiles, samples, cpu := 0, 0, int64(0)
	for _, d := range b.Datasets {
		profiles += d.Profiles
		samples += d.Samples
		require.NotEmpty(t, d.Types)
		require.Positive(t, d.Series)
		require.False(t, d.From.Before(b.From) || d.To.After(b.To))
		for _, ty := range d.Types {
			if ty.Type == "process_cpu:cpu:nanoseconds:cpu:nanoseconds" {
				cpu += ty.Total
			}
		}
	}
	require.Equal(t, int(m.Profiles), profiles)
	require.Equal(t, int(m.Samples), samples)
	require.Equal(t, w.answer("acme"), cpu)
}

// TestProgressIsToldOfAll: what is told ends with all of it.
func TestProgressIsToldOfAll(t *testing.T) {
	w := newWorld(t, 50)
	for range 5 {
		w.push("acme", 2)
	}
	for name, c := range map[string]struct {
		do   func(recovery.Deps) error
		want map[string]int
	}{
		"verify": {func(d recovery.Deps) error {
			_, err := recovery.Verify(t.Context(), d, recovery.VerifyOptions{Deep: true})
			return err
		}, map[string]int{"objects of acme": 5, "blocks of acme": 5}},
		"reindex": {func(d recovery.Deps) error {
			d.Index = blockindextest.NewMem()
			_, err := recovery.Reindex(t.Context(), d, "", false)
			return err
		}, map[string]int{"objects of acme": 5, "rows of acme": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			most, calls := make(map[string]int), 0
			d := w.deps()
			d.Progress = func(what string, done, total int) {
				mu.Lock()
				defer mu.Unlock()
				calls++
				assert.Equal(t, 5, total, what)
				most[what] = max(most[what], done)
			}
			require.NoError(t, c.do(d))
			require.Equal(t, c.want, most)
			require.Equal(t, 2*(1+5), calls)
		})
	}
}
