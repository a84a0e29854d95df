// Package localstack checks the files of this folder.
package localstack

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// composition is what is looked at in docker-compose.yml.
type composition struct {
	Services map[string]struct {
		Image       string
		Ports       []string
		Environment map[string]string
		Healthcheck struct{ Test []string }
		Volumes     []string
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	}
}

func TestCompose(t *testing.T) {
	text, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	var c composition
	require.NoError(t, yaml.Unmarshal(text, &c))
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

// The data source is one that Grafana's own format can hold, and every variable
// that the files ask for is given by the composition.
func TestFilesForGrafanaAndAlloy(t *testing.T) {
	source, err := os.ReadFile("grafana/pyrocumulus.yaml")
	require.NoError(t, err)
	var provisioned struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct{ Name, Type, URL string }
	}
	require.NoError(t, yaml.Unmarshal(source, &provisioned))
	require.Equal(t, 1, provisioned.APIVersion)
	require.Len(t, provisioned.Datasources, 1)
	require.Equal(t, "grafana-pyroscope-datasource", provisioned.Datasources[0].Type)

	text, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	var c composition
	require.NoError(t, yaml.Unmarshal(text, &c))
	write, err := os.ReadFile("alloy/write.alloy")
	require.NoError(t, err)
	for file, asks := range map[string][][]byte{
		"alloy":   regexp.MustCompile(`PYROCUMULUS_[A-Z]+`).FindAll(write, -1),
		"grafana": regexp.MustCompile(`PYROCUMULUS_[A-Z]+`).FindAll(source, -1),
	} {
		require.NotEmpty(t, asks)
		for _, name := range asks {
			require.Contains(t, c.Services[file].Environment, string(name))
		}
	}
	for _, file := range []string{"write", "scrape", "receive", "ebpf/ebpf"} {
		config, err := os.ReadFile("alloy/" + file + ".alloy")
		require.NoError(t, err)
		require.Equal(t, strings.Count(string(config), "{"), strings.Count(string(config), "}"), file)
	}
}
