package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// Names of the functions that something in this package is bound to.
const (
	Ingest  = deployment.Ingest
	Segment = deployment.Segment
	Plan    = deployment.CompactPlan
	Compact = deployment.Compact
	Sweep   = deployment.Sweep
	Query   = deployment.Query
	Worker  = deployment.QueryWorker
)

// compactors is how many jobs of compaction are done at once.
const compactors = 2

// concurrency is how many environments of a function there are on this machine
// at most; in an account there are hundreds.
func concurrency(name string) int {
	switch name {
	case Plan, Sweep:
		return 1
	case Compact:
		return compactors
	case Segment:
		return 4
	case Worker:
		return 32
	default:
		return 10
	}
}

// limits are those of a function, as the deployment of size small has it.
func limits(name string) runtimeapi.Function {
	f := runtimeapi.Function{MemoryMiB: 256, Timeout: 30 * time.Second, Concurrency: concurrency(name)}
	for _, d := range deployment.Default().Functions() {
		if d.Name == name {
			f.MemoryMiB, f.Timeout = d.MemoryMB, d.Timeout
		}
	}
	return f
}

// Functions returns a function for each folder of dir that holds a bootstrap,
// as `go run ./scripts/build -native -out dir` leaves them. All get the same
// environment variables: each takes what it needs.
func Functions(dir string, variables map[string]string) ([]runtimeapi.Function, error) {
	binaries, err := filepath.Glob(filepath.Join(dir, "*", "bootstrap"))
	if err != nil || len(binaries) == 0 {
		return nil, fmt.Errorf("find functions in %s: there is no */bootstrap (make them with go run ./scripts/build -native)", dir)
	}
	var all []runtimeapi.Function
	for _, binary := range binaries {
		if binary, err = filepath.Abs(binary); err != nil {
			return nil, fmt.Errorf("find functions in %s: %w", dir, err)
		}
		if info, err := os.Stat(binary); err != nil || info.Mode()&0o100 == 0 {
			return nil, fmt.Errorf("find functions in %s: %s cannot be run", dir, binary)
		}
		name := filepath.Base(filepath.Dir(binary))
		f := limits(name)
		f.Name, f.Bootstrap, f.Variables = name, binary, maps.Clone(variables)
		all = append(all, f)
	}
	return all, nil
}
