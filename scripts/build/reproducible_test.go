package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The same sources in another folder, with nothing in the cache of builds about
// our module, make the same bytes: the second build begins with a copy of the
// repository. One function will do; all are built alike.
func TestSameSourcesMakeTheSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: compiles a function twice")
	}
	const function = "sweep"
	build := func(root string) []byte {
		out := t.TempDir()
		t.Chdir(root)
		require.NoError(t, run(t.Context(), out, lambda, false, []string{function}))
		content, err := os.ReadFile(filepath.Join(out, function+".zip"))
		require.NoError(t, err)
		return content
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "another name")
	for _, name := range []string{"go.mod", "go.sum", "functions", "shared"} {
		require.NoError(t, os.MkdirAll(elsewhere, 0o755))
		out, err := exec.Command("cp", "-R", filepath.Join(root, name), filepath.Join(elsewhere, name)).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	require.Equal(t, build(root), build(elsewhere), "the path of the sources is in the bytes")
}
