package telemetry

import (
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// gatherFor is how long metrics of one process are gathered before they are
// written, which is when an invocation ends. CloudWatch bills each line by its
// bytes, and one for each push would cost more than its line of the log does.
const gatherFor = 10 * time.Second

// Gatherer adds up the metrics of invocations, by tenant, and writes them when an
// invocation ends and the last time was ten seconds ago, or something went wrong for
// which there is an alarm. The rest waits for the next invocation of the process; what
// it holds when Lambda ends the process is not counted.
type Gatherer struct {
	w        io.Writer
	function string
	now      func() time.Time

	mu       sync.Mutex
	written  time.Time
	byTenant map[string]*Metrics // "" for what is nobody's
}

// NewGatherer returns one that writes to w, as [NewMetrics] does.
func NewGatherer(w io.Writer, function string, now func() time.Time) *Gatherer {
	return &Gatherer{w: w, function: function, now: now, byTenant: make(map[string]*Metrics)}
}

// Invocation returns metrics for an invocation, to be given to [Gatherer.Take].
// Those of a nil *Gatherer do nothing.
func (g *Gatherer) Invocation() *Metrics {
	if g == nil {
		return nil
	}
	return NewMetrics(g.w, g.function, g.now)
}

// Take takes the metrics of an invocation that has ended, and writes what is due.
func (g *Gatherer) Take(m *Metrics) error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	alarming := g.keep(m)
	now := g.now()
	if len(g.byTenant) == 0 || now.Sub(g.written) < gatherFor && !alarming {
		return nil
	}
	g.written = now
	var errs []error
	for _, tenant := range slices.Sorted(maps.Keys(g.byTenant)) {
		errs = append(errs, g.byTenant[tenant].Flush())
	}
	clear(g.byTenant)
	return errors.Join(errs...)
}

// keep adds metrics to what is gathered, and reports whether an alarm should ring.
func (g *Gatherer) keep(m *Metrics) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.counters)+len(m.values) == 0 {
		return false
	}
	tenant, _ := m.properties[KeyTenant].(string)
	if kept := g.byTenant[tenant]; kept != nil {
		kept.add(m)
	} else {
		g.byTenant[tenant] = m
	}
	return m.counters[MetricServerErrors]+m.counters[MetricMessagesPoisoned]+m.counters[MetricJobsParked] > 0
}

// add adds the metrics of another invocation for the same tenant, of which the
// line then tells no request id.
func (m *Metrics) add(other *Metrics) {
	for metric, n := range other.counters {
		m.Add(metric, n)
	}
	for metric, values := range other.values {
		for _, v := range values {
			m.Record(metric, v)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.properties, KeyRequestID)
}
