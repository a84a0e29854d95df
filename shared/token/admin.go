package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Errors of Admin, for which a person who asked is to be told the text.
var (
	ErrBadSpec = errors.New("bad token")
	ErrUnknown = errors.New("unknown token")
	ErrEnded   = errors.New("token has ended")
)

const (
	maxNameBytes = 100
	maxReads     = 100
	// maxSecrets is how many secrets a token has at once, of rotations whose
	// grace times overlap. The oldest goes first.
	maxSecrets = 4
	// maxAttempts is how often a change is tried that meets another one.
	maxAttempts = 5
)

// Admin makes and changes tokens. What it does is in force a minute later,
// everywhere; a new token at once.
type Admin struct {
	Store records.Store
	Now   func() time.Time
}

// Spec is the token that Create is to make.
type Spec struct {
	Tenant  profile.TenantID
	Name    string
	Scopes  []Scope
	Reads   []profile.TenantID // see Token.Reads; only with ScopeQuery
	Expires time.Time          // zero: never
}

// Create makes a token. The text is returned here and never again.
func (a Admin) Create(ctx context.Context, s Spec) (Token, Text, error) {
	now := a.now()
	if err := s.check(now); err != nil {
		return Token{}, Text{}, err
	}
	text := newText(s.Tenant, random(idBytes))
	t := Token{
		Tenant: s.Tenant, ID: text.ID, Name: s.Name, Scopes: sorted(s.Scopes), Reads: sorted(s.Reads),
		Created: now, Expires: s.Expires, secrets: []secret{newSecret(text)},
	}
	r, err := t.record(0)
	if err == nil {
		_, err = a.Store.Put(ctx, r)
	}
	if err != nil {
		return Token{}, Text{}, fmt.Errorf("write token %s of tenant %s: %w", t.ID, t.Tenant, err)
	}
	return t, text, nil
}

// now has whole seconds, as people read them.
func (a Admin) now() time.Time { return a.Now().UTC().Truncate(time.Second) }

func sorted[T ~string](all []T) []T {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

func (s Spec) check(now time.Time) error {
	if err := s.Tenant.Validate(); err != nil {
		return fmt.Errorf("%w: tenant: %w", ErrBadSpec, err)
	}
	unprintable := strings.ContainsFunc(s.Name, func(c rune) bool { return !unicode.IsPrint(c) })
	if len(s.Name) > maxNameBytes || unprintable {
		return fmt.Errorf("%w: its name must be printable, of at most %d bytes", ErrBadSpec, maxNameBytes)
	}
	if len(s.Scopes) == 0 {
		return fmt.Errorf("%w: it has no scope, want some of %v", ErrBadSpec, Scopes())
	}
	for _, scope := range s.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return fmt.Errorf("%w: there is no scope %q, want some of %v", ErrBadSpec, scope, Scopes())
		}
	}
	if len(s.Reads) > maxReads || len(s.Reads) > 0 && !slices.Contains(s.Scopes, ScopeQuery) {
		return fmt.Errorf("%w: to read other tenants, at most %d, it needs the scope %s", ErrBadSpec, maxReads, ScopeQuery)
	}
	for _, tenant := range s.Reads {
		if err := tenant.Validate(); err != nil {
			return fmt.Errorf("%w: tenant to read: %w", ErrBadSpec, err)
		}
	}
	if !s.Expires.IsZero() && !s.Expires.After(now) {
		return fmt.Errorf("%w: it would have expired at %s", ErrBadSpec, s.Expires.Format(time.RFC3339))
	}
	return nil
}

// List returns the tokens of a tenant, the oldest first. Those that have expired
// or were revoked are among them for 30 days.
func (a Admin) List(ctx context.Context, tenant profile.TenantID) ([]Token, error) {
	all, err := a.Store.List(ctx, tenant, Kind)
	if err != nil {
		return nil, fmt.Errorf("list tokens of tenant %s: %w", tenant, err)
	}
	out := make([]Token, 0, len(all))
	for _, r := range all {
		t, err := fromRecord(r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y Token) int {
		if c := x.Created.Compare(y.Created); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return out, nil
}

// Rotate gives a token a new secret, which is valid at once; those it had stay
// valid for the grace time (0: they end now). All else of it stays. The text is
// returned here and never again.
func (a Admin) Rotate(ctx context.Context, tenant profile.TenantID, id string, grace time.Duration) (Token, Text, error) {
	text := newText(tenant, id)
	added := newSecret(text)
	now := a.now()
	t, err := a.change(ctx, tenant, id, func(t *Token) error {
		if !t.Revoked.IsZero() || !t.Expires.IsZero() && !now.Before(t.Expires) {
			return fmt.Errorf("%w: create another instead of rotating %s", ErrEnded, id)
		}
		kept := []secret{added}
		for _, s := range t.secrets { // the newest first
			if until := now.Add(grace); s.Until.IsZero() || until.Before(s.Until) {
				s.Until = until
			}
			if now.Before(s.Until) && len(kept) < maxSecrets {
				kept = append(kept, s)
			}
		}
		t.secrets = kept
		return nil
	})
	return t, text, err
}

// Revoke ends a token for good. To revoke one that is revoked is no error.
func (a Admin) Revoke(ctx context.Context, tenant profile.TenantID, id string) (Token, error) {
	return a.change(ctx, tenant, id, func(t *Token) error {
		if t.Revoked.IsZero() {
			t.Revoked = a.now()
		}
		return nil
	})
}

// change rewrites a token as it is when it is written.
func (a Admin) change(ctx context.Context, tenant profile.TenantID, id string, edit func(*Token) error) (Token, error) {
	if err := tenant.Validate(); err != nil {
		return Token{}, err
	}
	if !ValidID(id) {
		return Token{}, fmt.Errorf("%w: %.40q is no id of a token", ErrUnknown, id)
	}
	for attempt := 1; ; attempt++ {
		t, err := a.changeOnce(ctx, recordName(tenant, id), edit)
		if errors.Is(err, records.ErrNotFound) {
			return Token{}, fmt.Errorf("%w: tenant %s has none with the id %s", ErrUnknown, tenant, id)
		}
		if err == nil || attempt == maxAttempts || !errors.Is(err, records.ErrConflict) {
			return t, err
		}
	}
}

func (a Admin) changeOnce(ctx context.Context, name records.Name, edit func(*Token) error) (Token, error) {
	old, err := a.Store.Get(ctx, name)
	if err != nil {
		return Token{}, fmt.Errorf("read token %s of tenant %s: %w", name.Key, name.Tenant, err)
	}
	t, err := fromRecord(old)
	if err != nil {
		return Token{}, err
	}
	if err := edit(&t); err != nil {
		return Token{}, err
	}
	r, err := t.record(old.Version)
	if err == nil {
		_, err = a.Store.Put(ctx, r)
	}
	if err != nil {
		return Token{}, fmt.Errorf("write token %s of tenant %s: %w", name.Key, name.Tenant, err)
	}
	return t, nil
}
