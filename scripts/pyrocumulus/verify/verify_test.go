package verify

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

func TestVerifyOfADataDirectory(t *testing.T) {
	data := t.TempDir()
	line := commandtest.New(t, Command(), "-data", data)
	_, err := line.Try()
	require.ErrorContains(t, err, "holds no data of the local host")
	require.Equal(t, 1, line.Code)
	store, err := filestore.Open(filepath.Join(data, datadir.ObjectsDir))
	require.NoError(t, err)
	require.Contains(t, line.Run(), "0 problems")

	require.NoError(t, store.Put(t.Context(), "acme/blocks/x", []byte("x")))
	require.NoError(t, store.Close())
	out, err := line.Try()
	require.ErrorContains(t, err, "there are problems (1); `pyrocumulus help verify` says")
	require.Equal(t, 1, line.Code)
	require.Contains(t, out, "foreign: acme/acme/blocks/x: ")
	out, err = line.Try("-json", "-tenant", "acme", "-young", time.Hour.String())
	require.Error(t, err)
	var v recovery.Verified
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	require.Len(t, v.Problems, 1)

	for want, args := range map[string][]string{
		`-tenant "a/b"`: {"-tenant", "a/b"}, "-parallel 0": {"-parallel", "0"}, `"x" is not a flag`: {"x"},
		"there is no flag -depe; is it -deep?":                   {"-depe"},
		"name the bucket with -bucket or PYROCUMULUS_BUCKET":     {"-aws"},
		"block index with -table or PYROCUMULUS_TABLE; the stac": {"-bucket", "b"},
	} {
		_, err = line.Try(args...)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "See: pyrocumulus help verify")
		require.Equal(t, 2, line.Code)
	}
	index, err := boltindex.Open(filepath.Join(data, datadir.IndexFile))
	require.NoError(t, err)
	_, err = line.Try()
	require.ErrorContains(t, err, "is the local host running?")
	require.NoError(t, index.Close())
}
