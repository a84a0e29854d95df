package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// Names of the functions that something in this package is bound to.
const (
	Ingest  = "ingest"
	Segment = "segment"
	Plan    = "compact-plan"
	Compact = "compact"
	Sweep   = "sweep"
	Query   = "query"
	Worker  = "query-worker"
)

// compactors is how many jobs of compaction are done at once.
const compactors = 2

// limits are those of a function, as it is deployed.
func limits(name string) runtimeapi.Function {
	switch name {
	case Segment:
		// It drains for 55 s, then needs some seconds to write.
		return runtimeapi.Function{MemoryMiB: 512, Timeout: 2 * time.Minute, Concurrency: 4}
	case Compact:
		// Ten times PYROCUMULUS_COMPACT_BYTES.
		return runtimeapi.Function{MemoryMiB: 1024, Timeout: 10 * time.Minute, Concurrency: compactors}
	case Plan, Sweep:
		return runtimeapi.Function{MemoryMiB: 512, Timeout: 5 * time.Minute, Concurrency: 1}
	case Query:
		return runtimeapi.Function{MemoryMiB: 1024, Timeout: 30 * time.Second, Concurrency: 10}
	case Worker:
		return runtimeapi.Function{MemoryMiB: 1024, Timeout: 30 * time.Second, Concurrency: 32}
	default:
		return runtimeapi.Function{MemoryMiB: 512, Timeout: 30 * time.Second, Concurrency: 10}
	}
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
