package emulators

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
)

// emulator is one that suites run on.
type emulator struct {
	name    string
	options provision.Options
	// find returns where it is, or leaves the test out.
	find func(t *testing.T) emulators.Set
}

// versitygw is what scripts/emulators started, or else one that is built and
// started here: Go is all that it needs, so its suite runs everywhere.
func versitygw() emulator {
	return emulator{name: "versitygw", find: func(t *testing.T) emulators.Set {
		if os.Getenv(emulators.EnvWanted) != "1" {
			return emulators.Set{S3: startVersitygw(t)}
		}
		return emulators.Set{S3: emulators.Endpoint(t, emulators.EnvVersitygw)}
	}}
}

func miniStack() emulator {
	return emulator{
		name: "MiniStack", options: provision.Options{MaxMessageBytes: 256 << 10},
		find: func(t *testing.T) emulators.Set {
			return emulators.Set{SQS: emulators.Endpoint(t, emulators.EnvMiniStack)}
		},
	}
}

func dynamoDBLocal() emulator {
	return emulator{name: "DynamoDB Local", find: func(t *testing.T) emulators.Set {
		return emulators.Set{DynamoDB: emulators.Endpoint(t, emulators.EnvDynamoDB)}
	}}
}

// localStack is LocalStack for S3 and SQS. For DynamoDB it would start DynamoDB
// Local, which has suites of its own.
func localStack() emulator {
	return emulator{name: "LocalStack", find: func(t *testing.T) emulators.Set {
		address := emulators.Endpoint(t, emulators.EnvLocalStack)
		return emulators.Set{S3: address, SQS: address}
	}}
}

// startVersitygw runs versitygw until the test ends.
func startVersitygw(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "versitygw")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = "versitygw" // a module of its own
	out, err := build.CombinedOutput()
	require.NoError(t, err, "build versitygw: %s", out)

	address := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, program, "-address", address, "-dir", t.TempDir())
	said, err := run.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	var last strings.Builder
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			last.WriteString(lines.Text() + "\n")
		}
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = run.Wait() // it was killed
	})
	for range 300 {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			require.NoError(t, conn.Close())
			return "http://" + address
		}
		select {
		case <-ended:
			require.Fail(t, "versitygw ended", last.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	require.Fail(t, "versitygw does not listen")
	return ""
}

// freeAddress is a loopback address that nobody listened at just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
