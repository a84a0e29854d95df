package monitoring

import (
	"slices"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Unit is that of the values of a graph.
type Unit int

// The units.
const (
	Count Unit = iota
	Seconds
	Milliseconds
	Bytes
)

// Graph is one graph of a dashboard.
type Graph struct {
	Title   string
	Means   string // what to look for
	Unit    Unit
	Metrics []Metric
	// GBSeconds multiplies the metrics, milliseconds of functions, with the
	// memory of their function.
	GBSeconds bool
	// Console has the graph on the dashboard of CloudWatch as well, of which
	// those with up to 50 metrics cost nothing.
	Console bool
}

// Row is a step on the way of a profile.
type Row struct {
	Title  string
	Graphs []Graph
	Logs   []Log
}

// Rows are the graphs on the way of a profile: in, waiting, stored, merged,
// asked for, and what all of it costs and says.
func Rows(c deployment.Config) []Row {
	return []Row{in(), waiting(c), stored(), merged(), asked(), answered(c), paid(c), told()}
}

func in() Row {
	m := func(name telemetry.Metric) Metric { return own(deployment.Ingest, name, "Sum") }
	return Row{Title: "In: pushes", Graphs: []Graph{
		{Title: "Profiles in", Means: "Profiles that arrived, those that are safe in the queue, and those that were refused by a limit or as malformed.", Console: true,
			Metrics: []Metric{m(telemetry.MetricProfilesIn), m(telemetry.MetricProfilesOut), m(telemetry.MetricProfilesRejected)}},
		{Title: "Pushes refused", Means: "Requests: for the caller's fault (4xx), for now (429, 503), for ours (5xx). Limits that could not be counted let the push through.",
			Metrics: []Metric{m(telemetry.MetricCallerErrors), m(telemetry.MetricBusyErrors), m(telemetry.MetricServerErrors), m(telemetry.MetricRateLimitFailures)}},
		{Title: "Bytes of profiles in", Means: "pprof, uncompressed.", Unit: Bytes, Metrics: []Metric{m(telemetry.MetricProfileBytes)}},
	}, Logs: []Log{tenants()}}
}

func waiting(c deployment.Config) Row {
	profiles := ProfileQueues(c)
	var dead []Metric
	for _, id := range append(slices.Clone(profiles), QueueJobs) {
		dead = append(dead, ofQueue(id+DeadLetters, visible, "Maximum"))
	}
	segment := func(name telemetry.Metric, statistic string) Metric { return own(deployment.Segment, name, statistic) }
	return Row{Title: "Waiting: queues and drainers", Graphs: []Graph{
		{Title: "Age of the oldest profile in the queue, s", Means: "Above a minute drainers fail or are too few.", Unit: Seconds, Console: true,
			Metrics: ofQueues(profiles, oldest, "Maximum")},
		{Title: "Waiting messages and jobs", Means: "It should fall to nothing between two bursts.", Console: true,
			Metrics: append(ofQueues(profiles, visible, "Average"), ofQueue(QueueJobs, visible, "Average"))},
		{Title: "Dead letters", Means: "Should be none: pyrocumulus redrive.", Metrics: dead},
		{Title: "Drainers at once", Means: "As many as there are schedules at most: more start when messages wait.",
			Metrics: []Metric{{Lambda, "ConcurrentExecutions", deployment.Segment, "Maximum", five}}},
		{Title: "Messages", Means: "Received by drainers; duplicates were stored already, poisoned ones cannot be read.",
			Metrics: []Metric{segment(telemetry.MetricMessagesReceived, "Sum"), segment(telemetry.MetricMessagesDuplicated, "Sum"), segment(telemetry.MetricMessagesPoisoned, "Sum")}},
		{Title: "From push to block, ms", Means: "How long messages waited, and how long writing a block took.", Unit: Milliseconds,
			Metrics: []Metric{segment(telemetry.MetricQueueDelay, "p50"), segment(telemetry.MetricQueueDelay, "p99"), segment(telemetry.MetricFlushDuration, "p99")}},
	}}
}

func stored() Row {
	table := func(name string) Metric { return ofTable(TableIndex, name) }
	return Row{Title: "Stored: blocks and index", Graphs: []Graph{
		{Title: "Segments and merges", Means: "Blocks that drainers and merging wrote.", Console: true,
			Metrics: []Metric{own(deployment.Segment, telemetry.MetricSegments, "Sum"), own(deployment.Compact, telemetry.MetricJobsDone, "Sum")}},
		{Title: "Bytes of segments", Unit: Bytes, Metrics: []Metric{own(deployment.Segment, telemetry.MetricSegmentBytes, "Sum")}},
		{Title: "Index: capacity units", Means: "What the table of blocks is read and written.", Metrics: []Metric{table("ConsumedReadCapacityUnits"), table("ConsumedWriteCapacityUnits")}},
		{Title: "Index: throttled", Means: "Should be none: a table on demand doubles its peak within half an hour.", Metrics: []Metric{table("ReadThrottleEvents"), table("WriteThrottleEvents")}},
	}}
}

func merged() Row {
	m := func(name telemetry.Metric) Metric { return own(deployment.Compact, name, "Sum") }
	return Row{Title: "Merged: jobs", Graphs: []Graph{
		{Title: "Jobs", Means: "Planned, done, dropped because their sources were replaced, and failed ones that come again.",
			Metrics: []Metric{own(deployment.CompactPlan, telemetry.MetricJobsPlanned, "Sum"), m(telemetry.MetricJobsDone), m(telemetry.MetricJobsStale), m(telemetry.MetricJobsFailed)}},
		{Title: "Jobs set aside", Means: "Failed too often: their blocks stay as they are for a week.", Metrics: []Metric{m(telemetry.MetricJobsParked)}},
		{Title: "Age of the oldest job, s", Means: "Merging lags: queries get dearer, nothing is lost.", Unit: Seconds, Metrics: []Metric{ofQueue(QueueJobs, oldest, "Maximum")}},
	}}
}

func asked() Row {
	m := func(name telemetry.Metric) Metric { return own(deployment.Query, name, "Sum") }
	took := func(statistic string) Metric { return Metric{Lambda, "Duration", deployment.Query, statistic, five} }
	return Row{Title: "Asked for: queries", Graphs: []Graph{
		{Title: "Queries", Means: "That read blocks; refused because their tenant has too many under way; answered without some blocks.", Console: true,
			Metrics: []Metric{m(telemetry.MetricQueries), m(telemetry.MetricQueriesRefused), m(telemetry.MetricPartialAnswers)}},
		{Title: "Latency of queries, ms", Means: "Of the function; the API adds some milliseconds.", Unit: Milliseconds, Metrics: []Metric{took("p50"), took("p99")}},
		{Title: "Errors of queries", Means: "For the caller's fault (4xx), for now (429, 503), for ours (5xx).",
			Metrics: []Metric{m(telemetry.MetricCallerErrors), m(telemetry.MetricBusyErrors), m(telemetry.MetricServerErrors)}},
		{Title: "Bytes of blocks that queries read", Unit: Bytes, Console: true, Metrics: []Metric{m(telemetry.MetricBlockBytesRead)}},
		{Title: "Query workers", Means: "Requests to them, second tries, and queries that began again because a block was swept.",
			Metrics: []Metric{m(telemetry.MetricQueryWorkers), m(telemetry.MetricQueryRetries), m(telemetry.MetricQueryReplans)}},
		{Title: "Caches of queries", Means: "Reads that a cache answered, slices of time, and those whose results were kept.",
			Metrics: []Metric{m(telemetry.MetricCacheHits), m(telemetry.MetricQuerySlices), m(telemetry.MetricSliceHits)}},
	}, Logs: []Log{slowQueries()}}
}

func answered(c deployment.Config) Row {
	return Row{Title: "Answered: API and functions", Graphs: []Graph{
		{Title: "Answers of the API", Console: true, Metrics: []Metric{ofAPI("Count", "Sum"), ofAPI("4xx", "Sum"), ofAPI("5xx", "Sum")}},
		{Title: "Latency of the API, ms", Unit: Milliseconds, Console: true, Metrics: []Metric{ofAPI("Latency", "p50"), ofAPI("Latency", "p99")}},
		{Title: "Duration of functions, ms", Unit: Milliseconds, Console: true, Metrics: ofFunctions(c, "Duration", "Average")},
		{Title: "Errors", Means: "Invocations that failed, by function.", Console: true, Metrics: ofFunctions(c, "Errors", "Sum")},
		{Title: "Throttles", Means: "Invocations for which there was no concurrency.", Console: true, Metrics: ofFunctions(c, "Throttles", "Sum")},
	}}
}

func paid(c deployment.Config) Row {
	return Row{Title: "Paid for", Graphs: []Graph{
		{Title: "Requests of the API", Means: "Each is paid for, and begins an invocation.", Metrics: []Metric{ofAPI("Count", "Sum")}},
		{Title: "Invocations", Metrics: ofFunctions(c, "Invocations", "Sum")},
		{Title: "GB-seconds", Means: "Duration times memory, of which Lambda makes the bill.", Metrics: ofFunctions(c, "Duration", "Sum"), GBSeconds: true},
		{Title: "Messages sent", Means: "SQS counts requests of 64 KB.", Metrics: append(ofQueues(ProfileQueues(c), "NumberOfMessagesSent", "Sum"), ofQueue(QueueJobs, "NumberOfMessagesSent", "Sum"))},
		{Title: "Requests to the object store by queries", Means: "Those of their workers as well.",
			Metrics: []Metric{own(deployment.Query, telemetry.MetricStoreRequests, "Sum")}},
		{Title: "Records: capacity units", Means: "Tokens, limits, leases.", Metrics: []Metric{ofTable(TableRecords, "ConsumedReadCapacityUnits"), ofTable(TableRecords, "ConsumedWriteCapacityUnits")}},
	}}
}

func told() Row { return Row{Title: "Told: logs", Logs: []Log{complaints()}} }

// Line is where a graph is crossed when an alarm rings.
type Line struct {
	Above  float64
	Alarms []string // their ids
}

// Lines are the thresholds of the alarms on the metrics of a graph, each once.
func (g Graph) Lines(alarms []Alarm) []Line {
	var lines []Line
	for _, a := range alarms {
		if g.GBSeconds || !slices.Contains(g.Metrics, a.Metric) {
			continue
		}
		if i := slices.IndexFunc(lines, func(l Line) bool { return l.Above == a.Above }); i >= 0 {
			lines[i].Alarms = append(lines[i].Alarms, a.ID)
			continue
		}
		lines = append(lines, Line{a.Above, []string{a.ID}})
	}
	return lines
}
