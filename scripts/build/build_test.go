package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestZipIsWhatLambdaTakes(t *testing.T) {
	content := bytes.Repeat([]byte("ELF"), 1000)
	archive, err := zipBootstrap(content)
	require.NoError(t, err)
	again, err := zipBootstrap(content)
	require.NoError(t, err)
	require.Equal(t, archive, again, "equal binaries make equal archives")

	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	require.Len(t, r.File, 1)
	entry := r.File[0]
	require.Equal(t, "bootstrap", entry.Name)
	require.Equal(t, os.FileMode(0o755), entry.Mode())
	require.Equal(t, 1980, entry.Modified.UTC().Year())
	file, err := entry.Open()
	require.NoError(t, err)
	got, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, content, got)
}

func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"query/main.go", "ingest/main.go", "local/main.go", "notes/README.md"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o644))
	}
	got, err := functions(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"ingest", "query"}, got)

	got, err = functions(filepath.Join(dir, "missing"))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestPlatform(t *testing.T) {
	err := run(t.Context(), t.TempDir(), "arm64", false, []string{"ingest"})
	require.ErrorContains(t, err, `-platform is "arm64": want GOOS/GOARCH, as linux/arm64`)
}
