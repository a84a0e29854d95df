package ratelimit

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// spending is what an instance knows of a tenant.
type spending struct {
	mu sync.Mutex

	window  int64   // the present one, by number
	level   float64 // at its beginning; known once leveled
	leveled bool
	total   int64     // counted in it by all, as of countedAt
	credit  int64     // spent by us and not counted yet
	counted time.Time // when total was learned; zero: not in this window

	before pending   // of the window before this one
	failed time.Time // when the record store failed last
}

// pending is what is left of a window that is over.
type pending struct {
	credit  int64
	level   float64
	leveled bool
}

// enter makes the window of now the present one.
func (s *spending) enter(now time.Time) {
	window := now.UnixNano() / int64(Window)
	if window == s.window {
		return
	}
	s.before = pending{}
	if window == s.window+1 {
		s.before = pending{s.credit, s.level, s.leveled}
	}
	s.window, s.total, s.credit = window, 0, 0
	s.level, s.leveled, s.counted = 0, false, time.Time{}
}

// start is when the present window began.
func (s *spending) start() time.Time { return time.Unix(0, s.window*int64(Window)) }

// wanting is how many bytes are missing for a push, in whole bytes; 0: none.
// Until the level is known it is taken to be full.
func (s *spending) wanting(limit Limit, now time.Time, bytes int64) float64 {
	burst := float64(limit.Burst)
	level := burst
	if s.leveled {
		level = s.level
	}
	allowed := level + float64(limit.Rate)*now.Sub(s.start()).Seconds()
	// A push that is larger than the burst needs a full level only.
	return math.Floor(max(0, float64(s.total+s.credit)+min(float64(bytes), burst)-allowed))
}

func (s *spending) isFresh(now time.Time) bool {
	return !s.counted.IsZero() && now.Sub(s.counted) < fresh
}

func (s *spending) take(ctx context.Context, l *Limiter, tenant profile.TenantID, limit Limit, bytes int64) error {
	now := l.now()
	s.enter(now)
	wanting := s.wanting(limit, now, bytes)
	switch {
	case wanting == 0 && float64(s.credit+bytes) <= limit.Chunk():
		s.credit += bytes
		return nil
	case wanting > 0 && s.isFresh(now):
		return s.refusal(limit, now, bytes)
	case !s.failed.IsZero() && now.Sub(s.failed) < failurePause:
		return nil
	}
	if !s.count(ctx, l, tenant, limit, bytes) {
		s.failed = now
		s.credit = 0 // it may have been counted
		return nil
	}
	s.failed, s.counted = time.Time{}, now
	// bytes are in the total already.
	s.total -= bytes
	if s.wanting(limit, now, bytes) == 0 {
		s.total += bytes
		return nil
	}
	if _, err := l.add(ctx, tenant, s.window, -bytes); err != nil {
		s.failed = now
	}
	return s.refusal(limit, now, bytes)
}

// count counts what is on credit, and bytes more, and learns the level and the
// total. It reports false if the record store failed.
func (s *spending) count(ctx context.Context, l *Limiter, tenant profile.TenantID, limit Limit, bytes int64) bool {
	if !s.leveled {
		used, err := l.add(ctx, tenant, s.window-1, s.before.credit)
		s.before.credit = 0 // also after an error: it may have been counted
		if err != nil {
			return false
		}
		level := float64(limit.Burst)
		if s.before.leveled {
			level = s.before.level
		}
		s.level = min(float64(limit.Burst), level+limit.perWindow()-float64(used))
		s.leveled, s.before = true, pending{}
	}
	total, err := l.add(ctx, tenant, s.window, s.credit+bytes)
	if err != nil {
		return false
	}
	s.total, s.credit = total, 0
	return true
}

// refusal tells when the push would pass if nobody else pushed.
func (s *spending) refusal(limit Limit, now time.Time, bytes int64) error {
	seconds := math.Ceil(s.wanting(limit, now, bytes) / float64(limit.Rate))
	wait := maxRetryAfter
	if seconds < wait.Seconds() {
		wait = time.Duration(max(seconds, 1)) * time.Second
	}
	return &Refusal{Rate: limit.Rate, Bytes: bytes, RetryAfter: wait}
}
