package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/pprof/profile"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

const (
	// Each profile is sent once for each of the last rounds intervals, so that
	// there is something to see over time.
	rounds   = 12
	interval = 15 * time.Second
)

// recording is a profile to be sent.
type recording struct {
	service string
	name    string // label __name__
	profile *profile.Profile
}

// load reads the profiles that come with the sources.
func load() ([]recording, error) {
	files, err := fs.Glob(fixtures.Profiles, "*.pb.gz")
	if err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	var all []recording
	for _, file := range files {
		data, err := fixtures.Profiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read profile: %w", err)
		}
		p, err := profile.ParseData(data)
		if err != nil {
			return nil, fmt.Errorf("read profile %s: %w", file, err)
		}
		kind, program, _ := strings.Cut(strings.TrimSuffix(file, ".pb.gz"), "-")
		program, _, _ = strings.Cut(program, "_")
		all = append(all, recording{service: "demo-" + program, name: profileName(kind), profile: p})
	}
	return all, nil
}

// profileName is the name that clients give profiles of a kind.
func profileName(kind string) string {
	switch kind {
	case "cpu":
		return "process_cpu"
	case "mem":
		return "memory"
	}
	return kind
}

// round makes the request that a fleet sends at one time. The rounds take turns
// in coming from two pods.
func round(recorded []recording, i int, at time.Time) (*pushv1.PushRequest, error) {
	request := &pushv1.PushRequest{}
	pod := fmt.Sprintf("pod-%d", i%2)
	for _, r := range recorded {
		p := r.profile
		p.TimeNanos, p.DurationNanos = at.UnixNano(), interval.Nanoseconds()
		var body bytes.Buffer
		if err := p.Write(&body); err != nil {
			return nil, fmt.Errorf("write profile of %s: %w", r.service, err)
		}
		request.Series = append(request.Series, &pushv1.RawProfileSeries{
			Labels: []*typesv1.LabelPair{
				{Name: "__name__", Value: r.name}, {Name: "service_name", Value: r.service}, {Name: "pod", Value: pod},
			},
			Samples: []*pushv1.RawSample{{RawProfile: body.Bytes()}},
		})
	}
	return request, nil
}

// question is what a flame graph can be asked of.
type question struct{ service, profileType string }

// totals are sums of sample values.
type totals map[question]int64

// add adds the values of the recordings.
func (t totals) add(recorded []recording) {
	for _, r := range recorded {
		for i, sampled := range r.profile.SampleType {
			id := strings.Join([]string{
				r.name, sampled.Type, sampled.Unit, r.profile.PeriodType.Type, r.profile.PeriodType.Unit,
			}, ":")
			for _, sample := range r.profile.Sample {
				t[question{r.service, id}] += sample.Value[i]
			}
		}
	}
}

// sorted lists what there are totals of.
func (t totals) sorted() []question {
	return slices.SortedFunc(maps.Keys(t), func(a, b question) int {
		return cmp.Or(strings.Compare(a.service, b.service), strings.Compare(a.profileType, b.profileType))
	})
}

func (t totals) services() []string {
	var all []string
	for _, q := range t.sorted() {
		all = append(all, q.service)
	}
	return slices.Compact(all)
}

func (t totals) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  service\tprofile type\ttotal")
	for _, q := range t.sorted() {
		fmt.Fprintf(table, "  %s\t%s\t%d\n", q.service, q.profileType, t[q])
	}
	table.Flush()
}
