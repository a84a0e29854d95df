package query

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"strconv"

	"connectrpc.com/connect"

	capabilitiesv1 "github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1"
	versionv1 "github.com/grafana/pyroscope/api/gen/proto/go/version/v1"
)

// serveText answers with something that is always the same.
func serveText(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	if !allowGet(w, r) {
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client is gone if it fails
}

// buildInfo is in the form of Prometheus' endpoint of this name.
type buildInfo struct {
	Status string    `json:"status"`
	Data   buildData `json:"data"`
}

type buildData struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

func (h *Handler) serveBuildInfo(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(buildInfo{Status: "success", Data: buildData{
		Version: h.settings.Version, Revision: h.settings.Revision, GoVersion: runtime.Version(),
	}})
	if err != nil { // strings can always be encoded
		panic("BUG: encode build info: " + err.Error())
	}
	serveText(w, r, "application/json", body)
}

// versionService is version.v1.Version, which older data sources ask before
// they query.
type versionService struct{}

// Version implements versionv1connect.VersionHandler.
func (versionService) Version(context.Context, *connect.Request[versionv1.VersionRequest]) (*connect.Response[versionv1.VersionResponse], error) {
	return connect.NewResponse(&versionv1.VersionResponse{QuerierAPI: 1}), nil
}

// featureService is capabilities.v1.FeatureFlagsService, by which Profiles
// Drilldown decides what to show.
type featureService struct{ h *Handler }

// GetFeatureFlags implements capabilitiesv1connect.FeatureFlagsServiceHandler.
// v2StorageLayer stands, to clients, for the calls that came with Pyroscope 2,
// such as heatmaps and exemplars.
func (s featureService) GetFeatureFlags(_ context.Context, req *connect.Request[capabilitiesv1.GetFeatureFlagsRequest]) (*connect.Response[capabilitiesv1.GetFeatureFlagsResponse], error) {
	if _, err := s.h.tenants.Tenants(req.Header()); err != nil {
		return nil, err
	}
	return connect.NewResponse(&capabilitiesv1.GetFeatureFlagsResponse{FeatureFlags: []*capabilitiesv1.FeatureFlag{
		{Name: "v2StorageLayer", Enabled: true},
		{Name: "pyroscopeRuler"},
		{Name: "pyroscopeRulerFunctions"},
		{Name: "utf8LabelNames", Enabled: true},
	}}), nil
}
