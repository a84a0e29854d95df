package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
)

// childDir names the environment variable that makes this test binary a process
// which puts objects into a directory until it is killed.
const childDir = "FILESTORE_TEST_PUT_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		putUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func crashBody(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 300_000+i) }

// putUntilKilled says on its output which objects are there, once Put said so.
func putUntilKilled(dir string) {
	s, err := filestore.Open(dir)
	for i := 0; err == nil; i++ {
		key := fmt.Sprintf("t/%d/k", i)
		if err = s.Put(context.Background(), key, crashBody(i)); err == nil {
			fmt.Println(key)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestObjectsOutliveAKilledProcess(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var told []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		told = append(told, lines.Text())
		if len(told) == 20 {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait(), "it was killed")
	require.GreaterOrEqual(t, len(told), 20)

	s := open(t, dir)
	require.Empty(t, files(t, filepath.Join(dir, "tmp")))
	infos, err := s.List(t.Context(), "t/", "", objstore.MaxListKeys)
	require.NoError(t, err)
	require.LessOrEqual(t, len(told), len(infos))
	for i := range infos {
		// All that is there is whole, whether or not its Put returned.
		got, err := s.Get(t.Context(), fmt.Sprintf("t/%d/k", i))
		require.NoError(t, err)
		require.True(t, bytes.Equal(crashBody(i), got), "object %d is not whole", i)
		require.NoError(t, s.Put(t.Context(), fmt.Sprintf("t/%d/k", i), crashBody(i)), "the same again")
	}
}
