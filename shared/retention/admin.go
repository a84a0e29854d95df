package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Errors of Admin, for which a person who asked is to be told the text.
var (
	// ErrBadService: a service cannot have this name.
	ErrBadService = errors.New("bad service name")
	// ErrBadKeep: profiles cannot be kept for this time.
	ErrBadKeep = errors.New("bad retention")
	// ErrTooMany: the tenant has as many rules as it can have.
	ErrTooMany = errors.New("too many retentions and deleted services")
)

const (
	// Settled is how long after a deletion profiles with an earlier time may
	// still be stored: longer than a message waits in any queue.
	Settled = 15 * 24 * time.Hour
	// maxServiceBytes is the longest name that a label value can be.
	maxServiceBytes = 64 << 10
	// MaxKeep is the longest time for which profiles can be kept, but for ever.
	MaxKeep = 87600 * time.Hour
	// MinKeep is the shortest.
	MinKeep = time.Hour
	// maxAttempts is how often a change is tried that meets another one.
	maxAttempts = 5
)

// Admin changes rules.
type Admin struct {
	Store records.Store
	// Default is that of Reader.
	Default time.Duration
	Now     func() time.Time
}

// Rules returns the rules of a tenant.
func (a Admin) Rules(ctx context.Context, tenant profile.TenantID) (Rules, error) {
	return Reader{Store: a.Store, Default: a.Default}.Of(ctx, tenant)
}

// Delete deletes a service: its profiles until now. Whether there are any does
// not matter. To delete it again moves the time.
func (a Admin) Delete(ctx context.Context, tenant profile.TenantID, service string) (Deletion, error) {
	if err := checkService(service); err != nil {
		return Deletion{}, err
	}
	rules, err := a.Rules(ctx, tenant)
	if err != nil {
		return Deletion{}, err
	}
	now := a.Now()
	r := records.Record{Name: nameOf(tenant, prefixDeleted, service)}
	// When all that it is about has expired nobody needs the record.
	if keep := rules.keep(service); keep > 0 {
		r.Expires = now.Add(keep + Settled)
	}
	e := entry{Service: service, Before: now.UnixNano()}
	if err := a.put(ctx, rules, r, e); err != nil {
		return Deletion{}, fmt.Errorf("delete service %q of tenant %s: %w", service, tenant, err)
	}
	return Deletion{service, time.Unix(0, e.Before).UTC()}, nil
}

// Keep sets for how long profiles of a service are kept, 0 for ever; those of
// all services that have no time of their own if service is "".
func (a Admin) Keep(ctx context.Context, tenant profile.TenantID, service string, d time.Duration) error {
	if service != "" {
		if err := checkService(service); err != nil {
			return err
		}
	}
	if d != 0 && (d < MinKeep || d > MaxKeep) {
		return fmt.Errorf("%w: %v, want 0 (for ever) or from %v to %v", ErrBadKeep, d, MinKeep, MaxKeep)
	}
	rules, err := a.Rules(ctx, tenant)
	if err != nil {
		return err
	}
	err = a.put(ctx, rules, records.Record{Name: nameOf(tenant, prefixKept, service)}, entry{Service: service, Keep: d})
	if err != nil {
		return fmt.Errorf("set retention of service %q of tenant %s: %w", service, tenant, err)
	}
	return nil
}

// Unkeep takes back what Keep has set. That there is nothing is no error.
func (a Admin) Unkeep(ctx context.Context, tenant profile.TenantID, service string) error {
	return remove(ctx, a.Store, nameOf(tenant, prefixKept, service))
}

// put writes a record over whatever is there.
func (a Admin) put(ctx context.Context, rules Rules, r records.Record, e entry) error {
	var err error
	if r.Value, err = json.Marshal(e); err != nil {
		return err
	}
	for range maxAttempts {
		there, getErr := a.Store.Get(ctx, r.Name)
		if getErr != nil && !errors.Is(getErr, records.ErrNotFound) {
			return getErr
		}
		r.Version = there.Version
		if r.Version == 0 && len(rules.Keep)+len(rules.Deleted) >= MaxRules {
			return fmt.Errorf("%w: there are %d", ErrTooMany, MaxRules)
		}
		if _, err = a.Store.Put(ctx, r); !errors.Is(err, records.ErrConflict) {
			return err
		}
	}
	return err
}

// Remover is what Forget needs of the record store.
type Remover interface {
	Get(ctx context.Context, name records.Name) (records.Record, error)
	Delete(ctx context.Context, name records.Name, version uint64) error
}

// Forget removes the record of a deletion that nobody needs any more: no block
// has profiles that it is about. If the service was deleted again since, the
// record stays.
func Forget(ctx context.Context, store Remover, tenant profile.TenantID, d Deletion) error {
	name := nameOf(tenant, prefixDeleted, d.Service)
	r, err := store.Get(ctx, name)
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	var e entry
	if err == nil {
		err = json.Unmarshal(r.Value, &e)
	}
	if err == nil && e.Before == d.Before.UnixNano() {
		err = store.Delete(ctx, name, r.Version)
	}
	if err != nil && !errors.Is(err, records.ErrConflict) {
		return fmt.Errorf("forget that service %q of tenant %s was deleted: %w", d.Service, tenant, err)
	}
	return nil
}

func remove(ctx context.Context, store Remover, name records.Name) error {
	for attempt := 0; ; attempt++ {
		r, err := store.Get(ctx, name)
		if errors.Is(err, records.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = store.Delete(ctx, name, r.Version)
		}
		if err == nil || attempt == maxAttempts || !errors.Is(err, records.ErrConflict) {
			return err
		}
	}
}

// checkService reports, by ErrBadService, what cannot be the name of a service.
func checkService(name string) error {
	if strings.TrimSpace(name) == "" || len(name) > maxServiceBytes || !utf8.ValidString(name) {
		return fmt.Errorf("%w %.60q: want 1 to %d bytes of UTF-8", ErrBadService, name, maxServiceBytes)
	}
	return nil
}
