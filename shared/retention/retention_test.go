package retention_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// world is an Admin on a clock that is moved by hand.
type world struct {
	retention.Admin
	mem *recordstest.Mem
	now time.Time
}

func newWorld(keep time.Duration) *world {
	w := &world{mem: recordstest.NewMem(), now: noon}
	clock := func() time.Time { return w.now }
	w.mem.Now = clock
	w.Admin = retention.Admin{Store: w.mem, Default: keep, Now: clock}
	return w
}

func TestBounds(t *testing.T) {
	w, ctx := newWorld(24*time.Hour), t.Context()
	ago := func(d time.Duration) int64 { return w.now.Add(-d).UnixNano() }
	bound := func() func(string) int64 {
		rules, err := w.Rules(ctx, "acme")
		require.NoError(t, err)
		return rules.Bound(w.now).Of
	}
	require.Equal(t, ago(24*time.Hour), bound()("api"))
	require.NoError(t, w.Keep(ctx, "acme", "", 48*time.Hour))
	require.NoError(t, w.Keep(ctx, "acme", "api", time.Hour))
	require.NoError(t, w.Keep(ctx, "acme", "audit", 0))
	_, err := w.Delete(ctx, "acme", "web")
	require.NoError(t, err)
	_, err = w.Delete(ctx, "acme", "api")
	require.NoError(t, err)
	require.NoError(t, w.Keep(ctx, "rival", "", time.Hour))
	require.Equal(t, ago(48*time.Hour), bound()("other"))
	require.Equal(t, ago(0), bound()("api"))
	require.Zero(t, bound()("audit"))
	require.Equal(t, noon.UnixNano(), bound()("web"))
	w.now = w.now.Add(3 * time.Hour)
	require.Equal(t, ago(time.Hour), bound()("api"), "what expires later than it was deleted")
	require.Equal(t, noon.UnixNano(), bound()("web"))
	require.NoError(t, w.Unkeep(ctx, "acme", "api"))
	require.NoError(t, w.Unkeep(ctx, "acme", ""))
	require.NoError(t, w.Unkeep(ctx, "acme", "never"))
	require.Equal(t, noon.UnixNano(), bound()("api"))
	require.Equal(t, ago(24*time.Hour), bound()("other"))

	rules, err := w.Rules(ctx, "acme")
	require.NoError(t, err)
	require.NoError(t, retention.Forget(ctx, w.mem, "acme", retention.Deletion{Service: "web", Before: w.now}), "not this one")
	require.Equal(t, noon.UnixNano(), bound()("web"))
	require.NoError(t, retention.Forget(ctx, w.mem, "acme", rules.Deleted["web"]))
	require.NoError(t, retention.Forget(ctx, w.mem, "acme", rules.Deleted["web"]), "twice")
	require.Equal(t, ago(24*time.Hour), bound()("web"))
	w.now = w.now.Add(24*time.Hour + retention.Settled)
	rules, err = w.Rules(ctx, "acme")
	require.NoError(t, err)
	require.Empty(t, rules.Deleted, "all that it was about has expired")
}

func TestLongAndStrangeNames(t *testing.T) {
	w, ctx := newWorld(0), t.Context()
	names := []string{strings.Repeat("a", 2000), strings.Repeat("a", 2000) + "b", "a/b", "ключ", "deleted/x", " x"}
	for _, name := range names {
		_, err := w.Delete(ctx, "acme", name)
		require.NoError(t, err, name)
		require.NoError(t, w.Keep(ctx, "acme", name, time.Hour), name)
	}
	rules, err := w.Rules(ctx, "acme")
	require.NoError(t, err)
	require.Len(t, rules.Deleted, len(names))
	require.Len(t, rules.Keep, len(names))
	for _, name := range []string{"", " ", "\xff"} {
		_, err := w.Delete(ctx, "acme", name)
		require.ErrorIs(t, err, retention.ErrBadService)
	}
	require.ErrorIs(t, w.Keep(ctx, "acme", "x", time.Second), retention.ErrBadKeep)
	require.ErrorIs(t, w.Keep(ctx, "acme", "x", -time.Hour), retention.ErrBadKeep)
}

func TestRulesAreBounded(t *testing.T) {
	w, ctx := newWorld(0), t.Context()
	for i := range retention.MaxRules {
		require.NoError(t, w.Keep(ctx, "acme", strings.Repeat("x", 1+i), time.Hour))
	}
	_, err := w.Delete(ctx, "acme", "one more")
	require.ErrorIs(t, err, retention.ErrTooMany)
	require.NoError(t, w.Keep(ctx, "acme", "x", 0), "one that is there can be changed")
	_, err = w.Delete(ctx, "rival", "web")
	require.NoError(t, err)
}

func TestAPI(t *testing.T) {
	w := newWorld(time.Hour)
	api := &retention.API{Tenants: tenancy.Resolver{Multi: true}, Admin: w.Admin, Log: slog.New(slog.DiscardHandler)}
	do := func(method, path, tenant string) (int, string) {
		r := httptest.NewRequest(method, path, nil)
		if tenant != "" {
			r.Header.Set(tenancy.Header, tenant)
		}
		out := httptest.NewRecorder()
		api.ServeHTTP(out, r)
		return out.Code, out.Body.String()
	}
	for _, c := range []struct {
		method, path, tenant string
		status               int
		body                 string
	}{
		{"GET", "/admin/v1/deletions", "acme", 200, `{"deletions":[]}`},
		{"DELETE", "/admin/v1/services/team%2Fapi%20%25", "acme", 200, `{"service":"team/api %","deletedBefore":"2026-03-04T12:00:00Z"}`},
		{"GET", "/admin/v1/deletions", "acme", 200, `{"deletions":[{"service":"team/api %","deletedBefore":"2026-03-04T12:00:00Z"}]}`},
		{"GET", "/admin/v1/deletions", "rival", 200, `{"deletions":[]}`},
		{"DELETE", "/admin/v1/services/", "acme", 400, `{"code":"invalid_argument","message":"bad service name \"\": want 1 to 65536 bytes of UTF-8"}`},
		{"GET", "/admin/v1/services/a", "acme", 405, `{"code":"unimplemented","message":"only DELETE of a service and GET of deletions are served here"}`},
		{"POST", "/admin/v1/deletions", "acme", 405, `{"code":"unimplemented","message":"only DELETE of a service and GET of deletions are served here"}`},
		{"GET", "/admin/v1/other", "acme", 404, `{"code":"not_found","message":"no such path"}`},
	} {
		status, body := do(c.method, c.path, c.tenant)
		require.Equal(t, c.status, status, c)
		require.Equal(t, c.body, body, c)
	}
	status, _ := do("DELETE", "/admin/v1/services/a", "")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = do("DELETE", "/admin/v1/services/a", "acme|rival")
	require.Equal(t, http.StatusUnauthorized, status)
	w.mem.Now = nil
	_, err := w.mem.Put(t.Context(), records.Record{Name: records.Name{Tenant: "acme", Kind: retention.Kind, Key: "kept"}, Value: []byte("{")})
	require.NoError(t, err)
	status, body := do("GET", "/admin/v1/deletions", "acme")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Equal(t, `{"code":"internal","message":"internal error"}`, body)
	_, err = w.Rules(t.Context(), "acme")
	require.Error(t, err)
	require.False(t, errors.Is(err, records.ErrNotFound))
}
