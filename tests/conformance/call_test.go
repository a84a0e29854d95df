package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"bytes"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/grafana/pyroscope/api/gen/proto/go/adhocprofiles/v1/adhocprofilesv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1/capabilitiesv1connect"
	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/settings/v1/settingsv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/vcs/v1/vcsv1connect"
	"github.com/grafana/pyroscope/api/gen/proto/go/version/v1/versionv1connect"
)

// older are the methods that the API calls deprecated and clients still use.
type older interface {
	SelectMergeProfile(context.Context, *connect.Request[querierv1.SelectMergeProfileRequest]) (*connect.Response[googlev1.Profile], error)
	SelectMergeSpanProfile(context.Context, *connect.Request[querierv1.SelectMergeSpanProfileRequest]) (*connect.Response[querierv1.SelectMergeSpanProfileResponse], error)
}

func newOlder(c connect.HTTPClient, url string, o ...connect.ClientOption) older {
	return querierv1connect.NewQuerierServiceClient(c, url, o...)
}

// caller calls one method by a generated client. Request and answer are JSON.
type caller func(ctx context.Context, url string, header http.Header, request string, o ...connect.ClientOption) (string, error)

// by makes a caller of a method of a generated client.
func by[Client, Req, Res any](
	newClient func(connect.HTTPClient, string, ...connect.ClientOption) Client,
	method func(Client, context.Context, *connect.Request[Req]) (*connect.Response[Res], error),
) caller {
	return func(ctx context.Context, url string, header http.Header, request string, o ...connect.ClientOption) (string, error) {
		req := connect.NewRequest(new(Req))
		if err := protojson.Unmarshal([]byte(request), any(req.Msg).(proto.Message)); err != nil {
			return "", err
		}
		for name, values := range header {
			req.Header()[name] = values
		}
		res, err := method(newClient(http.DefaultClient, url, o...), ctx, req)
		if err != nil {
			return "", err
		}
		answer, err := protojson.Marshal(any(res.Msg).(proto.Message))
		return compact(answer), err
	}
}

// compact takes out spaces, which encoders put where they like.
func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// callers are the methods by their names.
func callers() map[string]caller {
	type q = querierv1connect.QuerierServiceClient
	querier, ad, set := querierv1connect.NewQuerierServiceClient, adhocprofilesv1connect.NewAdHocProfileServiceClient, settingsv1connect.NewSettingsServiceClient
	return map[string]caller{
		"ProfileTypes":           by(querier, q.ProfileTypes),
		"LabelNames":             by(querier, q.LabelNames),
		"LabelValues":            by(querier, q.LabelValues),
		"Series":                 by(querier, q.Series),
		"SelectMergeStacktraces": by(querier, q.SelectMergeStacktraces),
		"SelectMergeSpanProfile": by(newOlder, older.SelectMergeSpanProfile),
		"SelectMergeProfile":     by(newOlder, older.SelectMergeProfile),
		"SelectSeries":           by(querier, q.SelectSeries),
		"SelectHeatmap":          by(querier, q.SelectHeatmap),
		"Diff":                   by(querier, q.Diff),
		"GetProfileStats":        by(querier, q.GetProfileStats),
		"AnalyzeQuery":           by(querier, q.AnalyzeQuery),

		"Version":         by(versionv1connect.NewVersionClient, versionv1connect.VersionClient.Version),
		"GetFeatureFlags": by(capabilitiesv1connect.NewFeatureFlagsServiceClient, capabilitiesv1connect.FeatureFlagsServiceClient.GetFeatureFlags),

		"Settings.Get":    by(set, settingsv1connect.SettingsServiceClient.Get),
		"Settings.Set":    by(set, settingsv1connect.SettingsServiceClient.Set),
		"Settings.Delete": by(set, settingsv1connect.SettingsServiceClient.Delete),
		"ListRecordingRules": by(settingsv1connect.NewRecordingRulesServiceClient,
			settingsv1connect.RecordingRulesServiceClient.ListRecordingRules),

		"AdHoc.Upload": by(ad, adhocprofilesv1connect.AdHocProfileServiceClient.Upload),
		"AdHoc.Get":    by(ad, adhocprofilesv1connect.AdHocProfileServiceClient.Get),
		"AdHoc.List":   by(ad, adhocprofilesv1connect.AdHocProfileServiceClient.List),
		"AdHoc.Diff":   by(ad, adhocprofilesv1connect.AdHocProfileServiceClient.Diff),

		"GithubApp":  by(vcsv1connect.NewVCSServiceClient, vcsv1connect.VCSServiceClient.GithubApp),
		"GetFile":    by(vcsv1connect.NewVCSServiceClient, vcsv1connect.VCSServiceClient.GetFile),
		"GetCommits": by(vcsv1connect.NewVCSServiceClient, vcsv1connect.VCSServiceClient.GetCommits),
	}
}

// dialects are the ways in which clients speak: codec and compression.
func dialects() map[string][]connect.ClientOption {
	plain := connect.WithAcceptCompression("gzip", nil, nil)
	return map[string][]connect.ClientOption{
		"proto":       {plain},
		"proto, gzip": {connect.WithSendGzip()},
		"json":        {connect.WithProtoJSON(), plain},
		"json, gzip":  {connect.WithProtoJSON(), connect.WithSendGzip()},
		"gRPC-Web":    {connect.WithGRPCWeb()},
	}
}

// in is the time and the profile type of a request: milliseconds after base.
// What follows is more of its fields.
func in(start, end string, more ...string) string {
	return strings.Join(append([]string{`{"profile_typeID":"CPU","start":@` + start + `,"end":@` + end}, more...), ",") + "}"
}
