package deploy

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documents whose commands this package runs.
const (
	infraReadme      = "infra/README.md"
	localstackReadme = "localstack/README.md"
)

// claims says how many blocks of commands below which heading of a document the
// tests here run: TestDocuments fails if one is left.
// A block that is below no heading of these, or one too many, is an error.
func claims() map[string]map[string]int {
	return map[string]map[string]int{
		infraReadme: {
			fromNothing: 6, upgrade: 1, uninstall: 2, costs: 1, goesWrong: 1, recovery: 1,
		},
		localstackReadme: {withDocker: 1},
	}
}

// Headings of the documents.
const (
	fromNothing = "From nothing to a flame graph"
	upgrade     = "Upgrade"
	uninstall   = "Uninstall"
	costs       = "What it costs"
	goesWrong   = "When something goes wrong"
	recovery    = "Disaster recovery"
	withDocker  = "With Docker"
)

// elsewhere are the commands in the text of the documents that no block repeats,
// each with a file of the repository that runs it and how that says so.
func elsewhere() map[string][2]string {
	return map[string][2]string{
		"make lint-infra":               {".ci/run", "make lint-infra"},
		"make synth":                    {".ci/run", "make synth"},
		"make test-emulators":           {".ci/run", "make test-emulators"},
		"go test ./...":                 {"Makefile", "go test ./..."},
		"go test ./infra/stack -update": {"Makefile", `go test "$$dir" -update`},
		"make golden":                   {"Makefile", "golden: ##"},
		"make run":                      {"README.md", "\nmake run\n"}, // a block, which tests/documents runs
	}
}

// Every command of the documents is run here, or where elsewhere says.
func TestEveryCommandIsClaimed(t *testing.T) {
	used := make(map[string]bool)
	documents := make(map[string]*document)
	for name := range claims() {
		documents[name] = read(t, name)
	}
	for name, sections := range claims() {
		d := documents[name]
		total := 0
		for section, n := range sections {
			d.section(t, section, n)
			total += n
		}
		require.Len(t, d.blocks, total, "%s has blocks of commands that no test runs", name)
		for _, text := range d.inline {
			if documents[infraReadme].repeats(text) || documents[localstackReadme].repeats(text) {
				continue
			}
			where, ok := elsewhere()[text]
			require.True(t, ok, "%s says `%s`: where is it run?", name, text)
			file, err := os.ReadFile("../../" + where[0])
			require.NoError(t, err)
			require.Contains(t, string(file), where[1], "%s does not run `%s`", where[0], text)
			used[text] = true
		}
	}
	for text := range elsewhere() {
		require.True(t, used[text], "no document says `%s`", text)
	}
}
