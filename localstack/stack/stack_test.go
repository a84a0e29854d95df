package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// nowhere are emulators that are not there: to start, a function needs none.
var nowhere = emulators.Set{S3: "http://127.0.0.1:1", SQS: "http://127.0.0.1:1", DynamoDB: "http://127.0.0.1:1"}

// resources are as Provision makes them.
var resources = provision.Provisioned{Resources: config.Resources{
	Bucket: "b", Table: "t", RecordsTable: "r", QueueURL: "http://127.0.0.1:1/0/q.fifo", JobsURL: "http://127.0.0.1:1/0/j.fifo",
}}

// build makes all bootstraps and returns them as functions.
func build(t testing.TB) []runtimeapi.Function {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, stack.Build(t.Context(), dir))
	functions, err := stack.Functions(dir, stack.Variables(nowhere, resources, "http://127.0.0.1:1"))
	require.NoError(t, err)
	return functions
}

// The very binaries that are deployed start, with nothing but their variables,
// until they ask for an event; and without those they say what is missing.
func TestEveryBootstrapStarts(t *testing.T) {
	names := make(map[string]bool)
	for _, f := range build(t) {
		names[f.Name] = true
		_, err := runtimeapi.MeasureStart(f)
		require.NoError(t, err)

		f.Variables = nil
		_, err = runtimeapi.MeasureStart(f)
		require.ErrorContains(t, err, "exit status 1")
		require.ErrorContains(t, err, " is not set: the deployment must name the resource")
	}
	for _, name := range []string{stack.Ingest, stack.Segment, stack.Plan, stack.Compact, stack.Sweep, stack.Query, stack.Worker} {
		require.True(t, names[name], name)
	}
}

// CPU time until a bootstrap asks for its first event. Lambda bills it with
// each cold start, and clients wait for it.
func BenchmarkStart(b *testing.B) {
	for _, f := range build(b) {
		b.Run(f.Name, func(b *testing.B) {
			var cpu, elapsed float64
			var peak int64
			for b.Loop() {
				s, err := runtimeapi.MeasureStart(f)
				require.NoError(b, err)
				cpu += s.CPU.Seconds()
				elapsed += s.Elapsed.Seconds()
				peak = max(peak, s.PeakMemory)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(cpu/float64(b.N)*1e3, "cpu-ms/start")
			b.ReportMetric(elapsed/float64(b.N)*1e3, "ms/start")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}

func TestFindEmulators(t *testing.T) {
	lookup := func(variables map[string]string) config.Lookup {
		return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	}
	set, err := stack.FindEmulators(lookup(map[string]string{
		"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3/", "PYROCUMULUS_SQS_ENDPOINT": "http://sqs",
	}))
	require.NoError(t, err)
	require.Equal(t, emulators.Set{S3: "http://s3", SQS: "http://sqs", DynamoDB: "http://all"}, set)
	_, err = stack.FindEmulators(lookup(map[string]string{"AWS_ENDPOINT_URL_S3": "http://s3"}))
	require.ErrorContains(t, err, "AWS_ENDPOINT_URL_SQS")
	require.ErrorContains(t, err, "AWS_ENDPOINT_URL_DYNAMODB")
	require.NotContains(t, err.Error(), "AWS_ENDPOINT_URL_S3")
}

func TestFunctionsAreFound(t *testing.T) {
	dir := t.TempDir()
	_, err := stack.Functions(dir, nil)
	require.ErrorContains(t, err, "scripts/build -native")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "compact"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compact", "bootstrap"), nil, 0o644))
	_, err = stack.Functions(dir, nil)
	require.ErrorContains(t, err, "cannot be run")
	require.NoError(t, os.Chmod(filepath.Join(dir, "compact", "bootstrap"), 0o755))
	functions, err := stack.Functions(dir, map[string]string{"A": "b"})
	require.NoError(t, err)
	require.Len(t, functions, 1)
	require.Equal(t, "compact", functions[0].Name)
	require.Equal(t, 1024, functions[0].MemoryMiB)
	require.Equal(t, map[string]string{"A": "b"}, functions[0].Variables)
}

// Names in the environment are taken as they are, all or none.
func TestFindResources(t *testing.T) {
	variables := make(map[string]string)
	for _, v := range resources.Environment() {
		name, value, _ := strings.Cut(v, "=")
		variables[name] = value
	}
	lookup := func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	found, err := stack.FindResources(t.Context(), nowhere, "p", lookup)
	require.NoError(t, err)
	require.Equal(t, resources, found)
	delete(variables, config.EnvTable)
	_, err = stack.FindResources(t.Context(), nowhere, "p", lookup)
	require.ErrorContains(t, err, config.EnvTable)
}
