package recordstest

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Mem is a record store in memory that does what the contract says and no more.
// It survives nothing.
type Mem struct {
	// Now is the clock of expiry; time.Now if it is nil.
	Now func() time.Time

	mu       sync.Mutex
	values   map[records.Name]records.Record
	counters map[records.Name]counter
	version  uint64 // the last one that was given
}

type counter struct {
	total   int64
	expires time.Time
}

var _ records.Store = (*Mem)(nil)

// NewMem returns an empty store.
func NewMem() *Mem {
	return &Mem{values: make(map[records.Name]records.Record), counters: make(map[records.Name]counter)}
}

// gone reports whether what expires then is not there any more.
func (m *Mem) gone(expires time.Time) bool {
	now := time.Now
	if m.Now != nil {
		now = m.Now
	}
	return !expires.IsZero() && !now().Before(expires)
}

// begin checks a call and takes the lock.
func (m *Mem) begin(ctx context.Context, bad error) (end func(), err error) {
	if bad != nil {
		return nil, bad
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

// there returns the record if it is there.
func (m *Mem) there(name records.Name) (records.Record, bool) {
	r, ok := m.values[name]
	return r, ok && !m.gone(r.Expires)
}

// Get is Store's.
func (m *Mem) Get(ctx context.Context, name records.Name) (records.Record, error) {
	end, err := m.begin(ctx, name.Validate())
	if err != nil {
		return records.Record{}, fmt.Errorf("get record: %w", err)
	}
	defer end()
	r, ok := m.there(name)
	if !ok {
		return records.Record{}, fmt.Errorf("get record %s %q: %w", name.Kind, name.Key, records.ErrNotFound)
	}
	r.Value = bytes.Clone(r.Value)
	return r, nil
}

// List is Store's.
func (m *Mem) List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error) {
	end, err := m.begin(ctx, records.Name{Tenant: tenant, Kind: kind, Key: "any"}.Validate())
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	defer end()
	var out []records.Record
	for name := range m.values {
		if name.Tenant != tenant || name.Kind != kind {
			continue
		}
		if r, ok := m.there(name); ok {
			r.Value = bytes.Clone(r.Value)
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out, nil
}

// Put is Store's.
func (m *Mem) Put(ctx context.Context, r records.Record) (uint64, error) {
	end, err := m.begin(ctx, r.Validate())
	if err != nil {
		return 0, fmt.Errorf("put record: %w", err)
	}
	defer end()
	if old, ok := m.there(r.Name); ok != (r.Version != 0) || ok && old.Version != r.Version {
		return 0, fmt.Errorf("put record %s %q: %w", r.Kind, r.Key, records.ErrConflict)
	}
	m.version++
	r.Version, r.Value, r.Expires = m.version, bytes.Clone(r.Value), cut(r.Expires)
	m.values[r.Name] = r
	return r.Version, nil
}

// Delete is Store's.
func (m *Mem) Delete(ctx context.Context, name records.Name, version uint64) error {
	end, err := m.begin(ctx, name.Validate())
	if err != nil {
		return fmt.Errorf("delete record: %w", err)
	}
	defer end()
	if old, ok := m.there(name); !ok || old.Version != version {
		return fmt.Errorf("delete record %s %q: %w", name.Kind, name.Key, records.ErrConflict)
	}
	delete(m.values, name)
	return nil
}

// Add is Store's.
func (m *Mem) Add(ctx context.Context, name records.Name, delta int64, expires time.Time) (int64, error) {
	end, err := m.begin(ctx, name.Validate())
	if err != nil {
		return 0, fmt.Errorf("add to counter: %w", err)
	}
	defer end()
	c := m.counters[name]
	if m.gone(c.expires) {
		c.total = 0
	}
	c.total, c.expires = c.total+delta, cut(expires)
	m.counters[name] = c
	return c.total, nil
}

// cut is how records keep a time: to the second.
func cut(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), 0).UTC()
}
