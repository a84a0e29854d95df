package blockindextest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Mem is an index in memory that does what the contract says and no more. It
// survives nothing.
type Mem struct {
	mu   sync.RWMutex
	rows map[profile.TenantID]map[string]blockindex.Row
	// taken tells of sources which row took them.
	taken map[profile.TenantID]map[string]string
}

var _ blockindex.Index = (*Mem)(nil)

// NewMem returns an empty index.
func NewMem() *Mem {
	return &Mem{
		rows:  make(map[profile.TenantID]map[string]blockindex.Row),
		taken: make(map[profile.TenantID]map[string]string),
	}
}

// Insert is Index's.
func (m *Mem) Insert(ctx context.Context, row blockindex.Row) error {
	if err := row.Validate(); err != nil {
		return fmt.Errorf("insert row: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("insert row %s: %w", row.ID, context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.rows[row.Tenant][row.ID]; ok {
		if equal(old, row) {
			return nil
		}
		return fmt.Errorf("insert row %s: %w", row.ID, blockindex.ErrConflict)
	}
	taken := m.taken[row.Tenant]
	for _, id := range row.Sources {
		_, ok := m.rows[row.Tenant][id]
		if by := taken[id]; !ok || by != "" && by != row.ID {
			return fmt.Errorf("insert row %s: source %s: %w", row.ID, id, blockindex.ErrTaken)
		}
	}
	if m.rows[row.Tenant] == nil {
		m.rows[row.Tenant], taken = make(map[string]blockindex.Row), make(map[string]string)
		m.taken[row.Tenant] = taken
	}
	for _, id := range row.Sources {
		taken[id] = row.ID
	}
	m.rows[row.Tenant][row.ID] = clone(row)
	return nil
}

// Find is Index's.
func (m *Mem) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	rows, err := m.collect(ctx, tenant, func(r *blockindex.Row) bool {
		return from <= to && r.MinTime <= to && r.MaxTime >= from
	})
	if err != nil {
		return nil, fmt.Errorf("find rows: %w", err)
	}
	return blockindex.WithoutReplaced(rows), nil
}

// All is Index's.
func (m *Mem) All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error) {
	rows, err := m.collect(ctx, tenant, func(*blockindex.Row) bool { return true })
	if err != nil {
		return nil, fmt.Errorf("read all rows: %w", err)
	}
	return rows, nil
}

func (m *Mem) collect(ctx context.Context, tenant profile.TenantID, want func(*blockindex.Row) bool) ([]blockindex.Row, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []blockindex.Row
	for _, r := range m.rows[tenant] {
		if want(&r) {
			out = append(out, clone(r))
		}
	}
	return out, nil
}

// Delete is Index's.
func (m *Mem) Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("delete %d rows: %w", len(ids), context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.rows[tenant], id)
		delete(m.taken[tenant], id)
	}
	if len(m.rows[tenant]) == 0 {
		delete(m.rows, tenant)
		delete(m.taken, tenant)
	}
	return nil
}

// Tenants is Index's.
func (m *Mem) Tenants(ctx context.Context) ([]profile.TenantID, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list tenants: %w", context.Cause(ctx))
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]profile.TenantID, 0, len(m.rows))
	for t := range m.rows {
		out = append(out, t)
	}
	slices.Sort(out)
	return out, nil
}

func clone(r blockindex.Row) blockindex.Row {
	r.Sources, r.Detail = slices.Clone(r.Sources), bytes.Clone(r.Detail)
	return r
}

// equal reports whether two rows have equal content; no sources and nil are
// equal, and so are no detail and nil.
func equal(a, b blockindex.Row) bool {
	return a.Tenant == b.Tenant && a.ID == b.ID && a.Level == b.Level &&
		a.MinTime == b.MinTime && a.MaxTime == b.MaxTime && a.CommittedAt == b.CommittedAt &&
		slices.Equal(a.Sources, b.Sources) && bytes.Equal(a.Detail, b.Detail)
}
