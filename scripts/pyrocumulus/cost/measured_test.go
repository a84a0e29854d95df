package cost

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

// perEvent is what CloudWatch Logs counts for each line beside its bytes.
const perEvent = 26

// What a push writes to the log is what the bill is computed from.
func TestLogBytesAreWhatAPushWrites(t *testing.T) {
	var log, metrics bytes.Buffer
	now := time.Now()
	ingest := ingestFunction(t, &log, &metrics, func() time.Time { return now })
	body, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	const pushes = 1000 // at 25 a second
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8f5d5b1e-0c5c-4a0e-9d0b-2f1f6f5a7c11"})
	for range pushes {
		now = now.Add(40 * time.Millisecond)
		r, err := ingest(ctx, pushOf(body))
		require.NoError(t, err)
		require.Equal(t, 200, r.StatusCode, r.Body)
	}
	lines := bytes.Count(append(log.Bytes(), metrics.Bytes()...), []byte("\n"))
	each := float64(log.Len()+metrics.Len()+perEvent*lines) / pushes
	require.InEpsilon(t, each, defaultDeployment().LogBytes, 0.05, "bytes for each push: %d of log, %d of metrics, %d lines", log.Len(), metrics.Len(), lines)
}

// ingestFunction is the function as it is deployed, but for its stores.
func ingestFunction(t *testing.T, log, metrics *bytes.Buffer, now func() time.Time) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	dir := t.TempDir()
	store, err := filestore.Open(filepath.Join(dir, "objects"))
	require.NoError(t, err)
	profiles, err := boltqueue.Open(filepath.Join(dir, "queue"), boltqueue.Options{})
	require.NoError(t, err)
	facts, err := boltrecords.Open(filepath.Join(dir, "records"), boltrecords.Options{})
	require.NoError(t, err)
	t.Cleanup(func() {
		store.Close()
		profiles.Close()
		facts.Close()
	})
	settings, err := config.LoadIngest(func(string) (string, bool) { return "", false })
	require.NoError(t, err)
	host := assembly.Host{Log: telemetry.NewLogger(log, slog.LevelInfo), Metrics: metrics, Now: now}
	f, err := assembly.Ingest(host, settings, []queue.Sender{profiles}, store, nil, facts)
	require.NoError(t, err)
	return f
}

// pushOf is a push of an SDK as API Gateway hands it over.
func pushOf(body []byte) events.APIGatewayV2HTTPRequest {
	var e events.APIGatewayV2HTTPRequest
	e.RawPath, e.RawQueryString = "/ingest", "format=pprof&name=checkout-service"
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = "POST", "/ingest"
	e.RequestContext.RequestID = "JKJaXmPLvHcESHA="
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	return e
}
