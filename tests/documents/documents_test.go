package documents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStories(t *testing.T) {
	r := newReader(t)
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) { r.follow(t, s) })
	}
}

// elsewhere says who runs the commands that no story has: a test, as file and
// name, or .ci/run. The last ones nobody runs, with why.
func elsewhere() []struct{ commands, by string } {
	return []struct{ commands, by string }{
		{`make (test|lint|lint-infra|test-emulators|synth)`, ".ci/run"},
		{`go test ./\.\.\.`, ".ci/run"}, // is make test
		{`go test ./infra/deployment -update`, "infra/deployment/readme_test.go TestReadme"},
		{`go run ./scripts/pyrocumulus (services|(flame|top|diff|pprof) -service shop .*)`, "scripts/pyrocumulus/examples_test.go TestExamplesWork"},
		{`go run ./scripts/pyrocumulus .*-(table|bucket) .*`, "tests/deploy/commands_test.go"},
	}
}

// byHand are commands that are too long for a test, or not for one. They are run
// without anything being done: make says what it would do.
func byHand() map[string]string {
	return map[string]string{
		"make bench":      "figures are taken by hand, on a quiet machine; that benchmarks compile is checked by go vet",
		"make fuzz":       "new inputs are looked for by hand; make test tries those that are known",
		"make simulation": "make test runs 200 histories by the same code",
		"make soak":       "make test lives three hours by the same code",
		"make soak-local": "make test lives 20 seconds by the same code",
		"make golden":     "it changes files; each test has its -update",
		"make web":        "it changes files; tests/web builds the page and compares",
	}
}

// TestEveryCommandIsRun fails for a command that was added to a document and to
// no test, and for one that is in a test and in no document any more.
func TestEveryCommandIsRun(t *testing.T) {
	known, unused := make(map[string]bool), make(map[string]bool)
	for _, s := range stories() {
		for _, text := range append([]string{s.serve}, textsOf(s.steps)...) {
			if text != "" {
				known[text], unused[text] = true, true
			}
		}
	}
	for text := range byHand() {
		known[text], unused[text] = true, true
	}
	documents, err := In(root)
	require.NoError(t, err)
	for _, document := range documents {
		all, err := Commands(root, document)
		require.NoError(t, err)
		for _, c := range all {
			delete(unused, c.Text)
			if !known[c.Text] && !isElsewhere(c) {
				t.Errorf("%s:%d: no test runs %q: add it to a story of tests/documents", document, c.Line, c.Text)
			}
		}
	}
	for text := range unused {
		t.Errorf("no document has %q any more", text)
	}
}

func textsOf(steps []step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.text)
	}
	return all
}

func isElsewhere(c Command) bool {
	for _, e := range elsewhere() {
		if regexp.MustCompile("^(" + e.commands + ")$").MatchString(c.Text) {
			return true
		}
	}
	return false
}

// TestWhoRunsCommandsExists looks for the tests of elsewhere.
func TestWhoRunsCommandsExists(t *testing.T) {
	for _, e := range elsewhere() {
		file, name, _ := strings.Cut(e.by, " ")
		body, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err, e.commands)
		if name != "" {
			require.Contains(t, string(body), fmt.Sprintf("func %s(t *testing.T)", name), file)
		}
	}
}

func TestCommandsByHandAreSound(t *testing.T) {
	for text := range byHand() {
		out, err := Shell{Dir: root}.Run(t.Context(), strings.Replace(text, "make", "make --dry-run", 1))
		require.NoError(t, err)
		require.NotEmpty(t, out, text)
	}
}
