package clients

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// goHere stands for `go run ./scripts/pyrocumulus`, which the document tells to
// run in the root of the repository. The profile is not put there.
const goHere = `#!/bin/sh
if [ "$1 $2" != "run ./scripts/pyrocumulus" ]; then echo "the test does not know go $*" >&2; exit 1; fi
shift 2
exec "$PYROCUMULUS_COMMAND" "$@"
`

// Both commands push; the first with a label.
func TestPush(t *testing.T) {
	needs(t, "curl", "sh")
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "pyrocumulus")
	command(t, "../..", nil, "go", "build", "-o", program, "./scripts/pyrocumulus")
	write(t, filepath.Join(dir, "bin", "go"), goHere)
	require.NoError(t, os.Chmod(filepath.Join(dir, "bin", "go"), 0o755))
	write(t, filepath.Join(dir, "cpu.pprof"), string(pprof(t)))
	s := startHost(t)
	environment := append(s.environment(), "PYROCUMULUS_COMMAND="+program, "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	said := command(t, dir, environment, "sh", "-e", "-c", snippet(t, "Anything that writes pprof, folded stacks, JFR or speedscope"))
	t.Log(said)
	for _, selector := range []string{`{service_name="shop", version="1.2"}`, `{service_name="shop", version=""}`} {
		s.expect(t.Context(), t, want{selector: selector, function: "runtime.mallocgc", types: []string{cpuType, "process_cpu:samples:count:cpu:nanoseconds"}})
	}
}

// pprof is a profile of a real program, as of now.
func pprof(t *testing.T) []byte {
	t.Helper()
	content, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	p, err := profile.ParseData(content)
	require.NoError(t, err)
	p.TimeNanos = time.Now().UnixNano()
	var body bytes.Buffer
	require.NoError(t, p.Write(&body))
	return body.Bytes()
}
