package bench

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// envCorpus names the directory of a stored corpus.
const envCorpus = "PYROCUMULUS_CORPUS"

const fixturesDir = "../fixtures"

// process is what the benchmarks of one process share, for building it takes
// minutes.
var process struct {
	dir   string // removed at the end
	build func() (*world, error)
}

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	process.dir = dir
	process.build = sync.OnceValues(func() (*world, error) { return buildChosen(dir) })
	code := m.Run()
	code = cmp.Or(code, remove(dir))
	os.Exit(code)
}

func remove(dir string) int {
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func buildChosen(dir string) (*world, error) {
	c, err := chosen()
	if err != nil {
		return nil, err
	}
	// In the form of the lines that the testing package prints, which benchstat
	// keeps with the figures.
	fmt.Printf("corpus: %s\n", c.name)
	return build(context.Background(), dir, c)
}

func chosen() (*corpus, error) {
	if dir := os.Getenv(envCorpus); dir != "" {
		return storedCorpus(dir)
	}
	return fixtureCorpus(fixturesDir, fixtureTicks)
}

// built returns the world that all benchmarks use.
func built(b *testing.B) *world {
	b.Helper()
	w, err := process.build()
	require.NoError(b, err)
	return w
}
