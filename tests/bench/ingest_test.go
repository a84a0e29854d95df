package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"testing"
	"time"

	gprofile "github.com/google/pprof/profile"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// pusher is an ingest handler that keeps what it would send. Not for concurrent
// use.
type pusher struct {
	handler *ingest.Handler
	now     time.Time
	sent    []queue.Message
}

func newPusher(codec *envelope.Codec, store objstore.Writer) *pusher {
	p := &pusher{}
	p.handler = ingest.New(ingest.DefaultSettings(), ingest.Deps{
		Queues: []queue.Sender{p}, Store: store, Codec: codec,
		Now: func() time.Time { return p.now }, Log: slog.New(slog.DiscardHandler),
	})
	return p
}

// Send implements queue.Sender.
func (p *pusher) Send(_ context.Context, batch []queue.Message) []error {
	p.sent = append(p.sent, batch...)
	return nil
}

// push has a record taken in, shortly after its time, and returns the messages
// that it became, normally one.
func (p *pusher) push(ctx context.Context, r record) ([]queue.Message, error) {
	p.now = time.UnixMilli(r.millis).Add(time.Second)
	p.sent = p.sent[:0]
	// Field 1 of push.v1.PushRequest is its series.
	body := binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(r.series)))
	if _, err := call(ctx, p.handler, pushv1connect.PusherServicePushProcedure, append(body, r.series...)); err != nil {
		return nil, err
	}
	return p.sent, nil
}

// answer takes an answer and keeps only how long it is.
type answer struct {
	header http.Header
	status int
	bytes  int64
	failed []byte // the answer, if it is an error
}

func (a *answer) Header() http.Header    { return a.header }
func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(b []byte) (int, error) {
	a.bytes += int64(len(b))
	if a.status != 0 && a.status != http.StatusOK {
		a.failed = append(a.failed, b...)
	}
	return len(b), nil
}

// call calls a method as the clients of Connect do, which take compressed
// answers, and returns the size of the answer.
func call(ctx context.Context, h http.Handler, procedure string, body []byte) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bench"+procedure, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/proto")
	req.Header.Set("Connect-Protocol-Version", "1")
	req.Header.Set("Accept-Encoding", "gzip")
	a := answer{header: make(http.Header)}
	h.ServeHTTP(&a, req)
	if a.status != 0 && a.status != http.StatusOK {
		return 0, fmt.Errorf("call %s: status %d: %s", procedure, a.status, a.failed)
	}
	return a.bytes, nil
}

// ingestSample is how many profiles BenchmarkIngest takes in.
const ingestSample = 2000

// BenchmarkIngest takes pushed profiles in: an operation is one push of one
// profile, from the body of the request to the message for the queue.
func BenchmarkIngest(b *testing.B) {
	corpus, err := chosen() // not the whole store, which takes long to build
	require.NoError(b, err)
	codec, err := envelope.NewCodec()
	require.NoError(b, err)
	src, err := corpus.open()
	require.NoError(b, err)
	defer src.Close()
	var records []record
	var pushed, packed int64
	for range min(ingestSample, corpus.profiles) {
		r, err := src.next()
		require.NoError(b, err)
		records = append(records, r)
		pushed += int64(len(r.series))
	}
	p := newPusher(codec, discard{})
	for _, r := range records { // once before, to have all caches warm
		messages, err := p.push(b.Context(), r)
		require.NoError(b, err)
		for _, m := range messages {
			packed += int64(len(m.Body))
		}
	}
	i := 0
	m := startMeter(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.push(b.Context(), records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	m.report()
	b.ReportMetric(float64(pushed)/float64(len(records)), "pushed-B/profile")
	b.ReportMetric(float64(packed)/float64(len(records)), "message-B/profile")
}

// BenchmarkIngestLargest takes in profiles of the largest size that is accepted
// by default, 4 MiB uncompressed, and reports how much memory that takes above
// what there was before: of one after a pause, and of many in a row, where garbage
// adds up.
func BenchmarkIngestLargest(b *testing.B) {
	codec, err := envelope.NewCodec()
	require.NoError(b, err)
	profile, plain := largest(b)
	body, err := proto.Marshal(&pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{{
		Labels:  []*typesv1.LabelPair{{Name: "__name__", Value: "process_cpu"}, {Name: "service_name", Value: "largest"}},
		Samples: []*pushv1.RawSample{{RawProfile: profile}},
	}}})
	require.NoError(b, err)
	for name, pause := range map[string]bool{"alone": true, "row": false} {
		b.Run(name, func(b *testing.B) {
			p := newPusher(codec, discard{})
			p.now = time.Unix(1_800_000_000, 0)
			debug.FreeOSMemory()
			idle := heldMemory()
			memory := watchMemory()
			m := startMeter(b)
			b.ReportAllocs()
			for b.Loop() {
				if pause {
					p.sent = nil
					debug.FreeOSMemory()
				}
				p.sent = p.sent[:0]
				if _, err := call(b.Context(), p.handler, pushv1connect.PusherServicePushProcedure, body); err != nil {
					b.Fatal(err)
				}
			}
			require.Len(b, p.sent, 1)
			m.report()
			memory.report(b)
			b.ReportMetric(float64(memory.most-idle)/(1<<20), "above-idle-MiB")
			b.ReportMetric(float64(plain), "plain-B")
			b.ReportMetric(float64(len(body)), "body-B")
		})
	}
}

// discard is a store for profiles that are too large for a message.
type discard struct{ objstore.Writer }

func (discard) Put(context.Context, string, []byte) error { return nil }

// largest returns a profile of nearly 4 MiB, compressed, and its size without: as
// many samples as are accepted, with stacks through functions of long names.
func largest(b *testing.B) (profile []byte, plain int) {
	random := rand.New(rand.NewPCG(1, 2))
	p := &gprofile.Profile{
		SampleType: []*gprofile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &gprofile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 1e7,
		TimeNanos: time.Unix(1_800_000_000, 0).UnixNano(),
	}
	for i := range 15_000 {
		name := fmt.Sprintf("example.org/shop/%016x/package.(*Type%016x).Method%08x", random.Uint64(), random.Uint64(), random.Uint32())
		fn := &gprofile.Function{ID: uint64(i + 1), Name: name, SystemName: name, Filename: "shop.go"}
		p.Function = append(p.Function, fn)
		p.Location = append(p.Location, &gprofile.Location{ID: uint64(i + 1), Address: uint64(i), Line: []gprofile.Line{{Function: fn, Line: int64(i)}}})
	}
	for i := range 16_000 {
		s := &gprofile.Sample{Value: []int64{int64(i + 1), int64(i+1) * 1e7}}
		for range 68 {
			s.Location = append(s.Location, p.Location[random.IntN(len(p.Location))])
		}
		p.Sample = append(p.Sample, s)
	}
	var raw, packed bytes.Buffer
	require.NoError(b, p.WriteUncompressed(&raw))
	require.NoError(b, p.Write(&packed))
	require.Less(b, raw.Len(), 4<<20)
	require.Greater(b, raw.Len(), 4<<20*95/100)
	return packed.Bytes(), raw.Len()
}
