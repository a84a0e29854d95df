package ingest_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// BenchmarkPush takes in a CPU profile of a web service as Alloy pushes it.
func BenchmarkPush(b *testing.B) {
	body, err := os.ReadFile("../../tests/fixtures/cpu-shop_0.pb.gz")
	require.NoError(b, err)
	p, err := pprof.Decode(body, pprof.DefaultLimits())
	require.NoError(b, err)
	h := newBench(b)
	if p.TimeNanos != 0 {
		h.now = time.Unix(0, p.TimeNanos)
	}
	req, err := proto.Marshal(request(series(raw(body), "__name__", "process_cpu", "service_name", "shop", "pod", "shop-0", "namespace", "prod")))
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		w := h.do("POST", pushPath, bytes.NewReader(req), "Content-Type", "application/proto")
		require.Equal(b, 200, w.Code)
		h.queue.sent = h.queue.sent[:0]
		h.queue.batches = h.queue.batches[:0]
	}
}
