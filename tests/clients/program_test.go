package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// needs leaves a test out that needs more than Go and Node.js, unless it is
// asked for: then the tools must be there.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("PYROCUMULUS_CLIENTS") != "1" {
		t.Skip("left out: needs more than Go and Node.js; `make test-clients` runs it")
	}
	for _, tool := range tools {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "CONTRIBUTING.md says what make test-clients needs")
	}
}

// command runs a program and returns what it says.
func command(t *testing.T, dir string, environment []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %q: %s", name, args, out)
	return string(out)
}

// start runs a program that computes until its standard input ends, which it
// does when the test ends. What it says is in the log of the test. The context
// is done when the program is.
func start(t *testing.T, dir string, environment []string, name string, args ...string) context.Context {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	running, ended := context.WithCancelCause(t.Context())
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		ended(fmt.Errorf("the program has ended: %v", cmd.Wait()))
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with what it has started; nothing it does now is tested
		<-waited
	})
	return running
}

// copyFiles copies files into a directory.
func copyFiles(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		write(t, filepath.Join(dir, filepath.Base(file)), string(content))
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
}

// installed returns a folder of the cache that fill has filled, of which the
// file pins says with what. Several processes may do so at once.
func installed(t *testing.T, name, pins string, fill func(dir string)) string {
	t.Helper()
	dir := cached(t, name, pins)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	t.Logf("installing %s", name)
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	unfinished, err := os.MkdirTemp(filepath.Dir(dir), name+"-unfinished-")
	require.NoError(t, err)
	defer os.RemoveAll(unfinished)
	fill(unfinished)
	if err := os.Rename(unfinished, dir); err != nil {
		_, err = os.Stat(dir) // or another process was faster
		require.NoError(t, err)
	}
	return dir
}

// cached is the path of a folder of the cache.
func cached(t *testing.T, name, pins string) string {
	t.Helper()
	cache := os.Getenv("PYROCUMULUS_CLIENTS_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "pyrocumulus", "clients")
	}
	f, err := os.Open(pins)
	require.NoError(t, err)
	defer f.Close()
	digest := sha256.New()
	_, err = io.Copy(digest, f)
	require.NoError(t, err)
	return filepath.Join(cache, name+"-"+hex.EncodeToString(digest.Sum(nil))[:12])
}
