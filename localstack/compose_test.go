// Package localstack checks the files of this folder.
package localstack

import (
	"encoding/json"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/grafanapyroscope"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/pyrocumulus/pyrocumulus/infra/grafana/schema"
)

// composition is what is looked at in docker-compose.yml.
type composition struct {
	Services map[string]struct {
		Image       string
		Command     string
		Ports       []string
		Environment map[string]string
		Healthcheck struct{ Test []string }
		Volumes     []string
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	}
}

func readComposition(t *testing.T) composition {
	t.Helper()
	text, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	var c composition
	require.NoError(t, yaml.Unmarshal(text, &c))
	return c
}

func TestCompose(t *testing.T) {
	c := readComposition(t)
	require.Contains(t, c.Services, "localstack")
	for name, s := range c.Services {
		require.Regexp(t, `^[a-z/]+:v?\d+\.\d+\.\d+$`, s.Image, "%s: the version must be pinned", name)
		for other := range s.DependsOn {
			require.NotEmpty(t, c.Services[other].Healthcheck.Test, "%s waits for %s to be healthy", name, other)
		}
		for _, volume := range s.Volumes {
			if source, _, _ := strings.Cut(volume, ":"); strings.HasPrefix(source, ".") {
				_, err := os.Stat(source)
				require.NoError(t, err, name)
			}
		}
		for _, port := range s.Ports {
			require.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, port, "%s: an emulator checks no signatures, so nobody else may reach it", name)
		}
	}
	one := c.Services["localstack"]
	require.NotEmpty(t, one.Healthcheck.Test, "--wait needs it")
	require.Equal(t, []string{"127.0.0.1:4566:4566"}, one.Ports)
	require.ElementsMatch(t, []string{"s3", "sqs", "dynamodb"}, strings.Split(one.Environment["SERVICES"], ","))
}

// The image and what the tests run are the same release.
func TestComposeHasTheVersionThatIsTested(t *testing.T) {
	compose, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	pinned, err := os.ReadFile("../scripts/emulators/localstack/requirements.txt")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^localstack-core==(\S+)$`).FindSubmatch(pinned)
	require.Len(t, version, 2)
	require.Contains(t, string(compose), "image: localstack/localstack:"+string(version[1])+"\n")
}

// Every variable that the data source of Grafana asks for is given by the
// composition.
func TestFileForGrafana(t *testing.T) {
	source, err := os.ReadFile("grafana/pyrocumulus.yaml")
	require.NoError(t, err)
	asks := regexp.MustCompile(`PYROCUMULUS_[A-Z]+`).FindAllString(string(source), -1)
	require.NotEmpty(t, asks)
	for _, name := range asks {
		require.Contains(t, readComposition(t).Services["grafana"].Environment, name)
	}
}

// What is provisioned is in the container where Grafana looks for it, and the
// first page is one of the dashboards.
func TestGrafana(t *testing.T) {
	service := readComposition(t).Services["grafana"]
	mounted := make(map[string]string) // folders and files, by their path in the container
	for _, volume := range service.Volumes {
		parts := strings.Split(volume, ":")
		require.Equal(t, "ro", parts[2], volume)
		mounted[parts[1]] = parts[0]
	}
	sources, err := schema.ReadDatasources(mounted["/etc/grafana/provisioning/datasources/pyrocumulus.yaml"])
	require.NoError(t, err)
	require.Equal(t, 1, sources.APIVersion)
	require.Len(t, sources.Datasources, 1)
	require.Equal(t, schema.Pyroscope, sources.Datasources[0].Type)
	require.True(t, sources.Datasources[0].IsDefault, "dashboards take the default")
	providers, err := schema.ReadProviders(mounted["/etc/grafana/provisioning/dashboards/pyrocumulus.yaml"])
	require.NoError(t, err)
	require.Equal(t, 1, providers.APIVersion)
	require.Len(t, providers.Providers, 1)
	require.Equal(t, "file", providers.Providers[0].Type)
	folder := providers.Providers[0].Options.Path
	require.Equal(t, folder, path.Dir(service.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]))
	home, err := os.ReadFile(path.Join(mounted[folder], path.Base(service.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])))
	require.NoError(t, err)
	_, err = schema.Dashboard(home)
	require.NoError(t, err)
	require.Len(t, mounted, 3)
}

// Traces and metrics of the examples lead to the data source of profiles.
func TestExamplesLeadToProfiles(t *testing.T) {
	uids := make(map[string]schema.Datasource)
	for _, file := range []string{"pyrocumulus", "examples/tempo", "examples/prometheus"} {
		all, err := schema.ReadDatasources("grafana/" + file + ".yaml")
		require.NoError(t, err)
		for _, d := range all.Datasources {
			require.NotEmpty(t, d.UID)
			require.NotContains(t, uids, d.UID)
			uids[d.UID] = d
		}
	}
	profiles := uids["pyrocumulus"]
	require.Regexp(t, `^\d+s$`, profiles.Profiles.MinStep)

	traces := uids["tempo"].Tempo.TracesToProfiles
	require.Equal(t, profiles.UID, traces.DatasourceUID)
	require.Regexp(t, profileType, traces.ProfileTypeID)
	require.False(t, traces.CustomQuery, "Grafana makes the query of the tags")
	require.Equal(t, []struct{ Key, Value string }{{"service.name", "service_name"}}, traces.Tags)

	metrics := uids["prometheus"]
	for _, to := range metrics.Prometheus.ExemplarTraceIDDestinations {
		require.NotEmpty(t, to.Name)
		require.Contains(t, uids, to.DatasourceUID)
	}
	require.Len(t, metrics.Correlations, 1)
	link := metrics.Correlations[0]
	require.Equal(t, profiles.UID, link.TargetUID)
	require.Equal(t, "query", link.Type)
	require.NotEmpty(t, link.Label)
	require.NotEmpty(t, link.Description)
	require.Equal(t, "service_name", link.Config.Field)

	// The target is a query that Pyroscope's data source has.
	target := link.Config.Target
	target["labelSelector"] = strings.ReplaceAll(target["labelSelector"].(string), "$$", "$")
	require.Equal(t, `{service_name="${`+link.Config.Field+`}"}`, target["labelSelector"])
	text, err := json.Marshal(target)
	require.NoError(t, err)
	query := new(grafanapyroscope.Dataquery)
	require.Empty(t, query.UnmarshalJSONStrict(text))
	require.Regexp(t, profileType, query.ProfileTypeId)
	require.Equal(t, string(grafanapyroscope.PyroscopeQueryTypeBoth), *query.QueryType)
}

// profileType has five parts.
const profileType = `^\w+(:\w+){4}$`
