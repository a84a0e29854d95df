// Package auth stands in front of the handlers when clients prove with a token
// for which tenant they are: it checks the token of each request, and sets the
// header that names the tenant (package tenancy) to what was proved. What came
// from outside in that header never reaches a handler.
//
// A token comes in the header Authorization, in one of the two ways that all
// clients of Pyroscope have:
//
//	Authorization: Basic base64(<tenant>:<token>)
//	Authorization: Bearer <token>
//
// The function itself checks it, and no authorizer in front, so that it is the
// same behind API Gateway, behind a function URL and on a laptop, costs no
// invocation, and is refused in the form that clients understand.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// Access is what a path asks of a token. The zero value lets nobody in.
type Access struct {
	// Open paths need no token and have no tenant.
	Open bool
	// Scope is what the token must have.
	Scope token.Scope
	// Federated paths only read, and answer for those tenants that X-Scope-OrgID
	// names, if the token may read them. All others are for the token's tenant.
	Federated bool
}

// Tokens checks tokens; *token.Checker does.
type Tokens interface {
	Check(ctx context.Context, text string) (token.Token, error)
}

// header is the name under which Go keeps Authorization.
const header = "Authorization"

// challenge says how to authenticate, as RFC 9110 wants of each 401.
const challenge = `Basic realm="pyrocumulus", charset="UTF-8", Bearer realm="pyrocumulus"`

// scriptChallenge is for scripts of a page: on one of Basic, browsers ask for
// user and password in a window of their own before the page can.
const scriptChallenge = `Bearer realm="pyrocumulus"`

// Handler serves by next the requests whose token allows it; access says what a
// path asks. Others are answered in Connect's form: unauthenticated (401) without a
// valid token, permission_denied (403) if it does not allow this, unavailable
// (503) if it cannot be checked at the moment.
func Handler(next http.Handler, tokens Tokens, access func(path string) Access) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := stripped(r)
		if a := access(r.URL.Path); !a.Open {
			tenants, err := authenticate(r, tokens, a)
			if err != nil {
				refuse(w, r, err)
				return
			}
			inner.Header.Set(tenancy.Header, tenants)
		}
		next.ServeHTTP(w, inner)
	})
}

// stripped is the request without what is for this package only, or pretends to
// be from it. Names of headers have any case here.
func stripped(r *http.Request) *http.Request {
	inner := *r
	inner.Header = r.Header.Clone()
	if inner.Header == nil {
		inner.Header = make(http.Header)
	}
	for name := range inner.Header {
		if strings.EqualFold(name, tenancy.Header) || strings.EqualFold(name, header) {
			delete(inner.Header, name)
		}
	}
	return &inner
}

func refuse(w http.ResponseWriter, r *http.Request, err error) {
	telemetry.Annotate(r.Context(), telemetry.Err(err))
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated:
		w.Header().Set("WWW-Authenticate", challenge)
		if r.Header.Get("Sec-Fetch-Dest") == "empty" { // as fetch() says
			w.Header().Set("WWW-Authenticate", scriptChallenge)
		}
	case connect.CodeUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	connecterr.Write(w, err)
}

// authenticate returns the tenants that a request is for, in the form of
// tenancy.Header. The error is a *connect.Error.
func authenticate(r *http.Request, tokens Tokens, a Access) (string, error) {
	user, text, err := credentials(r.Header)
	if err != nil {
		return "", connect.NewError(connect.CodeUnauthenticated, err)
	}
	t, err := tokens.Check(r.Context(), text)
	if errors.Is(err, token.ErrInvalid) {
		return "", connect.NewError(connect.CodeUnauthenticated, err)
	}
	if err != nil {
		return "", connect.NewError(connect.CodeUnavailable, token.ErrUnavailable)
	}
	telemetry.Annotate(r.Context(), slog.String(telemetry.KeyToken, t.ID), slog.String(telemetry.KeyTenant, string(t.Tenant)))
	if user != nil && *user != string(t.Tenant) {
		return "", connect.NewError(connect.CodeUnauthenticated, errors.New("the token is not one of the tenant that is the user name"))
	}
	if !t.Has(a.Scope) {
		return "", connect.NewError(connect.CodePermissionDenied, fmt.Errorf("the token has not the scope %q", a.Scope))
	}
	if a.Federated && len(t.Reads) > 0 {
		return federation(r.Header, t)
	}
	return string(t.Tenant), nil
}

// credentials returns the token, and the user name if there is one.
func credentials(h http.Header) (user *string, text string, err error) {
	values := h.Values(header)
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return nil, "", errors.New("no token: send it as the password of the tenant (Basic) or as a Bearer token")
	case len(values) > 1:
		return nil, "", errors.New("the header Authorization is there more than once")
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return nil, strings.TrimSpace(text), nil
	case strings.EqualFold(scheme, "Basic"):
		name, password, ok := (&http.Request{Header: http.Header{header: values}}).BasicAuth()
		if !ok {
			return nil, "", errors.New("the header Authorization cannot be read: want base64 of tenant:token")
		}
		return &name, password, nil
	}
	return nil, "", errors.New("the header Authorization is neither Basic nor Bearer")
}

// federation returns the tenants that a query names, all of which the token must
// be allowed to read, or the token's own if it names none.
func federation(h http.Header, t token.Token) (string, error) {
	var named []string
	for name, values := range h {
		if strings.EqualFold(name, tenancy.Header) {
			named = append(named, values...)
		}
	}
	slices.Sort(named)
	text := strings.Join(named, ",") // as API Gateway does; no tenant has a comma
	if text == "" {
		return string(t.Tenant), nil
	}
	tenants, err := profile.ParseTenants(text)
	if err != nil {
		return "", connect.NewError(connect.CodeInvalidArgument, err)
	}
	parts := make([]string, 0, len(tenants))
	for _, tenant := range tenants {
		if !t.MayRead(tenant) {
			return "", connect.NewError(connect.CodePermissionDenied, fmt.Errorf("the token may not read tenant %q", tenant))
		}
		parts = append(parts, string(tenant))
	}
	return strings.Join(parts, "|"), nil
}
