package token_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

var errBoom = errors.New("boom")

// world is tokens, and what they stand on.
type world struct {
	*token.Checker
	t     *testing.T
	now   time.Time
	store *recordstest.Faults
	admin token.Admin
	log   bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Unix(1_800_000_000, 0).UTC(), store: recordstest.NewFaults(recordstest.NewMem())}
	w.admin = token.Admin{Store: w.store, Now: func() time.Time { return w.now }}
	w.fresh()
	return w
}

// fresh is a process that has just started.
func (w *world) fresh() {
	w.Checker = token.NewChecker(w.store, func() time.Time { return w.now },
		slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

func (w *world) create(s token.Spec) (token.Token, string) {
	w.t.Helper()
	if s.Scopes == nil {
		s.Scopes = []token.Scope{token.ScopeIngest}
	}
	t, text, err := w.admin.Create(w.t.Context(), s)
	require.NoError(w.t, err)
	return t, text.Reveal()
}

func (w *world) check(text string) error {
	_, err := w.Check(w.t.Context(), text)
	return err
}

func (w *world) rotate(t token.Token, grace time.Duration) string {
	w.t.Helper()
	_, text, err := w.admin.Rotate(w.t.Context(), t.Tenant, t.ID, grace)
	require.NoError(w.t, err)
	return text.Reveal()
}

func (w *world) fail(err error) {
	w.store.SetHook(func(faultplan.Call, faultplan.When) error { return err })
}

func TestCreateAndCheck(t *testing.T) {
	w := newWorld(t)
	for _, tenant := range []profile.TenantID{"acme", "!-_.*'()", profile.TenantID(strings.Repeat("x", 150))} {
		made, text := w.create(token.Spec{
			Tenant: tenant, Name: "cluster", Scopes: []token.Scope{"query", "ingest", "query"},
			Reads: []profile.TenantID{"b", "a"}, Expires: w.now.Add(time.Hour),
		})
		require.Regexp(t, `^pyc_[A-Za-z0-9_-]+_[a-z2-7]{16}_[a-z2-7]{52}$`, text)
		got, err := w.Check(t.Context(), text)
		require.NoError(t, err)
		require.Equal(t, tenant, got.Tenant)
		require.Equal(t, made.ID, got.ID)
		require.Equal(t, []token.Scope{"ingest", "query"}, got.Scopes)
		require.True(t, got.Has("query") && !got.Has("admin") && got.MayRead("a") && got.MayRead(tenant) && !got.MayRead("c"))
	}
}

// What differs from a token in any byte, or has another's parts, is none.
func TestOnlyTheTextItselfIsValid(t *testing.T) {
	w := newWorld(t)
	_, a := w.create(token.Spec{Tenant: "acme"})
	_, b := w.create(token.Spec{Tenant: "globex"})
	for i := range a {
		for _, c := range []byte{'_', 'a', 'B', '=', ' '} {
			changed := a[:i] + string(c) + a[i+1:]
			if changed != a {
				require.ErrorIs(t, w.check(changed), token.ErrInvalid, changed)
			}
		}
		require.ErrorIs(t, w.check(a[:i]), token.ErrInvalid)
	}
	pa, pb := strings.Split(a, "_"), strings.Split(b, "_")
	for _, i := range []int{1, 2, 3} {
		mixed := append([]string{}, pa...)
		mixed[i] = pb[i]
		require.ErrorIs(t, w.check(strings.Join(mixed, "_")), token.ErrInvalid)
	}
	require.ErrorIs(t, w.check(a+"\n"), token.ErrInvalid)
	require.NoError(t, w.check(a))
}

// A record that was copied to another tenant's name is worth nothing there.
func TestARecordIsBoundToItsName(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(token.Spec{Tenant: "acme"})
	all, err := w.store.List(t.Context(), "acme", token.Kind)
	require.NoError(t, err)
	require.Len(t, all, 1)
	copied := all[0]
	copied.Tenant, copied.Version = "globex", 0
	_, err = w.store.Put(t.Context(), copied)
	require.NoError(t, err)
	parsed, err := token.Parse(text)
	require.NoError(t, err)
	parsed.Tenant = "globex"
	require.Equal(t, made.ID, parsed.ID)
	require.ErrorIs(t, w.check(parsed.Reveal()), token.ErrInvalid)
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(token.Spec{Tenant: "acme", Expires: w.now.Add(30 * time.Second)})
	require.NoError(t, w.check(text))
	w.now = w.now.Add(29 * time.Second)
	require.NoError(t, w.check(text))
	w.now = w.now.Add(time.Second) // also if it is remembered
	require.ErrorIs(t, w.check(text), token.ErrExpired)
	require.ErrorIs(t, w.check(text[:len(text)-52]+strings.Repeat("a", 52)), token.ErrInvalid)
	_, _, err := w.admin.Rotate(t.Context(), "acme", made.ID, 0)
	require.ErrorIs(t, err, token.ErrEnded)
}

func TestRevokedWithinAMinute(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(token.Spec{Tenant: "acme"})
	_, other := w.create(token.Spec{Tenant: "acme"})
	require.NoError(t, w.check(text))
	calls := w.store.Calls(recordstest.Get)
	for range 2 {
		revoked, err := w.admin.Revoke(t.Context(), "acme", made.ID)
		require.NoError(t, err)
		require.Equal(t, w.now, revoked.Revoked)
	}
	require.Equal(t, calls+2, w.store.Calls(recordstest.Get))
	for range 49 {
		w.now = w.now.Add(time.Second)
		require.NoError(t, w.check(text))
	}
	require.Equal(t, calls+2, w.store.Calls(recordstest.Get), "requests do not ask the store")
	w.now = w.now.Add(10 * time.Second)
	require.ErrorIs(t, w.check(text), token.ErrRevoked)
	require.NoError(t, w.check(other))
	w.fresh()
	require.ErrorIs(t, w.check(text), token.ErrRevoked)
	_, _, err := w.admin.Rotate(t.Context(), "acme", made.ID, 0)
	require.ErrorIs(t, err, token.ErrEnded)
	_, err = w.admin.Revoke(t.Context(), "globex", made.ID)
	require.ErrorIs(t, err, token.ErrUnknown, "another tenant's")
}

func TestRotation(t *testing.T) {
	w := newWorld(t)
	made, first := w.create(token.Spec{Tenant: "acme", Scopes: []token.Scope{"ingest", "query"}})
	require.NoError(t, w.check(first))
	w.now = w.now.Add(6 * time.Second)
	second := w.rotate(made, time.Hour)
	require.NotEqual(t, first, second)
	require.NoError(t, w.check(second), "at once, although the token is remembered")
	require.NoError(t, w.check(first))
	got, err := w.Check(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, made.Scopes, got.Scopes)
	w.now = w.now.Add(59 * time.Minute)
	require.NoError(t, w.check(first))
	w.now = w.now.Add(time.Minute)
	require.ErrorIs(t, w.check(first), token.ErrInvalid)
	require.NoError(t, w.check(second))

	third := w.rotate(made, 0)
	w.fresh()
	require.NoError(t, w.check(third))
	require.ErrorIs(t, w.check(second), token.ErrInvalid)
	var last string
	for range 9 { // there is an end to secrets
		last = w.rotate(made, time.Hour)
	}
	w.fresh()
	require.NoError(t, w.check(last))
	require.ErrorIs(t, w.check(third), token.ErrInvalid)
}

func TestGraceIsNotProlonged(t *testing.T) {
	w := newWorld(t)
	made, first := w.create(token.Spec{Tenant: "acme"})
	w.rotate(made, time.Minute)
	w.rotate(made, time.Hour)
	w.now = w.now.Add(2 * time.Minute)
	require.ErrorIs(t, w.check(first), token.ErrInvalid)
}

func TestTroubleWithTheStore(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(token.Spec{Tenant: "acme", Expires: w.now.Add(5 * time.Minute)})
	_, unseen := w.create(token.Spec{Tenant: "acme"})
	_, long := w.create(token.Spec{Tenant: "acme"})
	require.NoError(t, w.check(text))
	require.NoError(t, w.check(long))
	w.fail(errBoom)
	w.now = w.now.Add(2 * time.Minute)
	calls := w.store.Calls()
	for range 5 {
		require.NoError(t, w.check(text), "what was valid stays so for a while")
		require.ErrorIs(t, w.check(unseen), token.ErrUnavailable)
		require.ErrorIs(t, w.check(text[:len(text)-52]+strings.Repeat("a", 52)), token.ErrUnavailable)
	}
	require.Equal(t, calls+1, w.store.Calls(), "the store is left alone for a while")
	require.ErrorIs(t, w.check("pyc_nonsense"), token.ErrInvalid)
	w.now = w.now.Add(3 * time.Minute)
	require.ErrorIs(t, w.check(text), token.ErrExpired)
	require.NoError(t, w.check(long))
	w.now = w.now.Add(6 * time.Minute)
	require.ErrorIs(t, w.check(long), token.ErrUnavailable, "but not for ever")
	w.fail(nil)
	w.now = w.now.Add(2 * time.Second)
	require.NoError(t, w.check(unseen))
	require.Contains(t, w.log.String(), "token not read")
	require.Contains(t, w.log.String(), made.ID)
}

func TestStrangersDoNotBusyTheStore(t *testing.T) {
	w := newWorld(t)
	_, text := w.create(token.Spec{Tenant: "acme"})
	require.NoError(t, w.check(text))
	wrong := text[:len(text)-52] + strings.Repeat("a", 52)
	missing := token.Text{Tenant: "acme", ID: "aaaaaaaaaaaaaaaa"}.Reveal() + strings.Repeat("a", 52)
	calls := w.store.Calls(recordstest.Get)
	for range 8 { // seconds
		for range 3 {
			require.ErrorIs(t, w.check(wrong), token.ErrInvalid)
			require.ErrorIs(t, w.check(missing), token.ErrInvalid)
		}
		w.now = w.now.Add(time.Second)
	}
	require.Equal(t, calls+2, w.store.Calls(recordstest.Get))
}

// A client that goes away while its token is looked up spoils it for nobody.
func TestACancelledRequestDoesNotFailTheLookup(t *testing.T) {
	w := newWorld(t)
	_, text := w.create(token.Spec{Tenant: "acme"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Check(ctx, text)
	require.NoError(t, err)
}

func TestNothingSecretIsShownOrKept(t *testing.T) {
	w := newWorld(t)
	made, text := w.create(token.Spec{Tenant: "acme", Name: "n"})
	secret := text[len(text)-52:]
	parsed, err := token.Parse(text)
	require.NoError(t, err)
	_, bad := token.Parse(text + "x")
	w.fail(errBoom)
	require.Error(t, w.check(text))
	w.fail(nil)
	listed, err := w.admin.List(t.Context(), "acme")
	require.NoError(t, err)
	all, err := w.store.List(t.Context(), "acme", token.Kind)
	require.NoError(t, err)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "text", parsed, "token", made)
	shown := fmt.Sprintf("%v %+v %#v %s %q %v %v %s", parsed, parsed, parsed, parsed, parsed, bad, made, all[0].Value) + logged.String() + w.log.String()
	require.NotContains(t, shown, secret)
	require.NotEmpty(t, listed)
}

func TestBadSpecs(t *testing.T) {
	w := newWorld(t)
	ingest := []token.Scope{token.ScopeIngest}
	for name, s := range map[string]token.Spec{
		"no tenant":      {Scopes: ingest},
		"bad tenant":     {Tenant: "a/b", Scopes: ingest},
		"no scope":       {Tenant: "a"},
		"unknown scope":  {Tenant: "a", Scopes: []token.Scope{"push"}},
		"long name":      {Tenant: "a", Scopes: ingest, Name: strings.Repeat("n", 101)},
		"control name":   {Tenant: "a", Scopes: ingest, Name: "a\x1b[0m"},
		"past":           {Tenant: "a", Scopes: ingest, Expires: w.now},
		"reads, no read": {Tenant: "a", Scopes: ingest, Reads: []profile.TenantID{"b"}},
		"reads nonsense": {Tenant: "a", Scopes: []token.Scope{token.ScopeQuery}, Reads: []profile.TenantID{"b|c"}},
	} {
		_, _, err := w.admin.Create(t.Context(), s)
		require.ErrorIs(t, err, token.ErrBadSpec, name)
	}
	_, _, err := w.admin.Rotate(t.Context(), "a", "../x", 0)
	require.ErrorIs(t, err, token.ErrUnknown)
}

// Ended tokens are listed for a month, then gone by themselves.
func TestEndedTokensGo(t *testing.T) {
	w := newWorld(t)
	made, _ := w.create(token.Spec{Tenant: "acme"})
	_, err := w.admin.Revoke(t.Context(), "acme", made.ID)
	require.NoError(t, err)
	all, err := w.store.List(t.Context(), "acme", token.Kind)
	require.NoError(t, err)
	require.Equal(t, w.now.Add(30*24*time.Hour), all[0].Expires.UTC())
}

// A comparison that ends at the first difference tells by its time how much of
// a hash was right; no test of answers would notice one.
func TestHashesAreComparedInConstantTime(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var code strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		code.Write(b)
	}
	require.Contains(t, code.String(), "hmac.Equal(s.MAC, ")
	require.NotRegexp(t, `bytes\.(Equal|Compare)|string\([^)]*MAC|slices\.Equal`, code.String())
}

func FuzzParse(f *testing.F) {
	f.Add("pyc_YWNtZQ_aaaaaaaaaaaaaaaa_" + strings.Repeat("a", 52))
	f.Add("pyc___")
	f.Add("pyc_YW\nNtZQ_aaaaaaaaaaaaaaaa_" + strings.Repeat("a", 52))
	f.Add("pyc_YWNtZQ_aaaaaaaaaaaaaaa\n_" + strings.Repeat("a", 52))
	f.Add("pyc_YWNtZR_aaaaaaaaaaaaaaaa_" + strings.Repeat("a", 52))
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := token.Parse(s)
		if err != nil {
			require.Equal(t, token.ErrInvalid, err)
			return
		}
		require.Equal(t, s, parsed.Reveal(), "one text a token")
		require.Regexp(t, `^pyc_[A-Za-z0-9_-]+_[a-z2-7]{16}_[a-z2-7]{52}$`, s)
		require.NoError(t, records.Name{Tenant: parsed.Tenant, Kind: token.Kind, Key: parsed.ID}.Validate())
	})
}
