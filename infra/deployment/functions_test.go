package deployment_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
)

// loads is what a main passes to aws.Load: the loader of its settings, and the
// variables of the resources that it needs.
func loads(t *testing.T, file string) (loader string, resources []string) {
	main, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	values := map[string]string{
		"EnvBucket": config.EnvBucket, "EnvTable": config.EnvTable, "EnvRecords": config.EnvRecords,
		"EnvQueueURL": config.EnvQueueURL, "EnvWorker": config.EnvWorker, "EnvJobsURL": config.EnvJobsURL,
	}
	ast.Inspect(main, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Load" {
			return true
		}
		for i, arg := range call.Args[1:] {
			name := arg.(*ast.SelectorExpr).Sel.Name
			if i == 0 {
				loader = name
				continue
			}
			require.Contains(t, values, name, "%s needs a resource that the stack does not know", file)
			resources = append(resources, values[name])
		}
		return false
	})
	return loader, resources
}

// Every function of the repository is deployed, with the variables that its main
// asks for, and no others.
func TestFunctionsGetWhatTheirMainsAskFor(t *testing.T) {
	deployed := make(map[string]deployment.Deployed)
	for _, f := range deployment.Default().Functions() {
		deployed[f.Name] = f
	}
	mains, err := filepath.Glob("../../functions/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, mains)
	loaders := map[string]string{
		deployment.Ingest: "LoadIngest", deployment.Segment: "LoadSegment", deployment.CompactPlan: "LoadCompactPlan",
		deployment.Compact: "LoadCompact", deployment.Sweep: "LoadSweep", deployment.Query: "LoadQuery",
		deployment.QueryWorker: "LoadQueryWorker",
	}
	for _, file := range mains {
		name := filepath.Base(filepath.Dir(file))
		if name == "local" {
			continue
		}
		require.Contains(t, deployed, name, "the stack has no function %s", name)
		loader, resources := loads(t, file)
		require.ElementsMatch(t, resources, deployed[name].Resources, name)
		if want, ok := loaders[name]; ok {
			require.Equal(t, want, loader, name)
		}
	}
	for name := range deployed {
		_, err := os.Stat("../../functions/" + name + "/main.go")
		require.NoError(t, err, "the stack deploys a function that is not there")
	}
}

// A function gets the settings that it reads.
func TestSettingsGoToWhoReadsThem(t *testing.T) {
	c, err := from(map[string]any{"retentionDays": 7, "settings": `{"PYROCUMULUS_QUERY_TIMEOUT":"20s","PYROCUMULUS_LOG_LEVEL":"warn","PYROCUMULUS_DRAIN_TIME":"2m"}`})
	require.NoError(t, err)
	got := make(map[string]map[string]string)
	for _, f := range c.Functions() {
		got[f.Name] = f.Settings
		if f.Name == deployment.Segment {
			require.Greater(t, f.Timeout, 3*time.Minute)
		}
	}
	level, tenants, kept := config.EnvLogLevel, config.EnvAuth, config.EnvRetention
	require.Equal(t, map[string]string{level: "warn", tenants: "token"}, got[deployment.Ingest])
	require.Equal(t, map[string]string{level: "warn", config.EnvDrainTime: "2m"}, got[deployment.Segment])
	require.Equal(t, map[string]string{level: "warn", tenants: "token", kept: "168h0m0s", config.EnvQueryTimeout: "20s"}, got[deployment.Query])
	require.Equal(t, map[string]string{level: "warn", kept: "168h0m0s"}, got[deployment.Sweep])
	require.Equal(t, map[string]string{level: "warn"}, got[deployment.QueryWorker])
}

func TestSettingsThatCannotWork(t *testing.T) {
	for settings, want := range map[string]string{
		`{"PYROCUMULUS_LOGLEVEL":"warn"}`:       "no function knows it",
		`{"PYROCUMULUS_RETENTION":"1h"}`:        "set retentionDays instead",
		`{"PYROCUMULUS_AUTH":"none"}`:           "set auth instead",
		`{"PYROCUMULUS_LOG_LEVEL":"loud"}`:      `PYROCUMULUS_LOG_LEVEL is "loud"`,
		`{"PYROCUMULUS_QUERY_TIMEOUT":"28s"}`:   "want 26s at most, since the API waits for 30s",
		`{"PYROCUMULUS_DRAIN_TIME":"14m"}`:      "PYROCUMULUS_DRAIN_TIME=14m0s: want 13m55s at most",
		`{"PYROCUMULUS_VISIBILITY":"5s"}`:       "three times PYROCUMULUS_FLUSH_INTERVAL",
		`{"PYROCUMULUS_QUERY_TIMEOUT":"10000"}`: "PYROCUMULUS_QUERY_TIMEOUT",
	} {
		_, err := from(map[string]any{"settings": settings})
		require.ErrorContains(t, err, want, settings)
	}
}

// The times of functions fit those that start them and wait for them.
func TestTimes(t *testing.T) {
	for name, size := range deployment.Sizes() {
		c := deployment.Default()
		c.Size = size
		require.Equal(t, name, size.Name)
		for _, f := range c.Functions() {
			require.LessOrEqual(t, f.Timeout, 15*time.Minute, "Lambda's limit")
			require.GreaterOrEqual(t, f.MemoryMB, 128)
			if f.Name == deployment.Compact {
				require.LessOrEqual(t, f.Timeout, deployment.MergeTime, "its messages are hidden for that long")
				require.True(t, f.Reserved == 0 || f.Reserved >= max(2, size.Compactions), "or the mapping is throttled")
			}
			if f.Name == deployment.Segment && f.Reserved > 0 {
				require.GreaterOrEqual(t, f.Reserved, size.Queues*(size.ExtraDrainers+1), "a drainer of each turn")
			}
		}
	}
}

// Each queue has a drainer that always works, and the extra ones.
func TestSchedules(t *testing.T) {
	c := deployment.Default()
	c.Size = deployment.Sizes()["large"]
	turns := make(map[[2]int]bool)
	started := make(map[string]bool)
	for _, s := range c.Schedules() {
		started[s.Function] = true
		require.Zero(t, s.Every%time.Minute)
		if turn, ok := s.Event.(segment.Turn); ok {
			turns[[2]int{*turn.Queue, turn.Extra}] = true
		}
	}
	require.Len(t, turns, c.Size.Queues*(c.Size.ExtraDrainers+1))
	require.Contains(t, turns, [2]int{c.Size.Queues - 1, c.Size.ExtraDrainers})
	require.True(t, reflect.DeepEqual(map[string]bool{deployment.Segment: true, deployment.CompactPlan: true, deployment.Sweep: true}, started))
}
