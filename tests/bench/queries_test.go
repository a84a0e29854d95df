package bench

import (
	"fmt"
	"time"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

// Profile types of the queries.
const (
	cpuType        = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
	allocSpaceType = "memory:alloc_space:bytes:space:bytes"
	inuseSpaceType = "memory:inuse_space:bytes:space:bytes"
	goroutineType  = "goroutine:goroutine:count:goroutine:count"
	mutexDelayType = "mutex:delay:nanoseconds:contentions:count"
)

// question is a query, ready to be asked.
type question struct {
	name      string
	procedure string
	body      []byte
}

// message is what all requests of the API are.
type message interface{ MarshalVT() ([]byte, error) }

// target is what queries refer to: all services, one, or a pod of it.
type target struct {
	start, end   time.Time // of the data
	interval     time.Duration
	service, pod string
}

// asking collects questions of one time range that ends with the data.
type asking struct {
	target
	start, end int64 // Unix milliseconds
	length     time.Duration
	questions  []question
	err        error
}

// standard is the query set that the comparison with Pyroscope uses; it
// resembles what the user interface does in a range of that length.
func standard(t target, length time.Duration) ([]question, error) {
	a := &asking{target: t, length: length, end: t.end.UnixMilli()}
	a.start = a.end - length.Milliseconds()
	one := fmt.Sprintf("{service_name=%q}", t.service)
	a.aboutLabels(one)
	a.overTime(one)
	a.flameGraphs(one)
	a.add("merge_profile/cpu/service", querierv1connect.QuerierServiceSelectMergeProfileProcedure, a.profile(one))
	a.add("merge_profile/cpu/all", querierv1connect.QuerierServiceSelectMergeProfileProcedure, a.profile("{}"))
	a.diff(one)
	return a.questions, a.err
}

func (a *asking) add(name, procedure string, m message) {
	body, err := m.MarshalVT()
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("marshal query %s: %w", name, err)
	}
	a.questions = append(a.questions, question{name, procedure, body})
}

func (a *asking) aboutLabels(one string) {
	s, e := a.start, a.end
	a.add("profile_types", querierv1connect.QuerierServiceProfileTypesProcedure, &querierv1.ProfileTypesRequest{Start: s, End: e})
	names := querierv1connect.QuerierServiceLabelNamesProcedure
	a.add("label_names", names, &typesv1.LabelNamesRequest{Start: s, End: e})
	a.add("label_names/service", names, &typesv1.LabelNamesRequest{Start: s, End: e, Matchers: []string{one}})
	values := querierv1connect.QuerierServiceLabelValuesProcedure
	a.add("label_values/service_name", values, &typesv1.LabelValuesRequest{Start: s, End: e, Name: "service_name"})
	a.add("label_values/pod/service", values, &typesv1.LabelValuesRequest{Start: s, End: e, Name: "pod", Matchers: []string{one}})
	series := querierv1connect.QuerierServiceSeriesProcedure
	a.add("series/services_and_types", series, &querierv1.SeriesRequest{Start: s, End: e, LabelNames: []string{"service_name", "__profile_type__"}})
	a.add("series/service", series, &querierv1.SeriesRequest{Start: s, End: e, Matchers: []string{one}})
}

// points is about how many points a dashboard shows.
const points = 240

// step is the resolution that a dashboard would choose, a multiple of the
// interval, in seconds.
func (a *asking) step() float64 {
	i := int64(a.interval / time.Second)
	return float64(max((int64(a.length/time.Second)/points+i-1)/i*i, i))
}

func (a *asking) overTime(one string) {
	add := func(name, typ, selector string, by ...string) {
		a.add("select_series/"+name, querierv1connect.QuerierServiceSelectSeriesProcedure, &querierv1.SelectSeriesRequest{
			ProfileTypeID: typ, LabelSelector: selector, Start: a.start, End: a.end, GroupBy: by, Step: a.step(),
		})
	}
	add("cpu/service", cpuType, one)
	add("cpu/service/by_pod", cpuType, one, "pod")
	add("cpu/all", cpuType, "{}")
	add("cpu/all/by_service", cpuType, "{}", "service_name")
	add("alloc_space/all/by_service", allocSpaceType, "{}", "service_name")
}

func (a *asking) flameGraphs(one string) {
	add := func(name, typ, selector string) {
		a.add("merge_stacktraces/"+name, querierv1connect.QuerierServiceSelectMergeStacktracesProcedure,
			stackTraces(typ, selector, a.start, a.end))
	}
	add("cpu/service", cpuType, one)
	add("cpu/pod", cpuType, fmt.Sprintf("{service_name=%q, pod=%q}", a.service, a.pod))
	add("cpu/some", cpuType, `{service_name=~".*-0[0-4]"}`)
	add("cpu/all", cpuType, "{}")
	add("inuse_space/service", inuseSpaceType, one)
	add("goroutine/service", goroutineType, one)
	add("mutex_delay/service", mutexDelayType, one)
}

func stackTraces(typ, selector string, start, end int64) *querierv1.SelectMergeStacktracesRequest {
	return &querierv1.SelectMergeStacktracesRequest{ProfileTypeID: typ, LabelSelector: selector, Start: start, End: end}
}

func (a *asking) profile(selector string) message {
	return &querierv1.SelectMergeProfileRequest{ProfileTypeID: cpuType, LabelSelector: selector, Start: a.start, End: a.end}
}

// diff compares the second half of the part of the range that has data with
// the first.
func (a *asking) diff(one string) {
	from := max(a.start, a.target.start.UnixMilli())
	ms := a.interval.Milliseconds()
	middle := from + (a.end-from)/2/ms*ms
	a.add("diff/cpu/service", querierv1connect.QuerierServiceDiffProcedure, &querierv1.DiffRequest{
		Left: stackTraces(cpuType, one, from, middle), Right: stackTraces(cpuType, one, middle, a.end),
	})
}
