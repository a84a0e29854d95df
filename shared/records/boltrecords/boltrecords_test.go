package boltrecords_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/records/recordstest"
)

func open(t *testing.T, path string, now func() time.Time) *boltrecords.Store {
	t.Helper()
	s, err := boltrecords.Open(path, boltrecords.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	paths := make(map[records.Store]string)
	recordstest.Run(t, func(t *testing.T, now func() time.Time) records.Store {
		path := filepath.Join(t.TempDir(), "records")
		s := open(t, path, now)
		paths[s] = path
		return s
	}, recordstest.Reopen(func(t *testing.T, s records.Store, now func() time.Time) records.Store {
		require.NoError(t, s.(*boltrecords.Store).Close())
		return open(t, paths[s], now)
	}))
}

func TestOpenSaysWhatItCouldNotOpen(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	require.NoError(t, os.WriteFile(garbage, make([]byte, 1<<16), 0o600))
	for _, path := range []string{dir, filepath.Join(dir, "none", "records"), garbage} {
		_, err := boltrecords.Open(path, boltrecords.Options{})
		require.ErrorContains(t, err, "open record store")
		require.ErrorContains(t, err, path)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "records"), nil)
	require.NoError(t, s.Close())
	_, err := s.Get(t.Context(), records.Name{Tenant: "t", Kind: "k", Key: "a"})
	require.ErrorContains(t, err, "closed")
	require.NotErrorIs(t, err, records.ErrNotFound)
}

// TestTwoUsersOfAFile: stores of one file take turns, as processes do.
func TestTwoUsersOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records")
	a, b := open(t, path, nil), open(t, path, nil)
	n := records.Name{Tenant: "t", Kind: "k", Key: "a"}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, s := range []*boltrecords.Store{a, b} {
		wg.Go(func() {
			for range 20 {
				_, err := s.Add(context.Background(), n, 1, time.Time{})
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	total, err := a.Add(t.Context(), n, 0, time.Time{})
	require.NoError(t, err)
	require.Equal(t, int64(40), total)
}

// TestNothingIsLeftOfWhatExpired counts what is in the file.
func TestNothingIsLeftOfWhatExpired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records")
	at := time.Unix(1_800_000_000, 0)
	s := open(t, path, func() time.Time { return at })
	for i := range 100 {
		n := records.Name{Tenant: "t", Kind: "k", Key: strconv.Itoa(i)}
		_, err := s.Add(t.Context(), n, 1, at.Add(time.Second))
		require.NoError(t, err)
		_, err = s.Put(t.Context(), records.Record{Name: n, Expires: at.Add(time.Second)})
		require.NoError(t, err)
	}
	at = at.Add(time.Second)
	for range 4 {
		_, err := s.Add(t.Context(), records.Name{Tenant: "t", Kind: "k", Key: "stays"}, 1, time.Time{})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			require.Equal(t, map[string]int{"counters": 1}[string(name)], b.Stats().KeyN, string(name))
			return nil
		})
	}))
}

// childPath names the environment variable that makes this test binary a
// process which writes until it is killed.
const childPath = "BOLTRECORDS_TEST_WRITE_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// writeUntilKilled says on its output how far the counter is, once Add said so.
func writeUntilKilled(path string) {
	s, err := boltrecords.Open(path, boltrecords.Options{})
	for err == nil {
		var total int64
		if total, err = s.Add(context.Background(), records.Name{Tenant: "t", Kind: "k", Key: "a"}, 1, time.Time{}); err == nil {
			fmt.Println(total)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestRecordsOutliveAKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records")
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childPath+"="+path)
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
	total, err := open(t, path, nil).Add(t.Context(), records.Name{Tenant: "t", Kind: "k", Key: "a"}, 0, time.Time{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, total, int64(told))
}
