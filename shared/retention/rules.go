package retention

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Rules are what counts of a tenant's profiles.
type Rules struct {
	// Rest is how long profiles are kept, by their time; 0 is for ever.
	Rest time.Duration
	// Keep are services of which they are kept for another time.
	Keep map[string]time.Duration
	// Deleted are services that were deleted.
	Deleted map[string]Deletion
}

// Deletion says that a service was deleted.
type Deletion struct {
	Service string    `json:"service"`
	Before  time.Time `json:"deletedBefore"` // profiles with an earlier time are gone
}

// keep is how long profiles of a service are kept.
func (r Rules) keep(service string) time.Duration {
	if d, ok := r.Keep[service]; ok {
		return d
	}
	return r.Rest
}

// Bound returns from when on profiles count.
func (r Rules) Bound(now time.Time) block.Bound {
	b := block.Bound{Rest: since(now, r.Rest)}
	if len(r.Keep)+len(r.Deleted) == 0 {
		return b
	}
	b.Services = make(map[string]int64, len(r.Keep)+len(r.Deleted))
	for service, d := range r.Keep {
		b.Services[service] = since(now, d)
	}
	for service, d := range r.Deleted {
		b.Services[service] = max(since(now, r.keep(service)), d.Before.UnixNano())
	}
	return b
}

// since returns the first time of what is kept for d, Unix nanoseconds.
func since(now time.Time, d time.Duration) int64 {
	if d == 0 {
		return 0
	}
	return max(0, now.Add(-d).UnixNano())
}

// Margin is by how much storage lags behind queries in what has expired, so that
// a query under way finds all that counted when it began.
const Margin = time.Hour

// Stored returns from when on profiles count for those who rewrite and delete
// blocks.
func (r Rules) Stored(now time.Time) block.Bound { return r.Bound(now.Add(-Margin)) }

// Lister is what a Reader needs of the record store.
type Lister interface {
	List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error)
}

// Reader reads rules.
type Reader struct {
	Store Lister
	// Default is how long profiles are kept of which no rule says anything; 0 is
	// for ever.
	Default time.Duration
}

// Of returns the rules of a tenant as they are now.
func (r Reader) Of(ctx context.Context, tenant profile.TenantID) (Rules, error) {
	found, err := r.Store.List(ctx, tenant, Kind)
	if err != nil {
		return Rules{}, fmt.Errorf("list retention of tenant %s: %w", tenant, err)
	}
	rules := Rules{Rest: r.Default}
	for i := range found {
		if err := rules.add(&found[i]); err != nil {
			return Rules{}, fmt.Errorf("read retention of tenant %s: %w", tenant, err)
		}
	}
	return rules, nil
}

func (r *Rules) add(x *records.Record) error {
	var e entry
	err := json.Unmarshal(x.Value, &e)
	switch {
	case err != nil:
		return fmt.Errorf("record %q: %w", x.Key, err)
	case e.Before != 0:
		if r.Deleted == nil {
			r.Deleted = make(map[string]Deletion)
		}
		r.Deleted[e.Service] = Deletion{e.Service, time.Unix(0, e.Before).UTC()}
	case e.Service == "":
		r.Rest = e.Keep
	default:
		if r.Keep == nil {
			r.Keep = make(map[string]time.Duration)
		}
		r.Keep[e.Service] = e.Keep
	}
	return nil
}
