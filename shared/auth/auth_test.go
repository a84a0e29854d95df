package auth_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/auth"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// world is a handler behind the check of tokens.
type world struct {
	t     *testing.T
	now   time.Time
	store *recordstest.Faults
	admin token.Admin
	http.Handler
	seen *http.Request // by the handler, last
}

// The paths of the handler, by what they ask.
func access(path string) auth.Access {
	return map[string]auth.Access{
		"/push":  {Scope: token.ScopeIngest},
		"/query": {Scope: token.ScopeQuery, Federated: true},
		"/prefs": {Scope: token.ScopeQuery},
		"/admin": {Scope: token.ScopeAdmin},
		"/ready": {Open: true},
	}[path]
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Unix(1_800_000_000, 0), store: recordstest.NewFaults(recordstest.NewMem())}
	now := func() time.Time { return w.now }
	w.admin = token.Admin{Store: w.store, Now: now}
	inner := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.seen = r
		_, _ = io.WriteString(rw, strings.Join(r.Header.Values(tenancy.Header), "+"))
	})
	w.Handler = auth.Handler(inner, token.NewChecker(w.store, now, slog.New(slog.DiscardHandler)), access)
	return w
}

func (w *world) token(tenant profile.TenantID, reads []profile.TenantID, scopes ...token.Scope) string {
	w.t.Helper()
	_, text, err := w.admin.Create(w.t.Context(), token.Spec{Tenant: tenant, Scopes: scopes, Reads: reads})
	require.NoError(w.t, err)
	return text.Reveal()
}

// do sends a request with headers in turns of name and value, names as they are
// written.
func (w *world) do(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	w.seen = nil
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

const (
	authorization = "Authorization"
	orgID         = "X-Scope-Orgid" // as Go writes it
)

func TestCredentials(t *testing.T) {
	w := newWorld(t)
	acme := w.token("acme", nil, token.ScopeIngest, token.ScopeQuery)
	for _, c := range []struct {
		name    string
		headers []string
		message string // of the 401; "": it goes
	}{
		{"basic", []string{authorization, basic("acme", acme)}, ""},
		{"basic in small letters", []string{authorization, "basic" + strings.TrimPrefix(basic("acme", acme), "Basic")}, ""},
		{"bearer", []string{authorization, "Bearer " + acme}, ""},
		{"BEARER", []string{authorization, "BEARER  " + acme}, ""},
		{"nothing", nil, "no token"},
		{"empty", []string{authorization, ""}, "no token"},
		{"only a tenant", []string{orgID, "acme"}, "no token"},
		{"no scheme", []string{authorization, acme}, "neither Basic nor Bearer"},
		{"other scheme", []string{authorization, "AWS4-HMAC-SHA256 x"}, "neither Basic nor Bearer"},
		{"empty bearer", []string{authorization, "Bearer "}, "not valid"},
		{"bad base64", []string{authorization, "Basic ???"}, "cannot be read"},
		{"no colon", []string{authorization, "Basic " + base64.StdEncoding.EncodeToString([]byte(acme))}, "cannot be read"},
		{"another user", []string{authorization, basic("globex", acme)}, "not one of the tenant"},
		{"no user", []string{authorization, basic("", acme)}, "not one of the tenant"},
		{"swapped", []string{authorization, basic(acme, "acme")}, "not valid"},
		{"password", []string{authorization, basic("acme", "secret")}, "not valid"},
		{"two", []string{authorization, "Bearer " + acme, authorization, "Bearer " + acme}, "more than once"},
		{"two, joined", []string{authorization, "Bearer " + acme + ",Bearer " + acme}, "not valid"},
	} {
		rec := w.do("/push", c.headers...)
		if c.message == "" {
			require.Equal(t, http.StatusOK, rec.Code, c.name)
			require.Equal(t, "acme", rec.Body.String(), c.name)
			require.Empty(t, w.seen.Header.Values(authorization), "the token goes no further")
			continue
		}
		require.Equal(t, http.StatusUnauthorized, rec.Code, c.name)
		require.Regexp(t, `^\{"code":"unauthenticated","message":"[^"]*`+c.message, rec.Body.String(), c.name)
		require.Equal(t, "application/json", rec.Header().Get("Content-Type"))
		require.Contains(t, rec.Header().Get("WWW-Authenticate"), "Basic realm=")
		require.NotContains(t, rec.Body.String(), acme)
		require.Nil(t, w.seen)
	}
}

// Browsers ask for a password by themselves if a script's request is answered
// with a challenge of Basic.
func TestScriptsAreNotChallengedByBasic(t *testing.T) {
	w := newWorld(t)
	rec := w.do("/query", "Sec-Fetch-Dest", "empty")
	require.Equal(t, http.StatusUnauthorized, rec.Code)
	require.Equal(t, `Bearer realm="pyrocumulus"`, rec.Header().Get("WWW-Authenticate"))
	require.Contains(t, w.do("/query", "Sec-Fetch-Dest", "document").Header().Get("WWW-Authenticate"), "Basic")
}

func TestScopes(t *testing.T) {
	w := newWorld(t)
	needs := map[string]token.Scope{"/push": "ingest", "/query": "query", "/prefs": "query", "/admin": "admin"}
	for _, has := range [][]token.Scope{{"ingest"}, {"query"}, {"admin"}, {"ingest", "query"}, {"ingest", "query", "admin"}} {
		bearer := "Bearer " + w.token("acme", nil, has...)
		for path, scope := range needs {
			rec := w.do(path, authorization, bearer)
			if strings.Contains(" "+strings.Join(names(has), " ")+" ", " "+string(scope)+" ") {
				require.Equal(t, http.StatusOK, rec.Code, "%s %v", path, has)
				continue
			}
			require.Equal(t, http.StatusForbidden, rec.Code, "%s %v", path, has)
			require.JSONEq(t, `{"code":"permission_denied","message":"the token has not the scope \"`+string(scope)+`\""}`, rec.Body.String())
			require.Nil(t, w.seen)
		}
		require.Equal(t, http.StatusForbidden, w.do("/nobody-thought-of", authorization, bearer).Code)
	}
	rec := w.do("/ready", orgID, "globex")
	require.Equal(t, http.StatusOK, rec.Code)
	require.Empty(t, rec.Body.String(), "nobody's")
}

func names(scopes []token.Scope) (out []string) {
	for _, s := range scopes {
		out = append(out, string(s))
	}
	return out
}

// Whatever a request says of tenants, the handler is told the token's.
func TestATokenIsOfItsTenant(t *testing.T) {
	w := newWorld(t)
	bearer := "Bearer " + w.token("acme", nil, token.ScopeIngest, token.ScopeQuery)
	for _, headers := range [][]string{
		{},
		{orgID, "globex"},
		{"X-Scope-OrgID", "globex"},
		{"x-scope-orgid", "globex"},
		{"X-SCOPE-ORGID", "globex", orgID, "globex", "x-scope-orgid", "initech"},
		{orgID, "acme", orgID, "globex"},
		{orgID, "acme|globex"},
		{orgID, "globex,acme"},
		{orgID, ".."},
	} {
		for _, path := range []string{"/push", "/query", "/prefs"} {
			rec := w.do(path, append(headers, authorization, bearer)...)
			require.Equal(t, http.StatusOK, rec.Code)
			require.Equal(t, "acme", rec.Body.String(), "%s %v", path, headers)
			for name, values := range w.seen.Header {
				require.True(t, !strings.EqualFold(name, orgID) || name == orgID && len(values) == 1, "%s is left", name)
			}
		}
	}
}

func TestFederation(t *testing.T) {
	w := newWorld(t)
	bearer := "Bearer " + w.token("acme", []profile.TenantID{"globex", "initech"}, token.ScopeIngest, token.ScopeQuery)
	for _, c := range []struct {
		headers []string
		status  int
		tenants string
	}{
		{nil, 200, "acme"},
		{[]string{orgID, ""}, 200, "acme"},
		{[]string{orgID, "globex"}, 200, "globex"},
		{[]string{orgID, "globex|acme|globex"}, 200, "acme|globex"},
		{[]string{"x-scope-orgid", "initech"}, 200, "initech"},
		{[]string{orgID, "acme|umbrella"}, 403, ""},
		{[]string{orgID, "umbrella"}, 403, ""},
		{[]string{orgID, "ACME"}, 403, ""},
		{[]string{orgID, "acme", orgID, "umbrella"}, 400, ""},
		{[]string{orgID, "acme", "x-scope-orgid", "umbrella"}, 400, ""},
		{[]string{orgID, "acme", "x-scope-orgid", ""}, 400, ""},
		{[]string{orgID, "|"}, 400, ""},
		{[]string{orgID, "../acme"}, 400, ""},
	} {
		rec := w.do("/query", append(c.headers, authorization, bearer)...)
		require.Equal(t, c.status, rec.Code, "%v", c.headers)
		if c.status == http.StatusOK {
			require.Equal(t, c.tenants, rec.Body.String(), "%v", c.headers)
		} else {
			require.Nil(t, w.seen)
		}
		// What writes is for the token's own tenant.
		for _, path := range []string{"/push", "/prefs"} {
			require.Equal(t, "acme", w.do(path, append(c.headers, authorization, bearer)...).Body.String())
		}
	}
}

func TestTroubleIsNotARefusal(t *testing.T) {
	w := newWorld(t)
	bearer := "Bearer " + w.token("acme", nil, token.ScopeIngest)
	w.store.SetHook(func(faultplan.Call, faultplan.When) error { return errors.New("internal text") })
	rec := w.do("/push", authorization, bearer)
	require.Equal(t, http.StatusServiceUnavailable, rec.Code)
	require.JSONEq(t, `{"code":"unavailable","message":"tokens cannot be checked at the moment"}`, rec.Body.String())
	require.Equal(t, "1", rec.Header().Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, w.do("/push").Code)
	require.Equal(t, http.StatusOK, w.do("/ready").Code)
}

// The request that the caller holds stays as it was.
func TestTheRequestIsNotChanged(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/push", bytes.NewReader(nil))
	r.Header.Set(authorization, "Bearer "+w.token("acme", nil, token.ScopeIngest))
	r.Header.Set(orgID, "globex")
	w.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "globex", r.Header.Get(orgID))
	require.NotEmpty(t, r.Header.Get(authorization))
}
