// Package records is the contract with the record store: small facts about a
// tenant that are neither profiles nor blocks, such as its limits, its tokens,
// its stored settings, leases of jobs, and counters of what it used.
//
// It is cut to what Amazon DynamoDB gives: items with a version that a
// conditional put compares, atomic addition, and items that expire. Adapters
// translate and nothing more. The suite in recordstest checks every sentence
// of this page.
//
// Guarantees, of every adapter:
//
//   - Durability. When Put, Add or Delete returns nil, its effect survives the
//     loss of the process and the machine's restart.
//   - Consistency. A Get or List that begins after a Put, Add or Delete
//     returned sees its effect, from every process.
//   - Compare and set. Of Puts and Deletes of a record that name the same
//     version, at most one succeeds; the others return ErrConflict.
//   - Expiry. A record whose Expires has come is not there, for every method;
//     its key can be put again with version 0.
//   - Tenancy. No call reads or changes a record of another tenant. Tenants,
//     kinds and keys may hold any bytes their rules allow without one being
//     taken for another.
//   - Unknown outcome. An error other than the ones named here leaves it
//     unknown whether a Put, Add or Delete took place. After such an error of
//     Put, Get tells; Add may be counted twice if it is called again.
//   - Concurrency. All methods may be called from many goroutines and
//     processes.
package records

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const (
	// MaxKeyBytes is the longest key of a record.
	MaxKeyBytes = 512
	// MaxValueBytes is the largest value of a record.
	MaxValueBytes = 256 << 10
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: there is no such record, or it has expired.
	ErrNotFound = errors.New("record not found")
	// ErrConflict: the record has another version than the caller named.
	ErrConflict = errors.New("record has another version")
	// ErrBadRecord: a name or value that no adapter may accept.
	ErrBadRecord = errors.New("bad record")
)

// Kind is what a record is about. Each kind belongs to one package, which says
// what its keys and values are.
type Kind string

// Name is where a record is.
type Name struct {
	Tenant profile.TenantID
	Kind   Kind   // 1 to 32 of a-z, 0-9 and '-'
	Key    string // 1 to MaxKeyBytes bytes of UTF-8
}

// Record is a value under a name.
type Record struct {
	Name
	Value []byte
	// Version is 1 or more and grows with each Put of the name, also if the
	// record was deleted or has expired in between: a version that was
	// given once is never given again, so that it can serve as a fencing token.
	// 0 is the version of a record that is not there.
	Version uint64
	// Expires is from when on the record is not there, cut to the second; zero:
	// it does not expire.
	Expires time.Time
}

// Store is the record store. A name is either for values (Get, Put) or for a
// counter (Add), never for both.
type Store interface {
	// Get returns the record, or ErrNotFound.
	Get(ctx context.Context, name Name) (Record, error)
	// List returns all of the tenant's records of the kind, by key.
	List(ctx context.Context, tenant profile.TenantID, kind Kind) ([]Record, error)
	// Put writes the record if the one that is there has r.Version (0: if there
	// is none), and returns the new version; otherwise ErrConflict.
	Put(ctx context.Context, r Record) (version uint64, err error)
	// Delete removes the record if it has the version; otherwise ErrConflict,
	// also if there is none.
	Delete(ctx context.Context, name Name, version uint64) error
	// Add adds delta to the counter, which is 0 before its first Add, and
	// returns its new value. The counter expires at expires (zero: never), which
	// callers must derive from the name, so that it is the same at each Add.
	// Counters are not listed.
	Add(ctx context.Context, name Name, delta int64, expires time.Time) (total int64, err error)
}

// Validate reports, by an error that wraps ErrBadRecord, why no adapter may
// accept the name.
func (n Name) Validate() error {
	if err := n.Tenant.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	if err := n.Kind.Validate(); err != nil {
		return err
	}
	if len(n.Key) == 0 || len(n.Key) > MaxKeyBytes || !utf8.ValidString(n.Key) {
		return fmt.Errorf("%w: key %.60q, want 1 to %d bytes of UTF-8", ErrBadRecord, n.Key, MaxKeyBytes)
	}
	return nil
}

// Validate reports, by an error that wraps ErrBadRecord, why no adapter may
// accept the kind.
func (k Kind) Validate() error {
	bad := len(k) == 0 || len(k) > 32
	for _, c := range []byte(k) {
		bad = bad || (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
	}
	if bad {
		return fmt.Errorf("%w: kind %.60q, want 1 to 32 of a-z, 0-9 and '-'", ErrBadRecord, string(k))
	}
	return nil
}

// Validate reports, by an error that wraps ErrBadRecord, why no adapter may
// accept the record.
func (r Record) Validate() error {
	if err := r.Name.Validate(); err != nil {
		return err
	}
	if len(r.Value) > MaxValueBytes {
		return fmt.Errorf("%w: value of %d bytes, more than %d", ErrBadRecord, len(r.Value), MaxValueBytes)
	}
	return nil
}
