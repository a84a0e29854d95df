package token

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

const (
	// maxAge is how old what is known of a token may be. With the time of a
	// request it stays below the minute in which a revoked token ends.
	maxAge = 50 * time.Second
	// maxAbsentAge is how long a token that is not there is not looked up again.
	maxAbsentAge = 10 * time.Second
	// rereadAfter is how old what is known must be to be read again because a
	// secret does not match: it may have been rotated since.
	rereadAfter = 5 * time.Second
	// staleFor is how long the tokens that are known stay valid, by what was
	// last read of them, while the record store cannot be read.
	staleFor = 10 * time.Minute
	// readTimeout is how long a request waits for the record store.
	readTimeout = 2 * time.Second
	// retryAfter is how long the record store is left alone after it failed.
	retryAfter = time.Second
)

// ErrUnavailable: whether the token is valid cannot be found out at the moment.
var ErrUnavailable = errors.New("tokens cannot be checked at the moment")

// Reader is what a Checker needs of the record store.
type Reader interface {
	Get(ctx context.Context, name records.Name) (records.Record, error)
}

// Checker checks tokens. It remembers what it read, so that the record store is
// not asked for each request: a token that is revoked ends within a minute. It
// may be used by many goroutines.
type Checker struct {
	store Reader
	now   func() time.Time
	log   *slog.Logger
	cache *cache
	reads singleflight.Group
}

// NewChecker returns a checker of the tokens in a record store.
func NewChecker(store Reader, now func() time.Time, log *slog.Logger) *Checker {
	return &Checker{store: store, now: now, log: log, cache: newCache()}
}

// Check returns the token of the text. The error is ErrInvalid, ErrExpired or
// ErrRevoked, or ErrUnavailable if the record store cannot be read and the
// token was not found valid in the minutes before.
func (c *Checker) Check(ctx context.Context, s string) (Token, error) {
	text, err := Parse(s)
	if err != nil {
		return Token{}, err
	}
	name := recordName(text.Tenant, text.ID)
	now := c.now()
	known, ok := c.cache.get(name)
	if ok && now.Sub(known.read) < known.maxAge() {
		err := known.judge(text, now)
		mismatch := err == ErrInvalid // not those that wrap it
		if known.absent || !mismatch || now.Sub(known.read) < rereadAfter {
			return known.answer(err)
		}
	}
	fresh, err := c.read(ctx, name)
	if err == nil {
		return fresh.answer(fresh.judge(text, now))
	}
	if ok && !known.absent && now.Sub(known.read) < staleFor {
		if err := known.judge(text, now); err == nil || errors.Is(err, ErrExpired) || errors.Is(err, ErrRevoked) {
			return known.answer(err)
		}
	}
	return Token{}, ErrUnavailable
}

// read asks the record store, once for all who ask for the same token.
func (c *Checker) read(ctx context.Context, name records.Name) (entry, error) {
	v, err, _ := c.reads.Do(string(name.Tenant)+"/"+name.Key, func() (any, error) {
		now := c.now()
		if !c.cache.mayRead(now) {
			return entry{}, ErrUnavailable
		}
		// Others use the answer, so that one client that goes away must not spoil it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		r, err := c.store.Get(ctx, name)
		e := entry{read: now, absent: errors.Is(err, records.ErrNotFound)}
		switch {
		case e.absent:
			err = nil
		case err != nil:
			c.cache.failed(c.now().Add(retryAfter))
		default:
			e.Token, err = fromRecord(r)
		}
		if err != nil {
			c.log.LogAttrs(ctx, slog.LevelWarn, "token not read; those that are known stay valid for some minutes",
				slog.String(telemetry.KeyTenant, string(name.Tenant)), slog.String(telemetry.KeyToken, name.Key), telemetry.Err(err))
			return entry{}, err
		}
		c.cache.put(name, e)
		return e, nil
	})
	if err != nil {
		return entry{}, err
	}
	return v.(entry), nil
}

// entry is what was read of a token.
type entry struct {
	Token
	absent bool
	read   time.Time
}

func (e entry) maxAge() time.Duration {
	if e.absent {
		return maxAbsentAge
	}
	return maxAge
}

// answer is what Check returns after judging.
func (e entry) answer(err error) (Token, error) {
	if err != nil {
		return Token{}, err
	}
	return e.Token, nil
}
