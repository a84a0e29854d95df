package localstack

import (
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each variable that the files of Alloy ask for is given by the composition and
// explained to those without Docker, and the composition gives no others.
func TestAlloyAsksForWhatItIsGiven(t *testing.T) {
	given := readComposition(t).Services["alloy"].Environment
	readme, err := os.ReadFile("../functions/ingest/README.md")
	require.NoError(t, err)
	asked := variables(t, configurations(t)["alloy"])
	require.NotEmpty(t, asked)
	for name := range asked {
		require.NotEmpty(t, given[name], "docker-compose.yml: %s", name)
		require.True(t, strings.Contains(string(readme), "`"+name+"`"), "functions/ingest/README.md explains %s", name)
	}
	for name := range given {
		require.Contains(t, asked, name, "docker-compose.yml gives what no file asks for")
	}
	for folder, files := range configurations(t) {
		for name := range variables(t, files) {
			require.Contains(t, asked, name, folder)
		}
	}
}

// What Alloy calls in the composition is a service there that listens at this port,
// and without the composition what the programs listen at when nothing is said.
func TestAlloyCallsWhatListens(t *testing.T) {
	c := readComposition(t)
	alloy := c.Services["alloy"]
	defaults := variables(t, configurations(t)["alloy"])
	for variable, source := range map[string]string{
		"PYROCUMULUS_URL":    "../functions/local/main.go",
		"PYROCUMULUS_TARGET": "shop/main.go",
	} {
		host, port := address(t, alloy.Environment[variable])
		require.Regexp(t, `-listen \S*:`+port+`\b`, c.Services[host].Command, "docker-compose.yml: %s", variable)

		host, port = address(t, defaults[variable])
		require.Equal(t, "localhost", host, variable)
		code, err := os.ReadFile(source)
		require.NoError(t, err)
		require.True(t, strings.Contains(string(code), `"listen", "127.0.0.1:`+port+`"`), "%s is %s, %s", variable, defaults[variable], source)
	}
	require.Equal(t, defaults["PYROCUMULUS_SERVICE"], alloy.Environment["PYROCUMULUS_SERVICE"])
}

// What Alloy receives for others is for this machine alone: by itself it listens on
// the loopback interface, in a container on all, of which the composition passes
// one port on to the loopback interface.
func TestAlloyReceivesFromThisMachineAlone(t *testing.T) {
	require.Equal(t, "127.0.0.1", variables(t, configurations(t)["alloy"])["PYROCUMULUS_RECEIVE"])
	receive, err := os.ReadFile("alloy/receive.alloy")
	require.NoError(t, err)
	port := regexp.MustCompile(`listen_port\s+= (\d+)\n`).FindSubmatch(receive)
	require.Len(t, port, 2)
	require.Contains(t, string(receive), "localhost:"+string(port[1]), "the comment says where to push")
	require.Equal(t, []string{"127.0.0.1:" + string(port[1]) + ":" + string(port[1])}, readComposition(t).Services["alloy"].Ports)
}

// The composition starts what was tried, as it was tried.
func TestAlloyIsTheVersionThatWasTried(t *testing.T) {
	alloy := readComposition(t).Services["alloy"]
	require.Equal(t, "grafana/alloy:v"+triedAlloy, alloy.Image)
	require.NotContains(t, alloy.Command, "stability.level", "all components are generally available")
	for _, file := range []string{"../functions/ingest/README.md", "../shared/ingest/testdata/clients/README.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.Contains(string(text), "Alloy "+triedAlloy), "%s says what was tried", file)
	}
}

// address takes a URL or host:port apart.
func address(t *testing.T, text string) (host, port string) {
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Empty(t, u.Path, "clients add the path")
		text = u.Host
	}
	host, port, err := net.SplitHostPort(text)
	require.NoError(t, err, text)
	return host, port
}
