package ingest_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/recording"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// BenchmarkParseJFR reads recordings, unpacked, without what comes after.
func BenchmarkParseJFR(b *testing.B) {
	for _, name := range recordings() {
		b.Run(name, func(b *testing.B) {
			data := []byte(unzip(b, jfrFixture(b, name+".jfr.gz")))
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, err := recording.Read(data, recording.Options{Limits: pprof.DefaultLimits(), Rate: 100})
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkIngestJFR takes in the recordings that the Java agent sends, as it
// sends them, until their profiles are on the queue.
func BenchmarkIngestJFR(b *testing.B) {
	for _, name := range []string{"itimer", "wall", "both"} {
		b.Run(name, func(b *testing.B) {
			h := newBench(b)
			target, until := jfrRequest(b, name)
			h.now = until
			body, contentType := form(b, "jfr", string(jfrFixture(b, name+".jfr.gz")), "labels", string(jfrFixture(b, name+".labels.gz")))
			b.ReportAllocs()
			b.SetBytes(int64(body.Len()))
			for b.Loop() {
				w := h.do("POST", target, bytes.NewReader(body.Bytes()), "Content-Type", contentType)
				require.Equal(b, 200, w.Code)
				h.queue.sent, h.queue.batches = h.queue.sent[:0], h.queue.batches[:0]
			}
		})
	}
}
