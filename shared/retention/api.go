package retention

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

// The paths of an API. What stands behind PathServices is the name of a service,
// escaped as in any URL.
const (
	Path          = "/admin/v1/"
	PathServices  = Path + "services/"
	PathDeletions = Path + "deletions"
)

// API serves, to those who may administrate a tenant,
//
//	DELETE /admin/v1/services/{name}    deletes a service
//	GET    /admin/v1/deletions          lists the services that were deleted
//
// Both answer with JSON. It may be used by many goroutines.
type API struct {
	Tenants tenancy.Resolver
	Admin   Admin
	Log     *slog.Logger
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := a.serve(r)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client is gone if it fails
}

// deletions is the answer to a GET of PathDeletions.
type deletions struct {
	Deletions []Deletion `json:"deletions"` // by service
}

func (a *API) serve(r *http.Request) (any, error) {
	service, one := strings.CutPrefix(r.URL.Path, PathServices)
	if !one && r.URL.Path != PathDeletions {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("no such path"))
	}
	if want := map[bool]string{true: http.MethodDelete, false: http.MethodGet}[one]; r.Method != want {
		return nil, errMethod
	}
	tenant, err := a.Tenants.Tenant(r.Header)
	if err != nil {
		return nil, err
	}
	telemetry.SetTenant(r.Context(), string(tenant))
	if one {
		d, err := a.Admin.Delete(r.Context(), tenant, service)
		if err == nil {
			a.Log.LogAttrs(r.Context(), slog.LevelInfo, "service is deleted", slog.String(telemetry.KeyTenant, string(tenant)),
				slog.String("service", service), slog.Time("before", d.Before))
		}
		return d, err
	}
	rules, err := a.Admin.Rules(r.Context(), tenant)
	all := slices.AppendSeq(make([]Deletion, 0), maps.Values(rules.Deleted))
	slices.SortFunc(all, func(a, b Deletion) int { return cmp.Compare(a.Service, b.Service) })
	return deletions{all}, err
}

// errMethod is answered with 405, for which Connect has no code.
var errMethod = errors.New("only DELETE of a service and GET of deletions are served here")

func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := connect.CodeInternal
	switch ce := new(connect.Error); {
	case errors.Is(err, errMethod):
		connecterr.WriteStatus(w, http.StatusMethodNotAllowed, connect.CodeUnimplemented, err.Error())
		return
	case errors.As(err, &ce):
		connecterr.Write(w, err)
		return
	case errors.Is(err, ErrBadService):
		code = connect.CodeInvalidArgument
	case errors.Is(err, ErrTooMany):
		code = connect.CodeResourceExhausted
	default:
		a.Log.LogAttrs(r.Context(), slog.LevelError, "administration failed", slog.String(telemetry.KeyPath, r.URL.Path), telemetry.Err(err))
		err = errors.New("internal error")
	}
	connecterr.Write(w, connect.NewError(code, err))
}
