package bench

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// The fleet of the small corpus.
const (
	fixtureServices = 4
	fixturePods     = 2
	fixtureInterval = time.Minute
	fixtureTicks    = 60
)

// fixtureKinds are the kinds of profiles of a pod and the fixtures of each, of
// which a service uses one.
var fixtureKinds = []struct{ name, pattern string }{
	{"process_cpu", "cpu-*.pb.gz"},
	{"memory", "mem-*.pb.gz"},
	{"goroutine", "goroutine-*.pb.gz"},
	{"mutex", "mutex-*.pb.gz"},
	{"block", "block-*.pb.gz"},
}

// fixtureCorpus is a small corpus that is made from the fixtures: each profile
// is one of them with other values, by a seeded generator.
func fixtureCorpus(dir string, ticks int) (*corpus, error) {
	return fixtureCorpusEvery(dir, ticks, fixtureInterval)
}

// fixtureCorpusEvery is one with another interval, of whole seconds and at least
// as many as there are pods of all services.
func fixtureCorpusEvery(dir string, ticks int, interval time.Duration) (*corpus, error) {
	fixtures := make([][]*pprof.Profile, len(fixtureKinds))
	for i, k := range fixtureKinds {
		names, err := filepath.Glob(filepath.Join(dir, k.pattern))
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("find fixtures %s in %s: %d found: %w", k.pattern, dir, len(names), err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("read fixture: %w", err)
			}
			p, err := pprof.Decode(b, pprof.DefaultLimits())
			if err != nil {
				return nil, fmt.Errorf("decode fixture %s: %w", name, err)
			}
			fixtures[i] = append(fixtures[i], p)
		}
	}
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	n := ticks * fixtureServices * fixturePods * len(fixtureKinds)
	return &corpus{
		name: fmt.Sprintf("small, %d profiles made from tests/fixtures, %d services x %d pods, every %v for %v",
			n, fixtureServices, fixturePods, interval, time.Duration(ticks)*interval),
		profiles: n, start: start, end: start.Add(time.Duration(ticks) * interval), interval: interval,
		open: func() (source, error) {
			return &fixtureSource{fixtures: fixtures, start: start, interval: interval, n: n, r: rand.New(rand.NewPCG(1, 2))}, nil
		},
	}, nil
}

// fixtureSource makes the records of a small corpus.
type fixtureSource struct {
	fixtures [][]*pprof.Profile // by kind
	start    time.Time
	interval time.Duration
	at, n    int
	r        *rand.Rand
}

func (s *fixtureSource) Close() error { return nil }

func (s *fixtureSource) next() (record, error) {
	if s.at == s.n {
		return record{}, io.EOF
	}
	i := s.at
	s.at++
	kind, i := i%len(fixtureKinds), i/len(fixtureKinds)
	pod, i := i%fixturePods, i/fixturePods
	service, tick := i%fixtureServices, i/fixtureServices
	// Never at a multiple of the interval: then it does not matter whether
	// the ends of ranges are inclusive.
	at := s.start.Add(time.Duration(tick)*s.interval + time.Duration(1+service*fixturePods+pod)*time.Second)
	of := s.fixtures[kind]
	raw, err := s.vary(of[service%len(of)], at)
	if err != nil {
		return record{}, err
	}
	name := fmt.Sprintf("svc-%02d", service)
	series := &pushv1.RawProfileSeries{
		Labels: []*typesv1.LabelPair{
			{Name: "__name__", Value: fixtureKinds[kind].name},
			{Name: "service_name", Value: name},
			{Name: "namespace", Value: "bench"},
			{Name: "pod", Value: fmt.Sprintf("%s-%d", name, pod)},
		},
		Samples: []*pushv1.RawSample{{RawProfile: raw}},
	}
	b, err := series.MarshalVT()
	return record{millis: at.UnixMilli(), series: b}, err
}

// vary returns a profile with the stacks of p and other values, some of them
// none, as a client sends it.
func (s *fixtureSource) vary(p *pprof.Profile, at time.Time) ([]byte, error) {
	out := *p
	out.TimeNanos, out.DurationNanos = at.UnixNano(), int64(s.interval)
	out.Values = make([]int64, len(p.Values))
	types := len(p.SampleTypes)
	for i := range p.Samples {
		if s.r.IntN(4) == 0 {
			continue
		}
		permille := 250 + s.r.Int64N(1500)
		for v := i * types; v < (i+1)*types; v++ {
			out.Values[v] = (p.Values[v]*permille + 999) / 1000
		}
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(out.AppendEncode(nil)); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
