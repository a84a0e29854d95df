// Package settings serves settings.v1.SettingsService: small preferences that
// Profiles Drilldown keeps for a tenant, as names and values that mean nothing
// to us.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	settingsv1 "github.com/grafana/pyroscope/api/gen/proto/go/settings/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/settings/v1/settingsv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connectgzip"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

// Kind is the kind of the records: the key is the setting's name, the value
// its stored form.
const Kind records.Kind = "setting"

// The limits of what a tenant may store; Pyroscope has none.
const (
	MaxSettings   = 1000
	MaxValueBytes = 64 << 10
)

// Deps is what a Handler works with. All fields are required.
type Deps struct {
	Records records.Store
	Now     func() time.Time
	Log     *slog.Logger
}

// Handler serves the service. It may be used by many goroutines.
type Handler struct {
	Deps
	tenants tenancy.Resolver
	connect http.Handler
}

// Path is the path that a Handler serves, with all below it.
const Path = "/" + settingsv1connect.SettingsServiceName + "/"

// New returns a handler.
func New(tenants tenancy.Resolver, d Deps) *Handler {
	h := &Handler{Deps: d, tenants: tenants}
	_, h.connect = settingsv1connect.NewSettingsServiceHandler(service{h},
		connect.WithReadMaxBytes(2*MaxValueBytes), connectgzip.WithGzip())
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.connect.ServeHTTP(w, r) }

// service is the Connect side of a Handler.
type service struct{ h *Handler }

// stored is the value of a record.
type stored struct {
	Value      string `json:"value"`
	ModifiedAt int64  `json:"modified_at"` // Unix milliseconds, by the client's clock
}

// Get implements settingsv1connect.SettingsServiceHandler.
func (s service) Get(ctx context.Context, req *connect.Request[settingsv1.GetSettingsRequest]) (*connect.Response[settingsv1.GetSettingsResponse], error) {
	tenant, err := s.tenant(req.Header())
	if err != nil {
		return nil, err
	}
	found, err := s.h.Records.List(ctx, tenant, Kind)
	if err != nil {
		return nil, s.internal(ctx, tenant, fmt.Errorf("list settings: %w", err))
	}
	out := &settingsv1.GetSettingsResponse{}
	for _, r := range found {
		var v stored
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return nil, s.internal(ctx, tenant, fmt.Errorf("read setting %q: %w", r.Key, err))
		}
		out.Settings = append(out.Settings, &settingsv1.Setting{Name: r.Key, Value: v.Value, ModifiedAt: v.ModifiedAt})
	}
	return connect.NewResponse(out), nil
}

// Set implements settingsv1connect.SettingsServiceHandler. Of two writers the
// one with the later modifiedAt wins, as in Pyroscope; 0 stands for now.
func (s service) Set(ctx context.Context, req *connect.Request[settingsv1.SetSettingsRequest]) (*connect.Response[settingsv1.SetSettingsResponse], error) {
	tenant, err := s.tenant(req.Header())
	if err != nil {
		return nil, err
	}
	in := req.Msg.GetSetting()
	name, err := s.name(tenant, in.GetName())
	if err != nil {
		return nil, err
	}
	if len(in.GetValue()) > MaxValueBytes {
		return nil, connect.NewError(connect.CodeInvalidArgument,
			fmt.Errorf("setting %q has a value of %d bytes, more than %d", name.Key, len(in.GetValue()), MaxValueBytes))
	}
	v := stored{Value: in.GetValue(), ModifiedAt: in.GetModifiedAt()}
	if v.ModifiedAt <= 0 {
		v.ModifiedAt = s.h.Now().UnixMilli()
	}
	if err := s.put(ctx, name, v); err != nil {
		if ce := new(connect.Error); errors.As(err, &ce) {
			return nil, ce
		}
		return nil, s.internal(ctx, tenant, fmt.Errorf("set setting %q: %w", name.Key, err))
	}
	return connect.NewResponse(&settingsv1.SetSettingsResponse{
		Setting: &settingsv1.Setting{Name: name.Key, Value: v.Value, ModifiedAt: v.ModifiedAt},
	}), nil
}

// attempts bounds how often a write is tried against other writers.
const attempts = 5

// put writes unless what is there is newer.
func (s service) put(ctx context.Context, name records.Name, v stored) error {
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	for try := 1; ; try++ {
		version, err := s.versionBefore(ctx, name, v.ModifiedAt)
		if err != nil {
			return err
		}
		_, err = s.h.Records.Put(ctx, records.Record{Name: name, Value: value, Version: version})
		if !errors.Is(err, records.ErrConflict) || try == attempts {
			return err
		}
	}
}

// versionBefore returns the version of the record to replace, 0 if there is
// none, or an error for the client if it is newer than what is to be written.
func (s service) versionBefore(ctx context.Context, name records.Name, modifiedAt int64) (uint64, error) {
	old, err := s.h.Records.Get(ctx, name)
	if errors.Is(err, records.ErrNotFound) {
		return 0, s.room(ctx, name.Tenant)
	}
	if err != nil {
		return 0, err
	}
	var v stored
	if err := json.Unmarshal(old.Value, &v); err != nil {
		return 0, fmt.Errorf("read: %w", err)
	}
	if v.ModifiedAt > modifiedAt {
		return 0, connect.NewError(connect.CodeAlreadyExists,
			fmt.Errorf("setting %q was changed at %d, after %d: read it again", name.Key, v.ModifiedAt, modifiedAt))
	}
	return old.Version, nil
}

// room refuses another setting when there are too many.
func (s service) room(ctx context.Context, tenant profile.TenantID) error {
	all, err := s.h.Records.List(ctx, tenant, Kind)
	if err != nil {
		return err
	}
	if len(all) >= MaxSettings {
		return connect.NewError(connect.CodeResourceExhausted, fmt.Errorf("there are %d settings already, delete some", len(all)))
	}
	return nil
}

// Delete implements settingsv1connect.SettingsServiceHandler. A setting that is
// not there is no error.
func (s service) Delete(ctx context.Context, req *connect.Request[settingsv1.DeleteSettingsRequest]) (*connect.Response[settingsv1.DeleteSettingsResponse], error) {
	tenant, err := s.tenant(req.Header())
	if err != nil {
		return nil, err
	}
	name, err := s.name(tenant, req.Msg.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.remove(ctx, name); err != nil {
		return nil, s.internal(ctx, tenant, fmt.Errorf("delete setting %q: %w", name.Key, err))
	}
	return connect.NewResponse(&settingsv1.DeleteSettingsResponse{}), nil
}

func (s service) remove(ctx context.Context, name records.Name) error {
	for try := 1; ; try++ {
		old, err := s.h.Records.Get(ctx, name)
		if errors.Is(err, records.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.h.Records.Delete(ctx, name, old.Version); !errors.Is(err, records.ErrConflict) || try == attempts {
			return err
		}
	}
}

// tenant is the one that a request is for: settings of several cannot be told
// apart, which is invalid_argument as in Pyroscope.
func (s service) tenant(header http.Header) (profile.TenantID, error) {
	tenants, err := s.h.tenants.Tenants(header)
	if err != nil {
		return "", err
	}
	if len(tenants) > 1 {
		return "", connect.NewError(connect.CodeInvalidArgument, errors.New("settings are of one tenant, the request names several"))
	}
	return tenants[0], nil
}

func (s service) name(tenant profile.TenantID, key string) (records.Name, error) {
	name := records.Name{Tenant: tenant, Kind: Kind, Key: key}
	if err := name.Validate(); err != nil {
		return name, connect.NewError(connect.CodeInvalidArgument,
			fmt.Errorf("setting name %.60q: want 1 to %d bytes", key, records.MaxKeyBytes))
	}
	return name, nil
}

// internal logs an error and returns what the client may see of it.
func (s service) internal(ctx context.Context, tenant profile.TenantID, err error) error {
	s.h.Log.LogAttrs(ctx, slog.LevelError, "settings failed", slog.String(telemetry.KeyTenant, string(tenant)), telemetry.Err(err))
	return connect.NewError(connect.CodeUnavailable, errors.New("settings are not available at the moment"))
}
