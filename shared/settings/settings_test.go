package settings_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	settingsv1 "github.com/grafana/pyroscope/api/gen/proto/go/settings/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/settings/v1/settingsv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
	"github.com/pyrocumulus/pyrocumulus/shared/settings"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func serve(t *testing.T, store records.Store, options ...connect.ClientOption) settingsv1connect.SettingsServiceClient {
	h := settings.New(tenancy.Resolver{Multi: true}, settings.Deps{
		Records: store, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return settingsv1connect.NewSettingsServiceClient(http.DefaultClient, server.URL, options...)
}

func as[T any](tenant string, msg *T) *connect.Request[T] {
	r := connect.NewRequest(msg)
	r.Header().Set(tenancy.Header, tenant)
	return r
}

func set(c settingsv1connect.SettingsServiceClient, tenant, name, value string, at int64) error {
	_, err := c.Set(context.Background(), as(tenant, &settingsv1.SetSettingsRequest{
		Setting: &settingsv1.Setting{Name: name, Value: value, ModifiedAt: at},
	}))
	return err
}

func list(t *testing.T, c settingsv1connect.SettingsServiceClient, tenant string) string {
	res, err := c.Get(t.Context(), as(tenant, &settingsv1.GetSettingsRequest{}))
	require.NoError(t, err)
	var all []string
	for _, s := range res.Msg.Settings {
		all = append(all, s.Name+"="+s.Value+"@"+strconv.FormatInt(s.ModifiedAt, 10))
	}
	return strings.Join(all, " ")
}

func TestSettingsAreKept(t *testing.T) {
	for name, option := range map[string]connect.ClientOption{"proto": connect.WithSendGzip(), "json": connect.WithProtoJSON()} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, recordstest.NewMem(), option)
			require.Empty(t, list(t, c, "a"))
			require.NoError(t, set(c, "a", "theme", "dark", 5))
			require.NoError(t, set(c, "a", "nodes", "", 0))
			require.Equal(t, "nodes=@"+strconv.FormatInt(noon.UnixMilli(), 10)+" theme=dark@5", list(t, c, "a"))
			require.Empty(t, list(t, c, "b"), "another tenant's")

			require.NoError(t, set(c, "a", "theme", "light", 5), "as new as what is there")
			err := set(c, "a", "theme", "old", 4)
			require.Equal(t, connect.CodeAlreadyExists, connect.CodeOf(err))
			for range 2 { // the second time there is none
				_, err = c.Delete(t.Context(), as("a", &settingsv1.DeleteSettingsRequest{Name: "nodes"}))
				require.NoError(t, err)
			}
			require.Equal(t, "theme=light@5", list(t, c, "a"))
			require.NoError(t, set(c, "a", "nodes", "9", 1), "a setting that was deleted has no time")
		})
	}
}

func TestBadRequests(t *testing.T) {
	c := serve(t, recordstest.NewMem())
	for name, c := range map[string]struct {
		err  error
		code connect.Code
	}{
		"no name":         {set(c, "a", "", "v", 1), connect.CodeInvalidArgument},
		"long name":       {set(c, "a", strings.Repeat("n", 513), "v", 1), connect.CodeInvalidArgument},
		"long value":      {set(c, "a", "n", strings.Repeat("v", settings.MaxValueBytes+1), 1), connect.CodeInvalidArgument},
		"no tenant":       {set(c, "", "n", "v", 1), connect.CodeUnauthenticated},
		"several tenants": {set(c, "a|b", "n", "v", 1), connect.CodeInvalidArgument},
	} {
		require.Equal(t, c.code, connect.CodeOf(c.err), "%s: %v", name, c.err)
	}
}

func TestTroubleIsNotTold(t *testing.T) {
	plan := faultplan.New()
	c := serve(t, recordstest.NewFaultsOf(plan, recordstest.NewMem()))
	require.NoError(t, set(c, "a", "n", "v", 1))
	plan.SetHook(func(faultplan.Call, faultplan.When) error { return faultplan.ErrFault })
	_, getErr := c.Get(t.Context(), as("a", &settingsv1.GetSettingsRequest{}))
	_, deleteErr := c.Delete(t.Context(), as("a", &settingsv1.DeleteSettingsRequest{Name: "n"}))
	for _, err := range []error{set(c, "a", "n", "w", 2), getErr, deleteErr} {
		require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
		require.NotContains(t, err.Error(), faultplan.ErrFault.Error())
	}
}

func TestThereIsAnEndToSettings(t *testing.T) {
	store := recordstest.NewMem()
	c := serve(t, store)
	for i := range settings.MaxSettings {
		_, err := store.Put(t.Context(), records.Record{
			Name:  records.Name{Tenant: "a", Kind: settings.Kind, Key: strconv.Itoa(i)},
			Value: []byte(`{"value":"v","modified_at":1}`),
		})
		require.NoError(t, err)
	}
	require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(set(c, "a", "one more", "v", 1)))
	require.NoError(t, set(c, "a", "7", "changed", 2))
}
