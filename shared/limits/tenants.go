package limits

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

const (
	// maxAge is how old limits may be when they are used. With the time of a
	// request it stays below the minute that is promised.
	maxAge = 50 * time.Second
	// readTimeout is how long a request waits for the record store.
	readTimeout = 300 * time.Millisecond
	// retryAfter is how long the record store is left alone after it failed.
	retryAfter = 5 * time.Second
	// maxTenants is how many tenants are remembered, at some 300 bytes each.
	maxTenants = 10_000
)

// Reader is what Tenants needs of the record store.
type Reader interface {
	Get(ctx context.Context, name records.Name) (records.Record, error)
}

// Tenants knows the limits of tenants. It may be used by many goroutines.
type Tenants struct {
	defaults Limits
	store    Reader
	now      func() time.Time
	log      *slog.Logger

	mu    sync.Mutex
	known map[profile.TenantID]*entry
}

// entry is what is known of a tenant.
type entry struct {
	limits  Limits
	until   time.Time // when to read again
	reading bool      // somebody does; others take what is known
}

// New returns the limits of all tenants.
func New(defaults Limits, store Reader, now func() time.Time, log *slog.Logger) *Tenants {
	return &Tenants{defaults: defaults, store: store, now: now, log: log, known: make(map[profile.TenantID]*entry)}
}

// Of returns the limits of a tenant. It always has an answer: if the record
// store fails or is slow the answer is the last one, or the defaults.
func (t *Tenants) Of(ctx context.Context, tenant profile.TenantID) Limits {
	l, ok := t.begin(tenant)
	if ok {
		return l
	}
	fresh, until := t.read(ctx, tenant, l)
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.known[tenant]; e != nil {
		e.limits, e.until, e.reading = fresh, until, false
	}
	return fresh
}

// begin returns what is known of a tenant; it reports false if the caller is to
// read anew.
func (t *Tenants) begin(tenant profile.TenantID) (Limits, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.known[tenant]
	switch {
	case e == nil:
		t.makeRoom()
		t.known[tenant] = &entry{limits: t.defaults}
		return t.defaults, false
	case e.until.IsZero(): // the first read is under way
		return t.defaults, false
	case e.reading || t.now().Before(e.until):
		return e.limits, true
	}
	e.reading = true
	return e.limits, false
}

// makeRoom forgets tenants if there are too many.
func (t *Tenants) makeRoom() {
	if len(t.known) < maxTenants {
		return
	}
	now := t.now()
	for tenant, e := range t.known {
		if !e.reading && !now.Before(e.until) {
			delete(t.known, tenant)
		}
	}
	for tenant := range t.known { // in no order
		if len(t.known) <= maxTenants/2 {
			return
		}
		delete(t.known, tenant)
	}
}

// read asks the record store. last is the answer if it fails.
func (t *Tenants) read(ctx context.Context, tenant profile.TenantID, last Limits) (Limits, time.Time) {
	// Others use the answer, so that one client that goes away must not spoil it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	r, err := t.store.Get(ctx, recordName(tenant))
	now := t.now()
	if errors.Is(err, records.ErrNotFound) {
		return t.defaults, now.Add(maxAge)
	}
	var o Overrides
	if err == nil {
		o, err = decode(r.Value)
	}
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelWarn, "limits not read, the last known are in force",
			slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
		return last, now.Add(retryAfter)
	}
	l, err := o.Apply(t.defaults)
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelWarn, "overrides of limits not understood, the defaults are in force for them",
			slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
	}
	return l, now.Add(maxAge)
}
