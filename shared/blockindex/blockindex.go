// Package blockindex is the contract with the block index: one small row for
// each block, by tenant and time. It is the only mutable fact of the system,
// and can be rebuilt from the object store.
//
// It is cut to what Amazon DynamoDB gives: items of at most 400 KB, one
// conditional put at a time, queries that read page by page. Adapters
// translate and nothing more. The suite in blockindextest checks every
// sentence of this page.
//
// Guarantees, of every adapter:
//
//   - Durability. When Insert or Delete returns nil, its effect survives the
//     loss of the process and the machine's restart.
//   - Consistency. A Find or All that begins after an Insert or Delete returned
//     sees its effect, from every process.
//   - Replacement. A row that names others in Sources replaces them from the
//     moment of its Insert: no Find returns a row together with one that it
//     replaces, even while Insert runs; and never neither of them. This holds
//     because one put commits, and readers leave out what a row that they
//     read names as replaced; a row's time range covers those of its sources
//     (Insert cannot check this, callers must see to it).
//   - Fencing. Insert of a row with Sources takes them: all of them must be
//     there, and none taken by a row of another id, or it is ErrTaken and
//     nothing happens. This is decided at once for all sources, so that of two
//     rows that share one only one is ever inserted. A source stays taken until
//     it is deleted, even if the row that took it is deleted before; hence a
//     row should be deleted only after what it replaces.
//   - Tenancy. No call returns a row of another tenant.
//   - Unknown outcome. An error other than the ones named here leaves it
//     unknown whether an Insert or Delete took place. Calling again with the
//     same arguments is always safe.
//   - Concurrency. All methods may be called from many goroutines and
//     processes.
package blockindex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const (
	// MaxRowBytes is the largest encoded row, a little under DynamoDB's 400 KB.
	MaxRowBytes = 380 << 10
	// MaxSpan is the longest time from a row's MinTime to its MaxTime, so that
	// a query knows how far before its start a row can begin.
	MaxSpan = 24 * time.Hour
	// MaxSources is the most rows that one row may replace. DynamoDB takes 100
	// actions in a transaction, one for each source and some for the row.
	MaxSources = 90
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrConflict: there is a row of this tenant and id with other content.
	ErrConflict = errors.New("index row exists with other content")
	// ErrTaken: a source is not there, or a row of another id has replaced it.
	ErrTaken = errors.New("a source of the index row is gone or replaced by another row")
	// ErrBadRow: a row that no adapter may accept; see Row.Validate.
	ErrBadRow = errors.New("bad index row")
)

// Row describes one block.
type Row struct {
	Tenant profile.TenantID
	ID     string // ULID of the block, 26 characters
	Level  int    // compaction level; 0 for segments
	// MinTime and MaxTime are the times of the earliest and the latest profile
	// in the block, Unix nanoseconds, both inclusive.
	MinTime, MaxTime int64
	// CommittedAt is when the row was written by the writer's clock, Unix
	// milliseconds.
	CommittedAt int64
	Sources     []string // ids of the rows that this one replaces
	Detail      []byte   // what package block says of the block's content; opaque here
}

// Index is the block index.
type Index interface {
	// Insert adds a row. If there is a row of this tenant and id with equal
	// content it succeeds, so that it can be called again after an unknown
	// outcome; with other content it returns ErrConflict. A row whose sources it
	// cannot take is ErrTaken.
	Insert(ctx context.Context, row Row) error
	// Find returns the tenant's rows whose time range has an instant in common
	// with [from, to] (Unix nanoseconds, inclusive) and that no other row
	// replaces, ordered by MinTime and ID.
	Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]Row, error)
	// All returns all rows of the tenant, replaced ones included, in no
	// particular order. Compaction's clean-up needs it; it reads much, so
	// nothing on the way of a profile or a query calls it.
	All(ctx context.Context, tenant profile.TenantID) ([]Row, error)
	// Delete removes rows; rows that are not there are no error.
	Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error
	// Tenants returns all tenants that have rows, sorted.
	Tenants(ctx context.Context) ([]profile.TenantID, error)
}

// Validate reports, by an error that wraps ErrBadRow, why no adapter may accept
// the row.
func (r *Row) Validate() error {
	if err := r.Tenant.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRow, err)
	}
	if _, err := ulid.ParseStrict(r.ID); err != nil {
		return fmt.Errorf("%w: id %q: %w", ErrBadRow, r.ID, err)
	}
	if r.Level < 0 || r.Level > 9 {
		return fmt.Errorf("%w: level %d, want 0 to 9", ErrBadRow, r.Level)
	}
	if r.MinTime < 0 || r.MinTime > r.MaxTime {
		return fmt.Errorf("%w: time from %d to %d", ErrBadRow, r.MinTime, r.MaxTime)
	}
	if span := time.Duration(r.MaxTime - r.MinTime); span > MaxSpan {
		return fmt.Errorf("%w: it spans %v, more than %v", ErrBadRow, span, MaxSpan)
	}
	if len(r.Sources) > MaxSources {
		return fmt.Errorf("%w: %d sources, more than %d", ErrBadRow, len(r.Sources), MaxSources)
	}
	if slices.Contains(r.Sources, r.ID) {
		return fmt.Errorf("%w: it names itself as its source", ErrBadRow)
	}
	seen := make(map[string]bool, len(r.Sources))
	for _, id := range r.Sources {
		if seen[id] {
			return fmt.Errorf("%w: it names source %q twice", ErrBadRow, id)
		}
		seen[id] = true
	}
	size := len(r.Tenant) + len(r.ID) + len(r.Detail) + 26*len(r.Sources) + 64
	if size > MaxRowBytes {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrBadRow, size, MaxRowBytes)
	}
	return nil
}

// WithoutReplaced returns the rows that no other of the rows replaces, ordered
// as Find returns them. Adapters call it on what they read.
func WithoutReplaced(rows []Row) []Row {
	replaced := make(map[string]bool)
	for i := range rows {
		for _, id := range rows[i].Sources {
			replaced[id] = true
		}
	}
	out := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return replaced[r.ID] })
	slices.SortFunc(out, func(a, b Row) int {
		if a.MinTime != b.MinTime {
			if a.MinTime < b.MinTime {
				return -1
			}
			return 1
		}
		if a.ID < b.ID {
			return -1
		}
		if a.ID > b.ID {
			return 1
		}
		return 0
	})
	return out
}
