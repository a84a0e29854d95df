package grafana_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// The files of provisioning are of fields that Grafana has, and know the
// namespace of our metrics.
func TestProvisioning(t *testing.T) {
	sources, err := schema.ReadDatasources("provisioning/datasources/cloudwatch.yaml")
	require.NoError(t, err)
	require.Equal(t, 1, sources.APIVersion)
	require.Len(t, sources.Datasources, 1)
	require.Equal(t, "default", sources.Datasources[0].CloudWatch.AuthType)
	require.Equal(t, string(monitoring.Own), sources.Datasources[0].CloudWatch.CustomMetricsNamespaces)

	providers, err := schema.ReadProviders("provisioning/dashboards/pyrocumulus.yaml")
	require.NoError(t, err)
	require.Equal(t, 1, providers.APIVersion)
	require.Len(t, providers.Providers, 1)
	require.Equal(t, "file", providers.Providers[0].Type)
	require.True(t, filepath.IsAbs(providers.Providers[0].Options.Path))

	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), providers.Providers[0].Options.Path, "infra/README.md says where to put the dashboard")
}

// A field that Grafana does not have would be passed over.
func TestProvisioningIsReadStrictly(t *testing.T) {
	for _, c := range []struct{ file, was, is string }{
		{"provisioning/datasources/cloudwatch.yaml", "uid:", "UID:"},
		{"provisioning/datasources/cloudwatch.yaml", "defaultRegion:", "region:"},
		{"provisioning/datasources/cloudwatch.yaml", "type: cloudwatch", "type: cloud-watch"},
		{"../../localstack/grafana/examples/tempo.yaml", "tracesToProfiles:", "traceToProfiles:"},
		{"../../localstack/grafana/examples/tempo.yaml", "datasourceUid:", "datasourceUID:"},
		{"../../localstack/grafana/examples/tempo.yaml", "profileTypeId:", "profileType:"},
		{"../../localstack/grafana/examples/prometheus.yaml", "exemplarTraceIdDestinations:", "exemplarTraceIDDestinations:"},
		{"../../localstack/grafana/examples/prometheus.yaml", "targetUID:", "targetUid:"},
		{"../../localstack/grafana/examples/prometheus.yaml", "field:", "fields:"},
		{"../../localstack/grafana/pyrocumulus.yaml", "minStep:", "minstep:"},
	} {
		text, err := os.ReadFile(c.file)
		require.NoError(t, err)
		require.Contains(t, string(text), c.was, c.file)
		_, err = schema.ReadDatasources(c.file)
		require.NoError(t, err)
		changed := filepath.Join(t.TempDir(), "changed.yaml")
		require.NoError(t, os.WriteFile(changed, []byte(strings.Replace(string(text), c.was, c.is, 1)), 0o600))
		_, err = schema.ReadDatasources(changed)
		require.Error(t, err, c.is)
	}
	_, err := schema.ReadProviders("provisioning/datasources/cloudwatch.yaml")
	require.Error(t, err)
}
