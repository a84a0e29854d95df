package simulation

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"time"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/segment"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// client pushes profiles, one after the other, again if it is not told that
// they are safe, and at times although it is.
func (w *world) client(number, n int, r *rand.Rand) {
	tenant := tenants[r.IntN(len(tenants))]
	ingests := number * 1000 // numbers of processes
	for i := range n {
		time.Sleep(time.Duration(r.Int64N(int64(15 * time.Second))))
		if r.IntN(30) == 0 {
			time.Sleep(time.Duration(r.Int64N(int64(time.Hour))))
		}
		p := &pushed{
			tenant: tenant, function: fmt.Sprintf("client%d.f%d", number, i), value: 2 * (1 + r.Int64N(1000)),
			at: time.Now().Add(-time.Duration(r.Int64N(int64(20 * time.Second)))).Truncate(time.Millisecond),
		}
		if r.IntN(10) == 0 { // kept back for a while
			p.at = p.at.Add(-time.Duration(r.Int64N(int64(30 * time.Minute))))
		}
		w.truth.push(p)
		body := requestOf(p, r, r.IntN(60) == 0)
		for range 1 + r.IntN(4) {
			ingests++
			if w.push(w.process("ingest", ingests), tenant, body) {
				w.truth.ack(p.function)
				if r.IntN(5) > 0 {
					break
				}
			}
			// Within the deduplication window, or after it.
			time.Sleep(time.Duration(r.Int64N(int64(time.Second) << r.IntN(10))))
		}
	}
}

// push sends a request to a new process of the ingest function and reports
// whether the profiles are safe.
func (w *world) push(p *process, tenant profile.TenantID, body []byte) bool {
	p.latecomer = true
	ctx, cancel := context.WithTimeout(p.ctx, 29*time.Second)
	defer cancel()
	h := ingest.New(ingestSettings(), ingest.Deps{
		Queues: p.senders(), Store: p.store(), Codec: w.codec, Now: p.now, Log: discard(),
	})
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, pushv1connect.PusherServicePushProcedure, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/proto")
	req.Header.Set("X-Scope-OrgID", string(tenant))
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, req)
	if answer.Code == http.StatusBadRequest {
		panic("BUG: the ingest function refuses what clients push: " + answer.Body.String())
	}
	return answer.Code == http.StatusOK
}

func (p *process) senders() []queue.Sender {
	var out []queue.Sender
	for i := range p.world.queues {
		out = append(out, p.queue(i))
	}
	return out
}

func ingestSettings() ingest.Settings {
	s := ingest.DefaultSettings()
	s.Multitenancy = true
	return s
}

// requestOf is the push of a profile. Two series result from it: one of its
// samples has a label.
func requestOf(p *pushed, r *rand.Rand, large bool) []byte {
	return requestFrom(p, fmt.Sprint("service-", r.IntN(3)), fmt.Sprint("pod-", r.IntN(3)), r, large)
}

func requestFrom(p *pushed, service, pod string, r *rand.Rand, large bool) []byte {
	pp := &pprof.Profile{
		SampleTypes: []profile.ValueType{cpu.Sample}, PeriodType: cpu.Period, Period: 1, TimeNanos: p.at.UnixNano(),
		DurationNanos: int64(10 * time.Second),
		Strings:       []string{"", cmp.Or(p.leaf, p.function), "main.main", "endpoint", "/a"},
		Functions:     []pprof.Function{{Name: 1}, {Name: 2}},
		Locations:     []pprof.Location{{NumLines: 1}, {FirstLine: 1, NumLines: 1}}, Lines: []pprof.Line{{}, {Function: 1}},
		Stacks:  []uint32{0, 1},
		Samples: []pprof.Sample{{StackEnd: 2}, {StackStart: 0, StackEnd: 2, LabelEnd: 1}},
		Values:  []int64{p.value / 2, p.value / 2},
		Labels:  []pprof.SampleLabel{{Key: 3, Value: 4}},
	}
	if large {
		enlarge(pp, r)
	}
	series := &pushv1.RawProfileSeries{
		Labels: []*typesv1.LabelPair{
			{Name: profile.LabelName, Value: cpu.Name}, {Name: profile.LabelServiceName, Value: service},
			{Name: "pod", Value: pod},
		},
		Samples: []*pushv1.RawSample{{RawProfile: pp.AppendEncode(nil)}},
	}
	body, err := (&pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{series}}).MarshalVT()
	if err != nil {
		panic(err)
	}
	return body
}

// enlarge gives a profile so many names of functions that it does not fit into
// a message. They are below the function that it is known by.
func enlarge(pp *pprof.Profile, r *rand.Rand) {
	stack := []uint32{0}
	for range 6 {
		name := make([]byte, 60_000)
		for i := range name {
			name[i] = byte('0' + r.IntN(75))
		}
		pp.Strings = append(pp.Strings, string(name))
		pp.Functions = append(pp.Functions, pprof.Function{Name: uint32(len(pp.Strings) - 1)})
		pp.Lines = append(pp.Lines, pprof.Line{Function: uint32(len(pp.Functions) - 1)})
		pp.Locations = append(pp.Locations, pprof.Location{FirstLine: uint32(len(pp.Lines) - 1), NumLines: 1})
		stack = append(stack, uint32(len(pp.Locations)-1))
	}
	pp.Stacks = stack
	for i := range pp.Samples {
		pp.Samples[i].StackEnd = uint32(len(stack))
	}
}

// drain is a run of the segment function.
func (w *world) drain(p *process, q int) (time.Duration, func(context.Context) error) {
	p.latecomer = true
	s := segment.DefaultSettings()
	s.Receivers, s.Visibility = 2, w.visibility
	var store drainerStore = p.store()
	if w.sabotage.store != nil {
		store = w.sabotage.store(p, store)
	}
	index := p.index()
	if w.sabotage.index != nil {
		index = w.sabotage.index(p, index)
	}
	var from queue.Receiver = p.queue(q)
	if w.sabotage.queue != nil {
		from = w.sabotage.queue(p, from)
	}
	return w.timeout, func(ctx context.Context) error {
		blocks, err := block.NewReader(store)
		if err != nil {
			return err
		}
		_, err = segment.New(s, segment.Deps{
			Queue: from, Store: store, Index: index, Blocks: blocks, Codec: w.codec, Now: p.now, Log: discard(), NewID: p.newID,
		}).Run(ctx)
		return err
	}
}

// compact is a run of the compact function: the levels have few blocks, so that
// much happens.
func (w *world) compact(p *process, sweeps bool) (time.Duration, func(context.Context) error) {
	policy := compaction.DefaultPolicy()
	for i := range policy.Levels {
		policy.Levels[i].Blocks = 3
	}
	return 5 * time.Minute, func(ctx context.Context) error {
		blocks, err := block.NewReader(p.store())
		if err != nil {
			return err
		}
		_, err = compaction.New(policy, compaction.Deps{Store: p.store(), Index: p.index(), Blocks: blocks, Now: p.now, Log: discard()}).RunAll(ctx)
		if err != nil || !sweeps {
			return err
		}
		settings := sweep.DefaultSettings()
		settings.Retention = 0
		sweeper := sweep.New(settings, sweep.Deps{Store: p.store(), Index: p.index(), Now: p.now, Log: discard()})
		if _, err := sweeper.Orphans(ctx); err != nil {
			return err
		}
		_, err = sweeper.Rows(ctx)
		return err
	}
}

// read asks for everything or for a part of the last hour.
func (w *world) read(p *process) (time.Duration, func(context.Context) error) {
	q := everything(tenants[w.r.IntN(len(tenants))])
	if w.r.IntN(2) == 0 {
		q.to = time.Now().Add(-time.Duration(w.r.Int64N(int64(30 * time.Minute))))
		q.from = q.to.Add(-time.Duration(w.r.Int64N(int64(30 * time.Minute))))
	}
	p.sound = true
	return time.Hour, func(ctx context.Context) error {
		w.ask(ctx, p, q, w.truth.seen(q))
		return nil
	}
}
