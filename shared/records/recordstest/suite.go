package recordstest

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Option tells Run more about an adapter.
type Option func(*suite)

// Reopen tells how to open a store again as a process would that starts after
// the one before has ended; the old one is not used any more. With it Run checks
// that records outlive the process.
func Reopen(again func(t *testing.T, s records.Store, now func() time.Time) records.Store) Option {
	return func(s *suite) { s.again = again }
}

// suite is one run of the tests against an adapter.
type suite struct {
	open  func(t *testing.T, now func() time.Time) records.Store
	again func(t *testing.T, s records.Store, now func() time.Time) records.Store
}

// Run checks that a store keeps the contract of package records. open returns
// an empty store each time, which takes the time from now; it cleans up by
// t.Cleanup.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) records.Store, opts ...Option) {
	t.Helper()
	s := &suite{open: open}
	for _, o := range opts {
		o(s)
	}
	tests := []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"a record is got as it was put", testRoundTrip},
		{"what was never put is not found", testNothing},
		{"put compares versions", testPutCompares},
		{"delete compares versions", testDeleteCompares},
		{"versions are not given again", testVersionsGrow},
		{"of concurrent puts of one version one succeeds", testPutRace},
		{"of concurrent deletes and puts of one version one succeeds", testDeleteRace},
		{"names and values that Validate refuses are ErrBadRecord", testBad},
		{"records up to the limits are accepted", testLimits},
		{"the store keeps no reference and gives none away", testOwnership},
		{"list gives the records of a kind by key", testList},
		{"list gives more records than one page holds", testListPages},
		{"list gives more bytes than one page holds", testListLarge},
		{"an expired record is not there", testExpiry},
		{"the expiry of a record can change", testExpiryChanges},
		{"add returns the sum", testAdd},
		{"concurrent adds are all counted", testAddRace},
		{"an expired counter begins at 0", testAddExpiry},
		{"counters and values do not meet", testCountersApart},
		{"no call sees a record of another tenant", testTenancy},
		{"nothing happens after the context has ended", testCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, s.world(t)) })
	}
	if s.again != nil {
		t.Run("records outlive the process", s.testDurable)
	}
}

// world is a store and its clock.
type world struct {
	records.Store
	mu  sync.Mutex
	now time.Time
}

func (s *suite) world(t *testing.T) *world {
	// Emulators and their own clocks delete what is long past.
	w := &world{now: time.Now().UTC().Truncate(time.Second)}
	w.Store = s.open(t, w.clock)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

const (
	tenantA profile.TenantID = "tenant-a"
	tenantB profile.TenantID = "tenant-b"
	kind    records.Kind     = "limits"
)

// name is one of tenantA.
func name(key string) records.Name { return records.Name{Tenant: tenantA, Kind: kind, Key: key} }

func record(key, value string) records.Record {
	return records.Record{Name: name(key), Value: []byte(value)}
}

// put puts a record and returns it as it is now.
func put(t *testing.T, s records.Store, r records.Record) records.Record {
	t.Helper()
	version, err := s.Put(t.Context(), r)
	require.NoError(t, err)
	require.Greater(t, version, r.Version)
	r.Version = version
	return r
}

// got checks what Get gives.
func got(t *testing.T, s records.Store, want records.Record) {
	t.Helper()
	r, err := s.Get(t.Context(), want.Name)
	require.NoError(t, err)
	same(t, want, r)
}

// absent checks that a record is not there.
func absent(t *testing.T, s records.Store, n records.Name) {
	t.Helper()
	r, err := s.Get(t.Context(), n)
	require.ErrorIs(t, err, records.ErrNotFound)
	require.Zero(t, r.Version)
}

// listed checks what List gives.
func listed(t *testing.T, s records.Store, tenant profile.TenantID, k records.Kind, want ...records.Record) {
	t.Helper()
	all, err := s.List(t.Context(), tenant, k)
	require.NoError(t, err)
	require.Equal(t, keys(want), keys(all))
	for i := range want {
		same(t, want[i], all[i])
	}
}

func keys(all []records.Record) []string {
	out := make([]string, 0, len(all))
	for _, r := range all {
		out = append(out, r.Key)
	}
	return out
}

func same(t *testing.T, want, r records.Record) {
	t.Helper()
	require.Equal(t, want.Name, r.Name)
	require.Equal(t, want.Version, r.Version)
	require.True(t, want.Expires.Equal(r.Expires), "expires %s, want %s", r.Expires, want.Expires)
	require.True(t, bytes.Equal(want.Value, r.Value), "value of %s", want.Key)
}
