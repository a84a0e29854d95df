package arch

import (
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestArchitecture(t *testing.T) {
	repo, err := load(os.DirFS("../.."))
	require.NoError(t, err)
	require.NotEmpty(t, repo.sources)
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			for _, violation := range rule.check(repo) {
				t.Errorf("%s\n\tWhy this is a rule: %s.", violation, rule.why)
			}
		})
	}
}

func TestExceptionsHaveAReasonAndAFile(t *testing.T) {
	repo, err := load(os.DirFS("../.."))
	require.NoError(t, err)
	for name, reason := range exceptions() {
		require.NotEmpty(t, reason, name)
		file, _, _ := strings.Cut(name, " ")
		require.True(t, exists(repo.files, file), "%s is gone", file)
	}
}

// sound is a small repository without a fault.
func sound() map[string]string {
	return map[string]string{
		"shared/profile/profile.go":                 "// Package profile is.\npackage profile\n",
		"shared/pprof/pprof.go":                     "// Package pprof is.\npackage pprof\n\nimport _ \"" + module + "shared/profile\"\n",
		"shared/pprof/pprof_test.go":                "package pprof_test\n\nimport _ \"" + module + "shared/queue/queuetest\"\n",
		"shared/queue/queue.go":                     "// Package queue is.\npackage queue\n",
		"shared/blockindex/blockindex.go":           "// Package blockindex is.\npackage blockindex\n\nimport _ \"" + module + "shared/profile\"\n",
		"shared/queue/queuetest/suite.go":           "// Package queuetest is.\npackage queuetest\n\nimport _ \"" + module + "shared/queue\"\n",
		"shared/queue/queuetest/inner/inner.go":     "// Package inner is.\npackage inner\n\nimport _ \"" + module + "shared/queue/queuetest\"\n",
		"shared/queue/sqsqueue/sqs.go":              "// Package sqsqueue is.\npackage sqsqueue\n\nimport (\n\t_ \"github.com/aws/aws-sdk-go-v2/service/sqs\"\n\n\t_ \"" + module + "shared/queue\"\n)\n",
		"shared/queue/boltqueue/bolt.go":            "// Package boltqueue is.\npackage boltqueue\n\nimport (\n\t\"time\"\n\n\t_ \"" + module + "shared/queue\"\n)\n\nvar now = time.Now\n",
		"shared/blockindex/boltindex/index.go":      "// Package boltindex is.\npackage boltindex\n\nimport (\n\t_ \"" + module + "shared/blockindex\"\n\t_ \"" + module + "shared/profile\"\n)\n",
		"shared/lambdahost/host.go":                 "// Package lambdahost is.\npackage lambdahost\n\nimport _ \"github.com/aws/aws-lambda-go/events\"\n",
		"shared/gateway/gateway.go":                 "// Package gateway is.\npackage gateway\n\nimport _ \"" + module + "shared/lambdahost\"\n",
		"shared/assembly/assembly.go":               "// Package assembly is.\npackage assembly\n\nimport _ \"" + module + "shared/lambdahost\"\n",
		"shared/ingest/ingest.go":                   "// Package ingest is.\npackage ingest\n\nimport (\n\t\"time\"\n\n\t_ \"" + module + "shared/queue\"\n)\n\ntype clock func() time.Time\n",
		"shared/ingest/ingest_test.go":              "package ingest\n\nimport (\n\t\"time\"\n\n\t_ \"" + module + "shared/queue/boltqueue\"\n)\n\nvar _ = time.Now()\n",
		"functions/ingest/main.go":                  "// Command ingest is.\npackage main\n\nimport _ \"" + module + "shared/queue/sqsqueue\"\n",
		"functions/local/main.go":                   "// Command local is.\npackage main\n" + strings.Repeat("\n", 200),
		"shared/ingest/testdata/not.go":             "this is not Go",
		".hidden/not.go":                            "this is not Go",
		"README.md":                                 "See `shared/queue`, `./shared/queue/...`, `shared/*/pprof.go`, `shared/profile.TenantID`, `Makefile`, `a/b` and `go test`.\n```\n`shared/old`\n```\n",
		"Makefile":                                  "",
		"shared/queue/queuetest/suite_long_test.go": "package queuetest\n" + strings.Repeat("\n", 600),
	}
}

func TestSoundRepositoryPasses(t *testing.T) {
	for _, rule := range rules() {
		require.Empty(t, rule.check(repositoryOf(t, nil)), rule.name)
	}
}

func repositoryOf(t *testing.T, added map[string]string) *repository {
	t.Helper()
	all := sound()
	maps.Copy(all, added)
	files := make(fstest.MapFS)
	for name, text := range all {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	repo, err := load(files)
	require.NoError(t, err)
	return repo
}

// Each rule catches its violations, and no other rule takes them for its own.
func TestRulesCatch(t *testing.T) {
	const header = "// Package x is.\npackage x\n\n"
	importing := func(imported string) string { return header + "import _ \"" + imported + "\"\n" }
	ourImport := func(imported string) string { return importing(module + imported) }
	for _, c := range []struct{ rule, file, text, message string }{
		{"imports point downwards", "shared/ingest/x.go", ourImport("functions/ingest"), "shared/ingest/x.go:4 imports functions/ingest"},
		{"imports point downwards", "shared/ingest/x.go", ourImport("infra"), "imports infra"},
		{"imports point downwards", "shared/ingest/x_test.go", ourImport("tests/e2e"), "imports tests/e2e"},
		{"AWS stays at the edge", "shared/ingest/x.go", importing("github.com/aws/aws-lambda-go/events"), "imports github.com/aws/aws-lambda-go/events"},
		{"AWS stays at the edge", "shared/ingest/x.go", importing("github.com/aws/aws-sdk-go-v2/service/s3"), "aws-sdk-go-v2/service/s3"},
		{"AWS stays at the edge", "shared/queue/sqsqueue/x.go", importing("github.com/aws/aws-lambda-go/events"), "aws-lambda-go"},
		{"AWS stays at the edge", "shared/lambdahost/x.go", importing("github.com/aws/smithy-go"), "smithy-go"},
		{"formats and contracts stand alone", "shared/profile/x.go", ourImport("shared/pprof"), "shared/profile/x.go:4 imports shared/pprof"},
		{"formats and contracts stand alone", "shared/pprof/x.go", ourImport("shared/queue"), "imports shared/queue"},
		{"formats and contracts stand alone", "shared/queue/x.go", ourImport("shared/profile"), "imports shared/profile"},
		{"formats and contracts stand alone", "shared/blockindex/x.go", ourImport("shared/queue"), "imports shared/queue"},
		{"adapters know only their contract", "shared/queue/boltqueue/x.go", ourImport("shared/profile"), "imports shared/profile"},
		{"adapters know only their contract", "shared/queue/sqsqueue/x.go", ourImport("shared/telemetry"), "imports shared/telemetry"},
		{"use cases do not name adapters", "shared/ingest/x.go", ourImport("shared/queue/boltqueue"), "imports shared/queue/boltqueue"},
		{"use cases do not name adapters", "shared/segment/x.go", ourImport("shared/querybackend/lambdabackend"), "imports shared/querybackend/lambdabackend"},
		{"hosts are for mains", "shared/ingest/x.go", ourImport("shared/lambdahost"), "imports shared/lambdahost"},
		{"test packages are for tests", "shared/ingest/x.go", ourImport("shared/queue/queuetest"), "imports shared/queue/queuetest"},
		{"test packages are for tests", "functions/local/x.go", ourImport("shared/testkit"), "imports shared/testkit"},
		{"the clock is an argument", "shared/ingest/x.go", header + "import \"time\"\n\nvar x = time.Now()\n", "shared/ingest/x.go:6 uses time.Now"},
		{"the clock is an argument", "shared/ingest/x.go", header + "import t \"time\"\n\nvar x = t.Since\n", "uses time.Since"},
		{"packages say what they are", "shared/query/x.go", "package query\n", "shared/query has no doc comment"},
		{"files are short", "shared/ingest/x.go", header + strings.Repeat("\n", 500), "shared/ingest/x.go has 503 lines"},
		{"functions are short", "shared/ingest/x.go", header + "func long() {\n" + strings.Repeat("\n", 59) + "}\n", "shared/ingest/x.go:4: long has 61 lines"},
		{"mains only wire", "functions/ingest/more.go", "package main\n" + strings.Repeat("\n", 40), "functions/ingest has 45 lines"},
		{"metrics are counted", "shared/telemetry/metrics.go", "// Package telemetry is.\npackage telemetry\n\nconst MetricX Metric = \"X\"\n", "MetricX is never counted"},
		{"documents name what exists", "CONTRIBUTING.md", "\nSee `shared/old/`.", "CONTRIBUTING.md:2 names shared/old/, which does not exist"},
		{"documents name what exists", "README.md", "`shared/*/nothing.go`", "names shared/*/nothing.go"},
		{"documents name what exists", "ARCHITECTURE.md", "`CHANGELOG.md`", "names CHANGELOG.md"},
		{"documents name commands that exist", "README.md", "```sh\ngo run ./scripts/old -h\n```", "README.md runs ./scripts/old, which is no program"},
		{"documents name commands that exist", "infra/README.md", "```sh\nmake old\n```", "infra/README.md makes old, which is no target"},
		{"documents name commands that exist", "README.md", "[how](shared/old.md#part)", "links to shared/old.md, which does not exist"},
	} {
		t.Run(c.rule+" in "+c.file, func(t *testing.T) {
			repo := repositoryOf(t, map[string]string{c.file: c.text})
			for _, rule := range rules() {
				violations := rule.check(repo)
				if rule.name != c.rule {
					require.Empty(t, violations, rule.name)
					continue
				}
				require.Len(t, violations, 1)
				require.Contains(t, violations[0], c.message)
			}
		})
	}
}

func TestEveryRuleHasAReasonAndACase(t *testing.T) {
	text, err := os.ReadFile("arch_test.go")
	require.NoError(t, err)
	for _, rule := range rules() {
		require.NotEmpty(t, rule.why)
		require.Contains(t, string(text), `{"`+rule.name+`", `, "no case shows that the rule catches anything")
	}
}
