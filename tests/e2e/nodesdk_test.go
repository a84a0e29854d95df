package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
)

// A Node.js program with the SDK appears under its name, also if the URL that
// it is given ends in a slash, of which the SDK makes two.
func TestNodeSDK(t *testing.T) {
	t.Parallel()
	installNodeSDK(t)
	s, err := startServer(t.TempDir(), nil)
	require.NoError(t, err)
	defer s.kill()
	from := time.Now().Add(-time.Minute)
	stopApp := startNodeApp(t, s.url+"/")

	client := querier(s.url, "-")
	poll(t, func(ctx context.Context) error {
		got, err := profileTypes(ctx, client, from, time.Now().Add(time.Minute))
		if err == nil && !slices.Equal(got, nodeTypes()) {
			err = fmt.Errorf("profile types are %q", got)
		}
		return err
	})
	poll(t, func(ctx context.Context) error {
		r, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
			LabelSelector: `{service_name="node-sdk-app", region="eu", "app.tier"="web"}`,
			ProfileTypeID: "wall:wall:nanoseconds:wall:nanoseconds",
			Start:         from.UnixMilli(), End: time.Now().Add(time.Minute).UnixMilli(),
		}))
		if err == nil && !slices.ContainsFunc(r.Msg.Flamegraph.Names, func(f string) bool { return strings.Contains(f, "spin") }) {
			err = fmt.Errorf("spin is not among the functions %q", r.Msg.Flamegraph.Names)
		}
		return err
	})
	stopApp()
	require.NoError(t, s.stop())
}

// nodeTypes are the ids of what the SDK for Node.js sends.
func nodeTypes() []string {
	return []string{
		"memory:inuse_objects:count:inuse_space:bytes",
		"memory:inuse_space:bytes:inuse_space:bytes",
		"wall:cpu:nanoseconds:wall:nanoseconds",
		"wall:samples:count:wall:nanoseconds",
		"wall:wall:nanoseconds:wall:nanoseconds",
	}
}

// startNodeApp runs the program in node/app.mjs; to stop it, its standard input
// is closed.
func startNodeApp(t *testing.T, url string) (stop func()) {
	t.Helper()
	cmd := exec.Command("node", "app.mjs", url)
	cmd.Dir = "node"
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // if the test fails before stop
	return func() {
		require.NoError(t, stdin.Close())
		if err := cmd.Wait(); err != nil {
			t.Logf("the program did not end well, which is not what is tested: %v", err)
		}
	}
}

// installNodeSDK gets the SDK at the version of the lock file.
func installNodeSDK(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("node/node_modules/@pyroscope/nodejs"); err == nil {
		return
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = "node"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "install the SDK (this test needs Node.js 20): %s", out)
}
