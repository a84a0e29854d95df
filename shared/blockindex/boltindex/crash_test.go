package boltindex_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
)

// childPath names the environment variable that makes this test binary a
// process which inserts rows into a file until it is killed.
const childPath = "BOLTINDEX_TEST_INSERT_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		insertUntilKilled(path)
	}
	os.Exit(m.Run())
}

func crashRow(i int) blockindex.Row {
	u := ulid.ULID{14: byte(i >> 8), 15: byte(i)}
	return blockindex.Row{Tenant: "t", ID: u.String(), MinTime: int64(i), MaxTime: int64(i), CommittedAt: int64(i), Detail: make([]byte, 1000)}
}

// insertUntilKilled says on its output which rows are there, once Insert said so.
func insertUntilKilled(path string) {
	ix, err := boltindex.Open(path)
	for i := 0; err == nil; i++ {
		if err = ix.Insert(context.Background(), crashRow(i)); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestRowsOutliveAKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	told := 0
	for lines := bufio.NewScanner(out); lines.Scan(); told++ {
		if told == 20 {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait(), "it was killed")
	require.GreaterOrEqual(t, told, 20)

	ix := open(t, path)
	rows, err := ix.Find(t.Context(), "t", 0, 1<<40)
	require.NoError(t, err)
	every, err := ix.All(t.Context(), "t")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(rows), told)
	require.Len(t, every, len(rows))
	for i, r := range rows {
		require.Equal(t, crashRow(i), r)
		require.NoError(t, ix.Insert(t.Context(), r), "the same again")
	}
}
