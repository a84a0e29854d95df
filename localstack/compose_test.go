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
	}
}

func TestCompose(t *testing.T) {
	text, err := os.ReadFile("docker-compose.yml")
	require.NoError(t, err)
	var c composition
	require.NoError(t, yaml.Unmarshal(text, &c))
	require.Contains(t, c.Services, "localstack")
	for name, s := range c.Services {
		require.Regexp(t, `^[a-z/]+:\d+\.\d+\.\d+$`, s.Image, "%s: the version must be pinned", name)
		require.NotEmpty(t, s.Healthcheck.Test, "%s: --wait needs it", name)
		for _, port := range s.Ports {
			require.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, port, "%s: an emulator checks no signatures, so nobody else may reach it", name)
		}
	}
	one := c.Services["localstack"]
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
