package compaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

const (
	// KindParked is the kind of the records of jobs that were set aside. The key
	// is the id of the block that would be merged, the value is [Parked] in JSON.
	KindParked records.Kind = "parked-job"
	// ParkedFor is how long a job stays set aside. Then it is planned again: what
	// was in its way may have been mended by a new version of this code.
	ParkedFor = 7 * 24 * time.Hour
)

// Parked is a job that failed too often. Its sources are left as they are,
// answers have them, and no other job takes them.
type Parked struct {
	Level    int       `json:"level"`
	Sources  []string  `json:"sources"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"` // of the last attempt
	At       time.Time `json:"at"`
}

// Records are what compaction needs of the record store; records.Store has it.
type Records interface {
	Get(ctx context.Context, name records.Name) (records.Record, error)
	List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error)
	Put(ctx context.Context, r records.Record) (version uint64, err error)
	Delete(ctx context.Context, name records.Name, version uint64) error
}

// park sets a job aside. To do it twice is no error.
func park(ctx context.Context, store Records, t ticket, p Parked) error {
	value, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("set job %s aside: %w", t.ID, err)
	}
	_, err = store.Put(ctx, records.Record{Name: t.record(), Value: value, Expires: p.At.Add(ParkedFor)})
	if err != nil && !errors.Is(err, records.ErrConflict) {
		return fmt.Errorf("set job %s aside: %w", t.ID, err)
	}
	return nil
}

func (t ticket) record() records.Name {
	return records.Name{Tenant: t.Tenant, Kind: KindParked, Key: t.ID}
}

// isParked reports whether a job was set aside.
func isParked(ctx context.Context, store Records, t ticket) (bool, error) {
	_, err := store.Get(ctx, t.record())
	switch {
	case errors.Is(err, records.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look whether job %s was set aside: %w", t.ID, err)
	}
	return true, nil
}

// parkedSources returns the sources of a tenant's jobs that were set aside.
func parkedSources(ctx context.Context, store Records, tenant profile.TenantID) (map[string]bool, error) {
	found, err := store.List(ctx, tenant, KindParked)
	if err != nil {
		return nil, fmt.Errorf("list jobs that were set aside: %w", err)
	}
	out := make(map[string]bool)
	for _, r := range found {
		var p Parked
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return nil, fmt.Errorf("read record of parked job %s: %w", r.Key, err)
		}
		for _, id := range p.Sources {
			out[id] = true
		}
	}
	return out, nil
}
