package sweep_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// world is blocks that are called by short names.
type world struct {
	t     *testing.T
	plan  *faultplan.Plan
	mem   *objstoretest.Mem
	index *blockindextest.Mem
	now   time.Time
	log   bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, plan: faultplan.New(), mem: objstoretest.NewMem(), index: blockindextest.NewMem(), now: start}
	w.mem.Now = w.clock
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) sweeper(s sweep.Settings) *sweep.Sweeper {
	return sweep.New(s, sweep.Deps{
		Store: objstoretest.NewFaultsOf(w.plan, w.mem), Index: blockindextest.NewFaultsOf(w.plan, w.index),
		Now: w.clock, Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	})
}

func idOf(name string) string {
	var u ulid.ULID
	copy(u[6:], name)
	return u.String()
}

func nameOf(id string) string {
	u := ulid.MustParse(id)
	return strings.TrimRight(string(u[6:]), "\x00")
}

// object writes the object of a block whose one profile is of now, and returns
// its row.
func (w *world) object(tenant profile.TenantID, name string, level int, sources ...string) blockindex.Row {
	for i, s := range sources {
		sources[i] = idOf(s)
	}
	p := &pprof.Profile{
		SampleTypes: []profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}, TimeNanos: w.now.UnixNano(),
		Strings: []string{"", "main"}, Functions: []pprof.Function{{Name: 1}}, Locations: []pprof.Location{{NumLines: 1}},
		Lines: []pprof.Line{{}}, Stacks: []uint32{0}, Samples: []pprof.Sample{{StackEnd: 1}}, Values: []int64{1},
	}
	b := block.NewBuilder(block.Options{})
	require.NoError(w.t, b.Add(profile.NewLabels(profile.LabelName, "x", profile.LabelServiceName, "s"), profile.ID{1}, p))
	body, m, err := b.Build(tenant, idOf(name), level, sources)
	require.NoError(w.t, err)
	require.NoError(w.t, w.mem.Put(w.t.Context(), m.Key(), body))
	return blockindex.Row{
		Tenant: tenant, ID: m.ID, Level: level, MinTime: m.MinTime, MaxTime: m.MaxTime,
		CommittedAt: w.now.UnixMilli(), Sources: sources, Detail: m.Append(nil),
	}
}

func (w *world) block(tenant profile.TenantID, name string, level int, sources ...string) {
	require.NoError(w.t, w.index.Insert(w.t.Context(), w.object(tenant, name, level, sources...)))
}

// state is what there is: the rows, and the objects that have none.
func (w *world) state() string {
	var rows, orphans []string
	tenants, err := w.index.Tenants(w.t.Context())
	require.NoError(w.t, err)
	has := make(map[string]bool)
	for _, tenant := range tenants {
		all, err := w.index.All(w.t.Context(), tenant)
		require.NoError(w.t, err)
		for _, r := range all {
			rows = append(rows, nameOf(r.ID))
			has[block.Key(tenant, r.ID)] = true
			_, err := w.mem.Get(w.t.Context(), block.Key(tenant, r.ID))
			require.NoError(w.t, err, "a row has its object")
		}
	}
	infos, err := w.mem.List(w.t.Context(), "", "", 1000)
	require.NoError(w.t, err)
	for _, o := range infos {
		if !has[o.Key] {
			orphans = append(orphans, nameOf(o.Key[strings.LastIndex(o.Key, "/")+1:]))
		}
	}
	slices.Sort(rows)
	slices.Sort(orphans)
	return strings.Join(rows, " ") + " | " + strings.Join(orphans, " ")
}

func (w *world) rows(s sweep.Settings) sweep.Stats {
	stats, err := w.sweeper(s).Rows(w.t.Context())
	require.NoError(w.t, err)
	return stats
}

func (w *world) orphans(s sweep.Settings) sweep.Stats {
	stats, err := w.sweeper(s).Orphans(w.t.Context())
	require.NoError(w.t, err)
	return stats
}

func TestReplacedBlocksGoAfterTheDelay(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	w.block("acme", "a", 0)
	w.block("acme", "b", 0)
	w.block("acme", "c", 0)
	w.now = w.now.Add(time.Hour) // counts from the commit of what replaces them
	w.block("acme", "A", 1, "a", "b")
	w.now = w.now.Add(s.Delay - time.Millisecond)
	require.Zero(t, w.rows(s))
	w.now = w.now.Add(time.Millisecond)
	stats := w.rows(s)
	require.Equal(t, 2, stats.Replaced)
	require.Positive(t, stats.Bytes)
	require.Equal(t, "A c | ", w.state())
	require.Zero(t, w.rows(s))
}

// TestARowGoesAfterWhatItReplaces: A replaces a and is replaced by X. Without A
// a would be found again, beside X, which holds its profiles.
func TestARowGoesAfterWhatItReplaces(t *testing.T) {
	build := func() *world {
		w := newWorld(t)
		w.block("acme", "a", 0)
		w.block("acme", "A", 1, "a")
		w.block("acme", "X", 2, "A")
		w.now = w.now.Add(time.Hour)
		return w
	}
	s := sweep.DefaultSettings()
	w := build()
	w.rows(s)
	require.Equal(t, "X | ", w.state())
	calls := w.plan.Calls()
	for n := range calls {
		for _, when := range faultplan.Both {
			w := build()
			w.plan.CrashAt(n+1, when)
			_, err := w.sweeper(s).Rows(t.Context())
			require.ErrorIs(t, err, faultplan.ErrCrashed)
			found, err := w.index.Find(t.Context(), "acme", 0, start.Add(time.Hour).UnixNano())
			require.NoError(t, err)
			require.Len(t, found, 1, "crash at call %d, %v it", n+1, when)
			require.Equal(t, "X", nameOf(found[0].ID))
			w.plan.Revive()
			w.now = w.now.Add(time.Hour)
			w.rows(s)
			w.orphans(s)
			require.Equal(t, "X | ", w.state(), "crash at call %d, %v it", n+1, when)
		}
	}
	// By the clock of who replaced a that was later than A was replaced: A waits.
	w = newWorld(t)
	w.block("acme", "a", 0)
	ahead := w.object("acme", "A", 1, "a")
	ahead.CommittedAt += (s.Delay - time.Minute).Milliseconds()
	require.NoError(t, w.index.Insert(t.Context(), ahead))
	w.block("acme", "X", 2, "A")
	w.now = w.now.Add(s.Delay)
	w.rows(s)
	require.Equal(t, "A X a | ", w.state())
	w.now = w.now.Add(s.Delay)
	w.rows(s)
	require.Equal(t, "X | ", w.state())
}

func TestRetention(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	w.block("acme", "a", 0)
	w.block("acme", "A", 1, "a")
	w.block("acme", "b", 0)
	w.now = w.now.Add(24 * time.Hour)
	w.block("acme", "c", 0)
	w.now = start.Add(s.Retention)
	w.rows(s)
	require.Equal(t, "A b c | ", w.state(), "not yet")
	w.now = w.now.Add(time.Millisecond)
	require.Equal(t, 2, w.rows(s).Expired)
	require.Equal(t, "c | A b", w.state(), "queries may be reading the objects")
	w.orphans(s)
	require.Equal(t, "c | A b", w.state())
	w.now = w.now.Add(s.Delay + s.OrphanAge)
	require.Equal(t, 2, w.orphans(s).Orphans)
	require.Equal(t, "c | ", w.state())
	w.now = w.now.Add(48 * time.Hour)
	w.rows(s)
	w.now = w.now.Add(48 * time.Hour)
	w.orphans(s)
	require.Equal(t, " | ", w.state(), "also of a tenant that has no rows any more")

	w = newWorld(t)
	w.block("acme", "a", 0)
	w.now = w.now.Add(100 * 365 * 24 * time.Hour)
	s.Retention = 0
	require.Zero(t, w.rows(s), "0 keeps all")
	require.Zero(t, w.orphans(s))
}

// TestRetentionKeepsWhatHidesOthers: a block has expired whose sources were
// replaced a moment ago and are still there.
func TestRetentionKeepsWhatHidesOthers(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	w.block("acme", "a", 0)
	row := w.object("acme", "A", 1, "a")
	w.now = w.now.Add(s.Retention + time.Hour)
	row.CommittedAt = w.now.UnixMilli()
	require.NoError(t, w.index.Insert(t.Context(), row))
	w.rows(s)
	require.Equal(t, "A a | ", w.state())
	w.now = w.now.Add(s.Delay)
	w.rows(s)
	require.Equal(t, " | A", w.state())
}

func TestOrphans(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	for _, tenant := range []profile.TenantID{"a", "a!", "a.b", "a0", "acme", "b"} {
		w.block(tenant, "kept", 0)
		w.object(tenant, "lost", 0)
	}
	w.block("acme", "s", 0)
	w.object("acme", "again", 1, "s", "kept")    // its job will come again
	w.object("acme", "never", 1, "s", "missing") // one of its sources is gone
	require.NoError(t, w.mem.Put(t.Context(), "acme/blocks/"+idOf("alien"), []byte("not a block")))
	require.NoError(t, w.mem.Put(t.Context(), "acme/inbox/"+idOf("inbox"), []byte("not there")))
	require.NoError(t, w.mem.Put(t.Context(), "~unknown/poison/"+idOf("poison"), []byte("not there")))
	w.now = w.now.Add(s.OrphanAge - time.Millisecond)
	w.object("acme", "young", 0)
	require.Zero(t, w.orphans(s))
	w.now = w.now.Add(time.Millisecond)
	stats := w.orphans(s)
	require.Equal(t, 7, stats.Orphans)
	require.Equal(t, "kept kept kept kept kept kept s | again alien inbox poison young", w.state())

	w.block("acme", "other", 1, "s")
	w.orphans(s)
	require.Equal(t, "kept kept kept kept kept kept other s | alien inbox poison young", w.state(), "a source was replaced: no job has both")
}

func TestManyOrphansAndLongDescriptions(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	for i := range 1005 { // more than one list returns
		w.object("acme", fmt.Sprintf("o%d", i), 0)
	}
	sources := make([]string, 900) // a description longer than is read at first
	for i := range sources {
		sources[i] = fmt.Sprintf("s%d", i)
	}
	w.object("acme", "merged", 1, sources...)
	w.now = w.now.Add(s.Retention + 48*time.Hour) // what counts and has no row is another matter
	require.Equal(t, 1006, w.orphans(s).Orphans)
}

// The index of a tenant was lost, or the function has been given an empty table.
func TestBlocksOfATimeWithoutRowsAreKept(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	w.object("acme", "a", 0)
	w.object("acme", "b", 0)
	w.block("other", "c", 0)
	w.object("other", "d", 0)
	w.now = w.now.Add(10 * 24 * time.Hour)
	w.block("acme", "e", 0) // acme goes on pushing
	w.object("acme", "f", 0)
	w.now = w.now.Add(2 * time.Hour)
	require.Equal(t, 2, w.orphans(s).Orphans)
	require.Equal(t, "c e | a b", w.state(), "d and f were left by crashes: what they have was written again")
	require.Contains(t, w.log.String(), `"tenant":"acme","objects":2,"rows":1`)
	require.NotContains(t, w.log.String(), `"tenant":"other"`)
	w.now = start.Add(s.Retention + 48*time.Hour)
	w.log.Reset()
	require.Equal(t, 2, w.orphans(s).Orphans, "they have expired")
	require.Equal(t, "c e | ", w.state())
	require.Empty(t, w.log.String())

	w, s = newWorld(t), sweep.DefaultSettings()
	s.Retention = 0
	w.object("acme", "a", 0)
	w.now = w.now.Add(365 * 24 * time.Hour)
	require.Zero(t, w.orphans(s), "kept for ever")
}

func TestATenantThatFailsDoesNotStopOthers(t *testing.T) {
	w, s := newWorld(t), sweep.DefaultSettings()
	for _, tenant := range []profile.TenantID{"a", "b"} {
		w.block(tenant, "x", 0)
		w.block(tenant, "X", 1, "x")
		w.object(tenant, "lost", 0)
	}
	w.now = w.now.Add(time.Hour)
	w.plan.FailNext(blockindextest.All, faultplan.Before, nil)
	stats, err := w.sweeper(s).Rows(t.Context())
	require.ErrorIs(t, err, faultplan.ErrFault)
	require.ErrorContains(t, err, "tenant a")
	require.Equal(t, sweep.Stats{Replaced: 1, Failed: 1, Bytes: stats.Bytes}, stats)
	w.plan.FailNext(blockindextest.All, faultplan.Before, nil)
	stats, err = w.sweeper(s).Orphans(t.Context())
	require.ErrorIs(t, err, faultplan.ErrFault)
	require.Equal(t, 1, stats.Orphans)
	require.Equal(t, 1, stats.Failed)
}

// Large answers to queries go when nobody can be reading them any more.
func TestAnswersOfQueryWorkers(t *testing.T) {
	w := newWorld(t)
	put := func(tenant profile.TenantID, n int) {
		for i := range n {
			key := querybackend.AnswerKey(tenant, fmt.Sprintf("%s-%04d", w.now.Format("1504"), i))
			require.NoError(t, w.mem.Put(t.Context(), key, []byte("an answer")))
		}
	}
	left := func(tenant profile.TenantID) int {
		page, err := w.mem.List(t.Context(), querybackend.AnswerPrefix(tenant), "", 1000)
		require.NoError(t, err)
		return len(page)
	}
	w.block("a", "A", 0)
	put("a", 1100) // more than a page
	put("b", 1)
	w.now = w.now.Add(time.Hour - time.Minute)
	put("a", 2)
	require.Zero(t, w.orphans(sweep.DefaultSettings()))
	w.now = w.now.Add(time.Minute)
	require.Equal(t, sweep.Stats{Answers: 1101, Bytes: 1101 * 9}, w.orphans(sweep.DefaultSettings()))
	require.Equal(t, 2, left("a"))
	require.Zero(t, left("b"))
	blocks, err := w.mem.List(t.Context(), block.Prefix("a"), "", 9)
	require.NoError(t, err)
	require.Len(t, blocks, 1, "blocks stay")
}

// Kept results go after a day. A tenant's go also if it has no blocks any more.
func TestKeptResults(t *testing.T) {
	w := newWorld(t)
	for _, tenant := range []profile.TenantID{"a", "b"} {
		require.NoError(t, w.mem.Put(t.Context(), resultcache.Prefix(tenant)+"0123", []byte("a result")))
	}
	w.block("a", "A", 0)
	w.now = w.now.Add(resultcache.MaxAge - time.Minute)
	require.Zero(t, w.orphans(sweep.DefaultSettings()))
	w.now = w.now.Add(time.Minute)
	require.Equal(t, sweep.Stats{Results: 2, Bytes: 2 * 8}, w.orphans(sweep.DefaultSettings()))
}

// TestInbox: large profiles wait for longer than their messages can.
func TestInbox(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"a/inbox/x", "b/inbox/y"} {
		require.NoError(t, w.mem.Put(t.Context(), key, []byte("x")))
	}
	w.now = start.Add(30*24*time.Hour - time.Second)
	stats, err := w.sweeper(sweep.DefaultSettings()).Orphans(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats)
	w.now = start.Add(30 * 24 * time.Hour)
	stats, err = w.sweeper(sweep.DefaultSettings()).Orphans(t.Context())
	require.NoError(t, err)
	require.Equal(t, sweep.Stats{Inbox: 2, Bytes: 2}, stats)
}

// TestUploads: bodies wait for a day, whether they were used or not.
func TestUploads(t *testing.T) {
	w := newWorld(t)
	keys := func() (out []string) {
		all, err := w.mem.List(t.Context(), "", "", 100)
		require.NoError(t, err)
		for _, o := range all {
			out = append(out, o.Key)
		}
		return out
	}
	for _, key := range []string{"a/uploads/A", "b/uploads/B", "a/inbox/x", "poison/uploads!/x"} {
		require.NoError(t, w.mem.Put(t.Context(), key, []byte("x")))
	}
	w.now = w.now.Add(time.Minute)
	require.NoError(t, w.mem.Put(t.Context(), "a/uploads/C", []byte("x")))
	w.now = start.Add(24*time.Hour - time.Second)
	stats, err := w.sweeper(sweep.DefaultSettings()).Orphans(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats)
	w.now = start.Add(24 * time.Hour)
	stats, err = w.sweeper(sweep.DefaultSettings()).Orphans(t.Context())
	require.NoError(t, err)
	require.Equal(t, sweep.Stats{Uploads: 2, Bytes: 2}, stats)
	require.Equal(t, []string{"a/inbox/x", "a/uploads/C", "poison/uploads!/x"}, keys())
	w.now = w.now.Add(time.Minute)
	w.plan.FailNext(objstoretest.Delete, faultplan.Before, nil)
	stats, err = w.sweeper(sweep.DefaultSettings()).Orphans(t.Context())
	require.ErrorIs(t, err, faultplan.ErrFault)
	require.Equal(t, 1, stats.Failed)
}
