package documents

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// claim says who runs commands that no story has.
type claim struct {
	document string // "" for every one
	commands string // regular expression of the whole of a command
	by       string // file and name of a test, or .ci/run
}

// elsewhere are the commands that other tests run.
func elsewhere() []claim {
	return []claim{
		{"", `make (test|lint|lint-infra|test-emulators|test-clients|synth)`, ".ci/run"},
		{"", `go test ./\.\.\.`, ".ci/run"}, // is make test
		{"", `go run ./scripts/pyrocumulus (services|(flame|top|diff|pprof) -service shop .*)`, "scripts/pyrocumulus/examples_test.go TestExamplesWork"},
		{"", `go run ./scripts/pyrocumulus .*-(table|bucket) .*`, "tests/deploy/commands_test.go"},
		{"infra/README.md", `.*`, "tests/deploy/claims_test.go TestEveryCommandIsClaimed"}, // of which TestDocuments runs what it claims
		{"localstack/README.md", `.*`, "tests/deploy/claims_test.go TestEveryCommandIsClaimed"},
		{"", `make deploy`, "tests/deploy/claims_test.go TestEveryCommandIsClaimed"},
		{"README.md", `go get .*`, "tests/web/firstminutes_test.go TestTheFirstFiveMinutes"},
		{"functions/ingest/README.md", `go get .*`, "tests/clients/sdk_test.go TestGo"},
		{"functions/ingest/README.md", `PYROSCOPE_.* java .*`, "tests/clients/sdk_test.go TestJava"},
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

// untried are the commands that no test runs.
func untried() map[string]string {
	return map[string]string{
		`aws s3api restore-object`:      "no emulator has archive classes",
		`(alloy|sudo .* alloy) .*`:      "Alloy is in no registry; package localstack holds its files against what it accepted",
		`mkdir profiler && cp .*`:       "Alloy is in no registry",
		`PYROSCOPE_.* dotnet .*`:        "the SDK for .NET is in no registry that the tests use",
		`make bench BENCH=\.\.\.`:       "figures are taken by hand; see TestBenchmarksOfTheResultsExist",
		`go test -run '\^\$' -bench .*`: "figures are taken by hand; see TestBenchmarksOfTheResultsExist",
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
			if !known[c.Text] && !isElsewhere(c) && !isUntried(c) {
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
	return slices.ContainsFunc(elsewhere(), func(of claim) bool {
		return (of.document == "" || of.document == c.Document) && matches(of.commands, c.Text)
	})
}

func isUntried(c Command) bool {
	for commands := range untried() {
		if matches(commands, c.Text) {
			return true
		}
	}
	return false
}

func matches(expression, text string) bool {
	return regexp.MustCompile("^(?:" + expression + ")$").MatchString(text)
}

// TestWhoRunsCommandsExists looks for the tests of elsewhere and of snippets.
func TestWhoRunsCommandsExists(t *testing.T) {
	by := slices.Collect(maps.Values(snippets()))
	for _, c := range elsewhere() {
		by = append(by, c.by)
	}
	for _, by := range by {
		file, name, _ := strings.Cut(by, " ")
		body, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
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

// snippets says who tries the blocks of a document that are in other languages
// than the shell's.
func snippets() map[string]string {
	return map[string]string{
		"README.md go":                      "tests/web/firstminutes_test.go TestTheFirstFiveMinutes",
		"functions/ingest/README.md go":     "tests/clients/sdk_test.go TestGo",
		"functions/ingest/README.md python": "tests/clients/sdk_test.go TestPython",
		"functions/ingest/README.md js":     "tests/clients/sdk_test.go TestNode",
		"functions/ingest/README.md rust":   "tests/clients/sdk_test.go TestRust",
		"functions/ingest/README.md yaml":   "tests/clients/collector_test.go TestCollector",
		"functions/ingest/README.md ruby":   "tests/clients/readme_test.go TestEverySnippetIsKnown", // which says that nobody does
		"functions/query/README.md sql":     "tests/documents/documents_test.go TestStories",
	}
}

func TestEverySnippetIsTried(t *testing.T) {
	documents, err := In(root)
	require.NoError(t, err)
	missing := maps.Clone(snippets())
	for _, document := range documents {
		text, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		for _, language := range languages(string(text)) {
			switch language {
			case "sh", "", "mermaid": // commands; and what is not to be run
				continue
			}
			key := document + " " + language
			require.Contains(t, snippets(), key, "no test tries it")
			delete(missing, key)
		}
	}
	require.Empty(t, missing, "no document has them any more")
}

// languages are those of the blocks of a document.
func languages(text string) []string {
	var all []string
	inBlock := false
	for line := range strings.Lines(text) {
		if m := fence.FindStringSubmatch(line); m != nil {
			if inBlock = !inBlock; inBlock {
				all = append(all, m[1])
			}
		}
	}
	return all
}

// TestBenchmarksOfTheResultsExist: the commands that made figures can be run again.
func TestBenchmarksOfTheResultsExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "tests/bench/RESULTS.md"))
	require.NoError(t, err)
	out, err := Shell{Dir: root}.Run(t.Context(), `grep -rhoE --include='*_test.go' '^func Benchmark[A-Za-z0-9_]*' shared tests localstack | sed 's/^func Benchmark//'`)
	require.NoError(t, err)
	names := strings.Fields(out)
	found := benchOf.FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		top, _, _ := strings.Cut(strings.Trim(m[1], "'"), "/")
		expression, err := regexp.Compile(top)
		require.NoError(t, err, m[0])
		require.True(t, slices.ContainsFunc(names, expression.MatchString), "there is no benchmark %s", top)
	}
}

// benchOf finds what -bench is given.
var benchOf = regexp.MustCompile(`-(?:test\.)?bench (\S+)`)
