package limits_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/relabel"
)

func defaults(t *testing.T) limits.Limits {
	c, err := config.LoadIngest(func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	l, err := limits.Defaults(c)
	require.NoError(t, err)
	return l
}

func TestDefaultsThatAreNoRules(t *testing.T) {
	_, err := limits.Defaults(config.Ingest{RelabelRules: `[{"action":"explode"}]`, SampleTypeRules: "{}", Sampling: "2"})
	require.ErrorIs(t, err, relabel.ErrRules)
	require.ErrorIs(t, err, limits.ErrSampling)
	for _, name := range []string{"PYROCUMULUS_RELABEL_RULES", "PYROCUMULUS_SAMPLE_TYPE_RULES", "PYROCUMULUS_SAMPLING"} {
		require.ErrorContains(t, err, name)
	}
}

// world is limits and what they stand on.
type world struct {
	*limits.Tenants
	t        *testing.T
	now      time.Time
	store    *recordstest.Faults
	admin    limits.Admin
	defaults limits.Limits
	log      bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Unix(1_800_000_000, 0), store: recordstest.NewFaults(recordstest.NewMem()), defaults: defaults(t)}
	w.admin = limits.Admin{Store: w.store}
	w.Tenants = limits.New(w.defaults, w.store, func() time.Time { return w.now }, slog.New(slog.NewJSONHandler(&w.log, nil)))
	return w
}

func (w *world) set(tenant profile.TenantID, o limits.Overrides) {
	w.t.Helper()
	require.NoError(w.t, w.admin.Set(w.t.Context(), tenant, o))
}

func (w *world) of(tenant profile.TenantID) limits.Limits { return w.Of(w.t.Context(), tenant) }

// TestEveryLimitCanBeOverridden: each setting changes one field, and every field
// has a setting.
func TestEveryLimitCanBeOverridden(t *testing.T) {
	base := defaults(t)
	changed := make(map[string]bool)
	texts := map[string]string{"relabel_rules": `[{"action":"drop"}]`, "sample_type_rules": `[{"action":"keep"}]`, "sampling": "0.5"}
	for _, s := range limits.Settings() {
		require.NotEmpty(t, s.Variable.Meaning, s.Name)
		text, ok := texts[s.Name]
		if !ok {
			text = s.Variable.Max
		}
		l, err := limits.Overrides{s.Name: text}.Apply(base)
		require.NoError(t, err)
		a, b := reflect.ValueOf(base), reflect.ValueOf(l)
		n := 0
		for i := range a.NumField() {
			if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				changed[a.Type().Field(i).Name] = true
				n++
			}
		}
		require.Equal(t, 1, n, s.Name)
	}
	require.Len(t, changed, reflect.TypeFor[limits.Limits]().NumField())
}

func TestDefaultsAndOverrides(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, w.defaults, w.of("a"))
	w.set("b", limits.Overrides{"ingestion_rate": "16MiB", "reject_older_than": " 6h "})
	want := w.defaults
	want.IngestionRate, want.RejectOlderThan = 16<<20, 6*time.Hour
	require.Equal(t, want, w.of("b"))
	require.Equal(t, w.defaults, w.of("a"), "another tenant")
}

func TestOverridesAreInForceWithinAMinute(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 30, w.of("a").MaxLabels)
	w.set("a", limits.Overrides{"max_labels": "50"})
	calls := w.store.Calls(recordstest.Get)
	for range 49 {
		w.now = w.now.Add(time.Second)
		require.Equal(t, 30, w.of("a").MaxLabels)
	}
	require.Equal(t, calls, w.store.Calls(recordstest.Get), "nobody asked")
	w.now = w.now.Add(time.Second)
	require.Equal(t, 50, w.of("a").MaxLabels)
	require.NoError(t, w.admin.Unset(t.Context(), "a", "max_labels"))
	w.now = w.now.Add(time.Minute)
	require.Equal(t, 30, w.of("a").MaxLabels)
}

func TestTroubleWithTheStore(t *testing.T) {
	w := newWorld(t)
	w.set("a", limits.Overrides{"max_labels": "50"})
	require.Equal(t, 50, w.of("a").MaxLabels)
	boom := errors.New("boom")
	w.store.SetHook(func(faultplan.Call, faultplan.When) error { return boom })
	w.now = w.now.Add(time.Hour)
	calls := w.store.Calls()
	for range 4 {
		require.Equal(t, 50, w.of("a").MaxLabels, "the last known")
		require.Equal(t, w.defaults, w.of("new"))
		w.now = w.now.Add(time.Second)
	}
	require.Equal(t, calls+2, w.store.Calls(), "it is left alone for a while")
	require.Contains(t, w.log.String(), "limits not read")
	w.store.SetHook(nil)
	w.set("a", limits.Overrides{"max_labels": "60"})
	w.now = w.now.Add(time.Second)
	require.Equal(t, 60, w.of("a").MaxLabels)
}

// hanging is a store that never answers.
type hanging struct{}

func (hanging) Get(ctx context.Context, _ records.Name) (records.Record, error) {
	<-ctx.Done()
	return records.Record{}, ctx.Err()
}

func TestASlowStoreDoesNotHoldUp(t *testing.T) {
	tenants := limits.New(defaults(t), hanging{}, time.Now, slog.New(slog.DiscardHandler))
	for range 5 {
		require.Equal(t, defaults(t), tenants.Of(t.Context(), "a"))
	}
}

func TestOverridesThatAreNotUnderstood(t *testing.T) {
	w := newWorld(t)
	put := func(tenant profile.TenantID, value string) {
		_, err := w.store.Put(t.Context(), records.Record{
			Name: records.Name{Tenant: tenant, Kind: limits.Kind, Key: "overrides"}, Value: []byte(value),
		})
		require.NoError(t, err)
	}
	put("a", `{"max_labels":"50","max_label_name_bytes":"much","from_the_future":"1"}`)
	want := w.defaults
	want.MaxLabels = 50
	require.Equal(t, want, w.of("a"), "the others are in force")
	require.Contains(t, w.log.String(), "max_label_name_bytes")
	for i, damaged := range []string{"", "null", "[]", `{"max_labels":5}`} {
		require.Equal(t, w.defaults, func() limits.Limits {
			tenant := profile.TenantID(fmt.Sprint("damaged", i))
			put(tenant, damaged)
			return w.of(tenant)
		}(), damaged)
	}
}

func TestManyTenants(t *testing.T) {
	w := newWorld(t)
	w.set("a", limits.Overrides{"max_labels": "50"})
	for i := range 30_000 {
		w.of(profile.TenantID(fmt.Sprint(i)))
		require.LessOrEqual(t, w.Known(), 10_000)
	}
	require.Equal(t, 50, w.of("a").MaxLabels)
}

func TestConcurrentUse(t *testing.T) {
	w := newWorld(t)
	w.set("a", limits.Overrides{"max_labels": "50"})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 100 {
				if l := w.Of(context.Background(), "a").MaxLabels; l != 50 {
					t.Errorf("%d labels", l)
				}
			}
		})
	}
	wg.Wait()
}

func TestAdmin(t *testing.T) {
	w := newWorld(t)
	get := func() limits.Overrides {
		o, err := w.admin.Get(t.Context(), "a")
		require.NoError(t, err)
		return o
	}
	require.Empty(t, get())
	w.set("a", limits.Overrides{"max_labels": "50", "ingestion_rate": "0"})
	w.set("a", limits.Overrides{"max_labels": "60"})
	require.Equal(t, limits.Overrides{"max_labels": "60", "ingestion_rate": "0"}, get())
	for name, want := range map[string]error{"max_label": limits.ErrUnknown, "max_labels": limits.ErrBadValue} {
		err := w.admin.Set(t.Context(), "a", limits.Overrides{name: "0", "ingestion_rate": "1MiB"})
		require.ErrorIs(t, err, want)
		require.ErrorContains(t, err, name)
	}
	require.Equal(t, limits.Overrides{"max_labels": "60", "ingestion_rate": "0"}, get(), "all or none")
	require.NoError(t, w.admin.Unset(t.Context(), "a", "max_labels", "ingestion_rate", "nothing"))
	require.Empty(t, get())
	all, err := w.store.List(t.Context(), "a", limits.Kind)
	require.NoError(t, err)
	require.Empty(t, all, "nothing is left")
	require.ErrorIs(t, w.admin.Set(t.Context(), "a/b", limits.Overrides{"max_labels": "1"}), records.ErrBadRecord)
}

// TestAdminsMeet: changes of two people at once are both there.
func TestAdminsMeet(t *testing.T) {
	w := newWorld(t)
	w.set("a", limits.Overrides{"max_labels": "50"})
	met := false
	w.store.SetHook(func(c faultplan.Call, when faultplan.When) error {
		if c.Op == recordstest.Get && when == faultplan.After && !met {
			met = true
			return w.admin.Set(t.Context(), "a", limits.Overrides{"ingestion_rate": "1MiB"})
		}
		return nil
	})
	w.set("a", limits.Overrides{"max_labels": "60"})
	o, err := w.admin.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, limits.Overrides{"max_labels": "60", "ingestion_rate": "1MiB"}, o)
}

// FuzzOverrides: whatever is in the record store, there are limits.
func FuzzOverrides(f *testing.F) {
	f.Add("max_labels", "50")
	f.Add("relabel_rules", `[{"source_labels":["a"],"regex":"(.)","action":"drop"}]`)
	f.Add("sampling", `{"shop": 0.1, "*": 1}`)
	f.Add("sample_type_rules", `[`)
	c, err := config.LoadIngest(func(string) (string, bool) { return "", false })
	require.NoError(f, err)
	base, err := limits.Defaults(c)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, name, text string) {
		l, err := limits.Overrides{name: text}.Apply(base)
		if err != nil {
			require.Equal(t, base, l, "the default stays")
		}
		l.Sampling.Keeps("shop", 1)
	})
}
