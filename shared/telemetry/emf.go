package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Namespace is where CloudWatch files the metrics.
const Namespace = "Pyrocumulus"

// maxEMFValues is the most values that a metric may have on one line of the
// Embedded Metric Format; CloudWatch drops metrics with more.
const maxEMFValues = 100

// Metrics collects the numbers of one invocation, which [Gatherer] writes with those
// of others as a line of CloudWatch's Embedded Metric Format, from which CloudWatch makes
// metrics without a call or an agent. The only dimension is the function:
// every other value of a dimension would be billed as a metric of its own, and
// tenants and label values have no bound. Those are properties, which Logs
// Insights finds.
//
// A nil *Metrics can be used and does nothing. All methods may be called from
// many goroutines.
type Metrics struct {
	w        io.Writer
	function string
	now      func() time.Time

	mu         sync.Mutex
	counters   map[Metric]float64
	values     map[Metric][]float64
	properties map[string]any
}

// NewMetrics returns metrics of one invocation of the named function, to be
// written to w, which on Lambda must be the standard output.
func NewMetrics(w io.Writer, function string, now func() time.Time) *Metrics {
	return &Metrics{w: w, function: function, now: now}
}

// Add adds n to a counter. Nothing is no value: CloudWatch would bill it.
func (m *Metrics) Add(metric Metric, n float64) {
	if m == nil || n == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counters == nil {
		m.counters = make(map[Metric]float64)
	}
	m.counters[metric] += n
}

// Record notes one value of a distribution, from which CloudWatch computes
// percentiles. A metric is either added to or recorded, never both.
func (m *Metrics) Record(metric Metric, value float64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[Metric][]float64)
	}
	m.values[metric] = append(m.values[metric], value)
}

// SetProperty adds a searchable fact that is no metric, like the tenant.
func (m *Metrics) SetProperty(key string, value any) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.properties == nil {
		m.properties = make(map[string]any)
	}
	m.properties[key] = value
}

// Flush writes what was collected and forgets it. It writes one line, more
// only if a metric has more values than fit on one, and none if there are no
// metrics.
func (m *Metrics) Flush() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	values := m.values
	if values == nil {
		values = make(map[Metric][]float64)
	}
	for metric, n := range m.counters {
		values[metric] = append(values[metric], n)
	}
	for len(values) > 0 {
		line := make(map[Metric][]float64, len(values))
		for metric, v := range values {
			n := min(len(v), maxEMFValues)
			line[metric] = v[:n]
			if values[metric] = v[n:]; n == len(v) {
				delete(values, metric)
			}
		}
		if err := m.writeLine(line); err != nil {
			return err
		}
	}
	m.counters, m.values, m.properties = nil, nil, nil
	return nil
}

// Parts of the format, see "Specification: Embedded metric format" in the
// CloudWatch user guide.
type (
	emfMetadata struct {
		Timestamp         int64 // Unix milliseconds
		CloudWatchMetrics []emfDirective
	}
	emfDirective struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []emfDefinition
	}
	emfDefinition struct {
		Name Metric
		Unit string
	}
)

func (m *Metrics) writeLine(values map[Metric][]float64) error {
	directive := emfDirective{Namespace: Namespace, Dimensions: [][]string{{KeyFunction}}}
	line := make(map[string]any, len(m.properties)+len(values)+2)
	maps.Copy(line, m.properties)
	listed := units()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		definition := emfDefinition{name, "None"}
		if unit, ok := listed[name]; ok {
			definition.Unit = unit
		}
		directive.Metrics = append(directive.Metrics, definition)
		if v := values[name]; len(v) == 1 {
			line[string(name)] = v[0]
		} else {
			line[string(name)] = v
		}
	}
	line[KeyFunction] = m.function
	line["_aws"] = emfMetadata{m.now().UnixMilli(), []emfDirective{directive}}
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}
	// One Write, so that lines of concurrent invocations do not mix.
	if _, err := m.w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}
