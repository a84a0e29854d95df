package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

func TestVerifyOfADataDirectory(t *testing.T) {
	data := t.TempDir()
	_, err := run(t.Context(), []string{"-data", data}, nil)
	require.ErrorContains(t, err, "holds no data of the local host")
	store, err := filestore.Open(filepath.Join(data, "objects"))
	require.NoError(t, err)
	var out bytes.Buffer
	code, err := run(t.Context(), []string{"-data", data}, &out)
	require.NoError(t, err)
	require.Zero(t, code)

	require.NoError(t, store.Put(t.Context(), "acme/blocks/x", []byte("x")))
	require.NoError(t, store.Close())
	code, err = run(t.Context(), []string{"-data", data}, &out)
	require.NoError(t, err)
	require.Equal(t, 1, code)
	require.Contains(t, out.String(), "foreign: acme/acme/blocks/x: ")
	out.Reset()
	code, err = run(t.Context(), []string{"-data", data, "-json", "-tenant", "acme", "-young", time.Hour.String()}, &out)
	require.NoError(t, err)
	require.Equal(t, 1, code)
	var v recovery.Verified
	require.NoError(t, json.Unmarshal(out.Bytes(), &v))
	require.Len(t, v.Problems, 1)

	for want, args := range map[string][]string{
		`-tenant "a/b"`: {"-data", data, "-tenant", "a/b"}, "-parallel 0": {"-data", data, "-parallel", "0"}, `argument "x"`: {"-data", data, "x"},
	} {
		_, err = run(t.Context(), args, nil)
		require.ErrorContains(t, err, want)
	}
	index, err := boltindex.Open(filepath.Join(data, host.IndexFile))
	require.NoError(t, err)
	_, err = run(t.Context(), []string{"-data", data}, nil)
	require.ErrorContains(t, err, "is the local host running?")
	require.NoError(t, index.Close())
	require.NoError(t, os.RemoveAll(data))
}
