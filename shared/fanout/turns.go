package fanout

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ErrBusy says that too many queries of a tenant are under way or waiting.
var ErrBusy = errors.New("too many queries of the tenant are under way")

// TurnLimits bound what one process does at the same time.
type TurnLimits struct {
	// Concurrency is how many inline answers and requests to workers run at
	// once, of all tenants.
	Concurrency int
	// TenantConcurrency is how many of them may be one tenant's: with less than
	// Concurrency, others find room even while a tenant has more to do than
	// there is.
	TenantConcurrency int
	// TenantQueries is how many tasks of a tenant may be under way or waiting;
	// more are ErrBusy.
	TenantQueries int
}

// turns gives tenants their turns: those that wait get them one after the
// other, whoever waits longest within a tenant first. However much one tenant
// has to do, another waits for one turn to end at most.
type turns struct {
	limits TurnLimits

	mu      sync.Mutex
	running int
	tenants map[profile.TenantID]*line
	ring    []profile.TenantID // tenants that wait, the next one first
}

// line is what a tenant has going.
type line struct {
	queries, running int
	waiting          []chan struct{}
}

func newTurns(l TurnLimits) *turns {
	return &turns{limits: l, tenants: make(map[profile.TenantID]*line)}
}

// enter admits a task of a tenant; leave must be called after it.
func (t *turns) enter(tenant profile.TenantID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.tenants[tenant]
	if l == nil {
		l = &line{}
		t.tenants[tenant] = l
	}
	if l.queries >= t.limits.TenantQueries {
		return ErrBusy
	}
	l.queries++
	return nil
}

func (t *turns) leave(tenant profile.TenantID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.tenants[tenant]
	if l.queries--; l.queries == 0 {
		delete(t.tenants, tenant) // all its turns were given back
	}
}

// take waits for a turn of a tenant that has entered; give must be called after
// it. It fails only if the context ends.
func (t *turns) take(ctx context.Context, tenant profile.TenantID) error {
	t.mu.Lock()
	l := t.tenants[tenant]
	turn := make(chan struct{})
	if len(l.waiting) == 0 {
		t.ring = append(t.ring, tenant)
	}
	l.waiting = append(l.waiting, turn)
	t.next()
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			if len(l.waiting) == 0 {
				t.ring = slices.DeleteFunc(t.ring, func(id profile.TenantID) bool { return id == tenant })
			}
			return context.Cause(ctx)
		}
	}
	t.end(l) // the turn came at the same moment
	return context.Cause(ctx)
}

func (t *turns) give(tenant profile.TenantID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end(t.tenants[tenant])
}

func (t *turns) end(l *line) {
	t.running--
	l.running--
	t.next()
}

// next gives out the turns that are free. A tenant that has as many as it may
// keeps its place.
func (t *turns) next() {
	for i := 0; i < len(t.ring) && t.running < t.limits.Concurrency; {
		tenant := t.ring[i]
		l := t.tenants[tenant]
		if l.running >= t.limits.TenantConcurrency {
			i++
			continue
		}
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		l.running++
		t.running++
		t.ring = slices.Delete(t.ring, i, i+1)
		if len(l.waiting) > 0 {
			t.ring = append(t.ring, tenant)
		}
		i = 0
	}
}
