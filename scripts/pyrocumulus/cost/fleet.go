package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// A month is 730 hours, as in AWS's own price examples.
const monthSeconds = 730 * 3600

// Fleet is what is profiled, and how it is asked about.
type Fleet struct {
	Services int           // apart from each other in segments
	Pods     int           // processes that send profiles
	Interval time.Duration // between the profiles of one kind of a pod
	Types    int           // profiles that a pod sends in each interval
	Pack     int           // profiles in one HTTP request; 1 is what stock SDKs and Alloy do
	Bytes    int           // of a profile as it is sent, gzip
	Queries  int           // a day, from dashboards and people
	Range    time.Duration // that a query covers
	Days     int           // that raw profiles are kept
}

// MarshalJSON writes times as seconds.
func (f Fleet) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Services int     `json:"services"`
		Pods     int     `json:"pods"`
		Interval float64 `json:"intervalSeconds"`
		Types    int     `json:"types"`
		Pack     int     `json:"pack"`
		Bytes    int     `json:"bytes"`
		Queries  int     `json:"queriesPerDay"`
		Range    float64 `json:"rangeSeconds"`
		Days     int     `json:"retentionDays"`
	}{f.Services, f.Pods, f.Interval.Seconds(), f.Types, f.Pack, f.Bytes, f.Queries, f.Range.Seconds(), f.Days})
}

// Deployment is what of the stack's configuration changes the bill.
type Deployment struct {
	FunctionURL  bool // in front instead of an HTTP API
	IngestMB     int
	SegmentMB    int // 0: by the load
	CompactMB    int
	QueryMB      int
	FlushSeconds float64
	LogBytes     int // for each invocation; a test measures it
	Alarms       int
	Metrics      int // that functions write while there are profiles
}

// ownMetrics is how many metrics of our own, of one function each, there are.
func ownMetrics() int {
	all := make(map[monitoring.Metric]bool)
	for _, row := range monitoring.Rows(deployment.Default()) {
		for _, g := range row.Graphs {
			for _, m := range g.Metrics {
				if m.Namespace == monitoring.Own {
					all[monitoring.Metric{Name: m.Name, Of: m.Of}] = true
				}
			}
		}
	}
	return len(all)
}

// defaultDeployment is what infra/ deploys when nothing is configured.
func defaultDeployment() Deployment {
	return Deployment{
		IngestMB: 256, CompactMB: 1769, QueryMB: 1769, FlushSeconds: 10,
		LogBytes: 275, Alarms: len(monitoring.Alarms(deployment.Default())), Metrics: ownMetrics(),
	}
}

// segmentMB is the memory of a drainer. One that gathers while it writes was
// seen to use 374 MiB; more memory is bought for its share of a vCPU.
func (d Deployment) segmentMB(profilesPerSecond float64) int {
	const least = 512
	switch share := least / vCPUMegabytes; {
	case d.SegmentMB > 0:
		return d.SegmentMB
	case profilesPerSecond*segmentCPU < fullDrainer*share:
		return least
	}
	return vCPUMegabytes
}

func (f Fleet) validate() error {
	var problems []error
	need := func(ok bool, flag, what string) {
		if !ok {
			problems = append(problems, fmt.Errorf("-%s: want %s", flag, what))
		}
	}
	need(f.Services >= 1, "services", "1 or more")
	need(f.Pods >= 0, "pods", "0 or more")
	need(f.Interval >= time.Second, "interval", "1s or more")
	need(f.Types >= 1, "types", "1 or more")
	need(f.Pack >= 1, "pack", "1 or more")
	need(f.Bytes >= 1 && f.Bytes <= 4<<20, "bytes", "1 to 4194304")
	need(f.Queries >= 0, "queries", "0 or more")
	need(f.Range > 0, "range", "more than 0")
	need(f.Days >= 1, "days", "1 or more")
	if len(problems) == 0 && f.Pack*f.Bytes > 4<<20 {
		problems = append(problems, fmt.Errorf("-pack: %d profiles of %d bytes are %d, more than one request may carry (4 MiB)",
			f.Pack, f.Bytes, f.Pack*f.Bytes))
	}
	return errors.Join(problems...)
}

// profiles is how many are sent in a month.
func (f Fleet) profiles() float64 {
	return float64(f.Pods*f.Types) * monthSeconds / f.Interval.Seconds()
}

// requests is how many HTTP requests carry them.
func (f Fleet) requests() float64 { return f.profiles() / float64(f.Pack) }
