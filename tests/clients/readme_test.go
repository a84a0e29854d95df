package clients

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const document = "../../functions/ingest/README.md"

// run says of the clients that the document has snippets for whether a test here
// runs them.
func run() map[string]bool {
	return map[string]bool{
		"Go": true, "Java": true, "Python": true, "Node.js": true, "Rust": true, "OpenTelemetry": true,
		"Anything that writes pprof, folded stacks, JFR or speedscope": true,
		".NET": false, "Ruby": false, // no registry that tests install from has them
	}
}

// A snippet that is added to the document needs a test, or an excuse.
func TestEverySnippetIsKnown(t *testing.T) {
	require.ElementsMatch(t, slices.Collect(maps.Keys(run())), slices.Collect(maps.Keys(snippets(t))))
}

// snippet is what the document has for a client.
func snippet(t *testing.T, client string) string {
	t.Helper()
	require.True(t, run()[client], "%s is said not to be run", client)
	code := snippets(t)[client]
	require.NotEmpty(t, code, "%s has no snippet for %s", document, client)
	return code
}

// heading begins a client's part, which is up to the next; fence has code in it.
var (
	heading = regexp.MustCompile(`(?m)^\*\*([^*]+)\*\*`)
	fence   = regexp.MustCompile("(?s)\n```[a-z]+\n(.*?\n)```\n")
)

func snippets(t *testing.T) map[string]string {
	t.Helper()
	text := section(t)
	all := make(map[string]string)
	starts := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		client, part := text[at[2]:at[3]], text[at[1]:end]
		found := fence.FindAllStringSubmatch(part, -1)
		require.Len(t, found, 1, "snippets for %s", client)
		all[client] = found[0][1]
	}
	return all
}

// The document says which versions are run.
func TestVersions(t *testing.T) {
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	for _, pin := range []struct{ file, version, said string }{
		{"../../go.mod", `grafana/pyroscope-go (v\S+)`, "pyroscope-go "},
		{"node/package.json", `"@pyroscope/nodejs": "(.*)"`, "@pyroscope/nodejs "},
		{"java/pom.xml", `<artifactId>agent</artifactId>\s*<version>(.*)</version>`, "io.pyroscope:agent "},
		{"python/requirements.txt", `pyroscope-io==(\S+)`, "pyroscope-io "},
		{"rust/Cargo.toml", `pyroscope = \{ version = "=(.*?)"`, "pyroscope "},
		{"collector/go.mod", `collector/exporter/otlphttpexporter (v\S+)`, "OpenTelemetry Collector "},
	} {
		pins, err := os.ReadFile(pin.file)
		require.NoError(t, err)
		found := regexp.MustCompile(pin.version).FindStringSubmatch(string(pins))
		require.NotNil(t, found, "%s has no %s", pin.file, pin.version)
		require.Contains(t, string(text), pin.said+found[1], "%s has another version than %s", document, pin.file)
	}
}

// section is the part of the document that has the snippets.
func section(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n## SDKs\n")
	require.True(t, found, "%s has no heading SDKs", document)
	before, _, _ := strings.Cut(after, "\n## ")
	return before
}
