// Package ratelimit limits what tenants push, over all instances of a function
// together, without a request to a store for each push.
//
// For each tenant and each window of time ([Window]) the record store has a
// counter of the bytes that were pushed. An instance spends up to a [Chunk] on
// credit, and counts it when the chunk is used up: a tenant has at most 64
// counts in a window, however many pushes those are, and one or two for each
// instance. From the answer the instance knows what all others have counted.
//
// What is allowed in a window is a line: the level at its beginning and rate
// bytes for each second since. The level is the burst, or less if the window
// before used more than its rate; it can be negative.
//
// Promises, with N instances:
//
//   - Who pushes no more than burst + rate·t in any time t is never refused, as
//     no instance ever counts more than was pushed.
//   - In one window no more is let through than burst + rate·Window + N·Chunk,
//     and in any k windows one after the other no more than
//     k·(rate·Window + N·Chunk) + ⌈k/2⌉·burst: the level is known from one window
//     back if all instances are new, and from all windows if they stay.
//   - A push that is larger than the burst passes when the level is full, and is
//     paid back later. So one legal profile can always be pushed.
//   - If the record store fails or is slow, pushes are let through, and counted
//     in the metric RateLimitFailures: it is better to take too much than to
//     lose profiles.
//
// Clocks of instances must agree to within a second or so.
package ratelimit

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Kind is that of the counters. The key is the number of the window, counted
// from 1970; they expire two windows after it.
const Kind records.Kind = "rate"

// Window is the time that a counter is for.
const Window = 10 * time.Second

const (
	// chunksPerWindow is how often a tenant at its rate is counted.
	chunksPerWindow = 64
	// fresh is how long an instance relies on having seen that nothing is left.
	fresh = time.Second
	// callTimeout is how long a push waits for the record store.
	callTimeout = 300 * time.Millisecond
	// failurePause is how long the record store is left alone after it failed.
	failurePause = time.Second
	// maxTenants is how many tenants are remembered, at some 200 bytes each.
	maxTenants = 10_000
	// maxRetryAfter is the longest time that a client is told to wait.
	maxRetryAfter = time.Minute
)

// Limit is that of a tenant.
type Limit struct {
	Rate  int64 // bytes a second; 0: no limit
	Burst int64 // bytes
}

// Chunk is how much an instance spends before it counts: a 64th of what is
// allowed in a window.
func (l Limit) Chunk() float64 { return l.perWindow() / chunksPerWindow }

func (l Limit) perWindow() float64 { return float64(l.Rate) * Window.Seconds() }

// Counter is what a Limiter needs of the record store.
type Counter interface {
	Add(ctx context.Context, name records.Name, delta int64, expires time.Time) (int64, error)
}

// Limiter decides about pushes. It may be used by many goroutines.
type Limiter struct {
	store Counter
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	tenants map[profile.TenantID]*spending
}

// New returns a limiter.
func New(store Counter, now func() time.Time, log *slog.Logger) *Limiter {
	return &Limiter{store: store, now: now, log: log, tenants: make(map[profile.TenantID]*spending)}
}

// Refusal is the error of a push that is too much for now.
type Refusal struct {
	Rate, Bytes int64
	RetryAfter  time.Duration // whole seconds, one at least
}

// Error is what clients are told, in the words of Pyroscope.
func (r *Refusal) Error() string {
	return fmt.Sprintf("push rate limit (%s) exceeded while adding %s: push again in %d s",
		bytesText(r.Rate), bytesText(r.Bytes), int(r.RetryAfter.Seconds()))
}

// bytesText writes bytes as Pyroscope does: 4.0 MiB.
func bytesText(n int64) string {
	v, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// Take decides about a push of some bytes and counts it if it passes; otherwise
// the error is a *Refusal. It never fails otherwise.
func (l *Limiter) Take(ctx context.Context, tenant profile.TenantID, limit Limit, bytes int64) error {
	if limit.Rate <= 0 || bytes <= 0 {
		return nil
	}
	s := l.spending(tenant)
	s.mu.Lock() // for callTimeout at most
	defer s.mu.Unlock()
	return s.take(ctx, l, tenant, limit, bytes)
}

// Exhausted tells, without asking or counting, whether Take would refuse as
// many bytes for certain: then the error is its *Refusal. It spares the work on
// a push that will be refused.
func (l *Limiter) Exhausted(tenant profile.TenantID, limit Limit, bytes int64) error {
	if limit.Rate <= 0 || bytes <= 0 {
		return nil
	}
	s := l.spending(tenant)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := l.now()
	s.enter(now)
	if s.isFresh(now) && s.wanting(limit, now, bytes) > 0 {
		return s.refusal(limit, now, bytes)
	}
	return nil
}

func (l *Limiter) spending(tenant profile.TenantID) *spending {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.tenants[tenant]
	if s == nil {
		if len(l.tenants) >= maxTenants {
			clear(l.tenants) // what they have on credit is forgiven
		}
		s = &spending{}
		l.tenants[tenant] = s
	}
	return s
}

// add counts in a window, and returns what was counted by all.
func (l *Limiter) add(ctx context.Context, tenant profile.TenantID, window, bytes int64) (int64, error) {
	// A client that goes away has pushed all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	name := records.Name{Tenant: tenant, Kind: Kind, Key: strconv.FormatInt(window, 10)}
	expires := time.Unix(0, (window+3)*int64(Window))
	total, err := l.store.Add(ctx, name, bytes, expires)
	if err != nil {
		telemetry.MetricsFrom(ctx).Add(telemetry.MetricRateLimitFailures, 1)
		l.log.LogAttrs(ctx, slog.LevelWarn, "pushes not counted, they are let through",
			slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
	}
	return total, err
}
