package clients

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/otlp/otlptest"
)

// collectorInput is the rest of the Collector's configuration.
const collectorInput = `receivers: {otlp: {protocols: {http: {endpoint: "${env:COLLECTOR}"}}}}`

func TestCollector(t *testing.T) {
	needs(t)
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "otelcol")
	command(t, "collector", nil, "go", "build", "-o", program, ".") // a module of its own
	const gate = "--feature-gates=service.profilesSupport"
	require.Contains(t, section(t), gate)
	write(t, filepath.Join(dir, "input.yaml"), collectorInput)
	write(t, filepath.Join(dir, "config.yaml"), snippet(t, "OpenTelemetry"))
	s := startHost(t)
	address := freeAddress(t)
	running := start(t, dir, append(s.environment(), "COLLECTOR="+address), program, "--config=input.yaml", "--config=config.yaml", gate)

	body := otlpProfile(t)
	poll(running, t, func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1development/profiles", bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-protobuf")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return err // it has not begun to listen
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New("the Collector answers " + response.Status)
		}
		return nil
	})
	s.expect(running, t, want{selector: `{service_name="shop", "k8s.pod.name"="shop-0"}`, types: []string{cpuType}})
}

// otlpProfile is a request with a profile, as eBPF profilers send it.
func otlpProfile(t *testing.T) []byte {
	t.Helper()
	d := otlptest.New()
	stack := d.Stack(d.Location(0, 0, "spin"), d.Location(0, 0, "main"))
	p := d.CPU(time.Now(), &profilespb.Sample{StackIndex: stack, Values: []int64{3}})
	body, err := proto.Marshal(d.Request(otlptest.Attributes("service.name", "shop", "k8s.pod.name", "shop-0"), p))
	require.NoError(t, err)
	return body
}

// freeAddress is a loopback address that nobody listened at just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
