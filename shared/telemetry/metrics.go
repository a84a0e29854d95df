package telemetry

// Metric is the name of a metric in CloudWatch. All of them stand here; a
// metric is counted by the function that is its dimension. CloudWatch bills each
// in each hour that it has values, so there is none that infra/monitoring does not
// show: what else is of interest stands in the lines of the log.
type Metric string

// Metrics of every function, written by its host. Invocations and their duration
// are counted by Lambda, for nothing.
const (
	MetricCallerErrors Metric = "CallerErrors"
	MetricBusyErrors   Metric = "BusyErrors"
	MetricServerErrors Metric = "ServerErrors"
)

// Metrics of the way in.
const (
	MetricProfilesIn         Metric = "ProfilesIn"
	MetricProfilesOut        Metric = "ProfilesOut"
	MetricProfilesRejected   Metric = "ProfilesRejected"
	MetricProfileBytes       Metric = "ProfileBytes"
	MetricRateLimitFailures  Metric = "RateLimitFailures"
	MetricMessagesReceived   Metric = "MessagesReceived"
	MetricMessagesDuplicated Metric = "MessagesDuplicated"
	MetricMessagesPoisoned   Metric = "MessagesPoisoned"
	MetricSegments           Metric = "Segments"
	MetricSegmentBytes       Metric = "SegmentBytes"
	MetricFlushDuration      Metric = "FlushDuration"
	MetricQueueDelay         Metric = "QueueDelay"
)

// Metrics of compaction.
const (
	MetricJobsPlanned Metric = "JobsPlanned"
	MetricJobsDone    Metric = "JobsDone"
	MetricJobsStale   Metric = "JobsStale"
	MetricJobsFailed  Metric = "JobsFailed"
	MetricJobsParked  Metric = "JobsParked"
)

// Metrics of the way out.
const (
	MetricQueries        Metric = "Queries"
	MetricBlockBytesRead Metric = "BlockBytesRead"
	MetricStoreRequests  Metric = "StoreRequests"
	MetricCacheHits      Metric = "CacheHits"
	MetricQuerySlices    Metric = "QuerySlices"
	MetricSliceHits      Metric = "QuerySliceHits"
	MetricQueryWorkers   Metric = "QueryWorkers"
	MetricQueryRetries   Metric = "QueryRetries"
	MetricQueryReplans   Metric = "QueryReplans"
	MetricQueriesRefused Metric = "QueriesTurnedAway"
	MetricPartialAnswers Metric = "PartialAnswers"
)

// MetricInfo says what a metric means.
type MetricInfo struct {
	Name    Metric
	Unit    string // as CloudWatch spells it
	Meaning string // one line
}

// MetricInfos lists all metrics, for dashboards and documentation.
func MetricInfos() []MetricInfo {
	const count, bytes, ms = "Count", "Bytes", "Milliseconds"
	return []MetricInfo{
		{MetricCallerErrors, count, "requests refused for the caller's fault (4xx but 429)"},
		{MetricBusyErrors, count, "requests turned away for now (429, 503)"},
		{MetricServerErrors, count, "requests or events that failed for our fault (other 5xx)"},

		{MetricProfilesIn, count, "profiles that arrived at the function"},
		{MetricProfilesOut, count, "profiles that the function made durable for the next one"},
		{MetricProfilesRejected, count, "profiles refused by a limit or as malformed"},
		{MetricProfileBytes, bytes, "pprof bytes of profiles, uncompressed"},
		{MetricRateLimitFailures, count, "times that the record store could not count a push for the rate limit, so that it was let through"},
		{MetricMessagesReceived, count, "queue messages received"},
		{MetricMessagesDuplicated, count, "redelivered messages that were found stored already"},
		{MetricMessagesPoisoned, count, "messages that cannot be read, put aside under poison/"},
		{MetricSegments, count, "segments written"},
		{MetricSegmentBytes, bytes, "bytes of the segments written"},
		{MetricFlushDuration, ms, "time that a flush took: objects, index rows, deletion of messages"},
		{MetricQueueDelay, ms, "time that a message waited on the queue, the longest of each flush"},

		{MetricJobsPlanned, count, "compaction jobs put on the queue, those among them that are there already"},
		{MetricJobsDone, count, "compaction jobs done"},
		{MetricJobsStale, count, "compaction jobs dropped because their sources were replaced meanwhile"},
		{MetricJobsFailed, count, "attempts at compaction jobs that failed and come again"},
		{MetricJobsParked, count, "compaction jobs set aside after too many attempts: to be looked at"},

		{MetricQueries, count, "queries that read blocks"},
		{MetricBlockBytesRead, bytes, "bytes of blocks that queries read"},
		{MetricStoreRequests, count, "requests to the object store that queries made"},
		{MetricCacheHits, count, "reads of queries that a cache answered"},
		{MetricQuerySlices, count, "slices of time into which queries were cut"},
		{MetricSliceHits, count, "slices whose results were kept from before"},
		{MetricQueryWorkers, count, "requests to query workers, second tries included"},
		{MetricQueryRetries, count, "second tries of workers that failed or were late"},
		{MetricQueryReplans, count, "queries planned once more because a block was swept meanwhile"},
		{MetricQueriesRefused, count, "queries refused because too many of their tenant were under way"},
		{MetricPartialAnswers, count, "queries answered without some of their blocks"},
	}
}

// units returns the unit of each listed metric.
func units() map[Metric]string {
	infos := MetricInfos()
	byName := make(map[Metric]string, len(infos))
	for _, info := range infos {
		byName[info.Name] = info.Unit
	}
	return byName
}
