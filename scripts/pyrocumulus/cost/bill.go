package cost

import "math"

// What the code was measured to need; the commands are in
// tests/bench/RESULTS.md. CPU is that of a 2 GHz-class x86 server core, and a
// vCPU of Lambda on arm64 is taken for as fast, which nobody has measured.
const (
	ingestCPU     = 0.00058 // seconds for each profile, decode to message
	segmentCPU    = 0.00042 // for each profile
	mergeCPU      = 0.00016 // for each profile, two levels of 0.00008
	storedBytes   = 342.0   // for each profile, merged
	fullSegment   = 1045.0  // profiles of this corpus, a flush of 16 MiB
	messageFactor = 16155.0 / 15901 * 4 / 3
	// The flame graph of 24,000 profiles, an hour of 100 pods, took 0.069 s, and
	// that of the 1,200 of one service 0.005.
	queryCPU     = 0.069 / 24000 // seconds for each profile in the range
	queryCPUBase = 0.005
)

// What was not measured but assumed: nothing has run in an AWS account yet.
const (
	eventCPU           = 0.0003 // seconds an invocation spends on the event itself
	sendWait           = 0.010  // seconds ingest waits for SQS
	vCPUMegabytes      = 1769.0 // memory that comes with one vCPU (AWS)
	fullDrainer        = 0.75   // of a drainer's vCPU, before another is needed
	drainSeconds       = 55.0   // that a drainer runs in each minute
	idleLookSeconds    = 2.2    // of a run that finds nothing
	queryWait          = 0.15   // seconds of index and store round trips
	messagesPerReceive = 8.0    // of ten at most
	sqsUnit            = 64 << 10
	gatewayUnit        = 512 << 10
	queryBlocks        = 8.0 // that a query of a day reads, with compaction
)

// Line is a line of the bill.
type Line struct {
	Name  string  `json:"name"`
	USD   float64 `json:"usd"`
	Basis string  `json:"basis"`
}

// Bill is what a month costs.
type Bill struct {
	Lines []Line  `json:"lines"`
	Total float64 `json:"totalUsd"`
}

func (b *Bill) add(name string, usd float64, basis string) {
	b.Lines = append(b.Lines, Line{name, usd, basis})
	b.Total += usd
}

// bill computes the month of a fleet on a deployment.
func bill(p prices, f Fleet, d Deployment) Bill {
	var b Bill
	b.front(p, f, d)
	b.ingest(p, f, d)
	b.queue(p, f)
	segments := b.segment(p, f, d)
	b.compact(p, f, d, segments)
	b.query(p, f, d)
	gb := f.profiles() * storedBytes / 1e9 * float64(f.Days) * 24 / 730
	b.add("S3 storage", tiered(p.s3GBMonth, gb), quantityf("%s GB of merged blocks", gb))
	logs := (f.requests() + monthSeconds/60*4) * float64(d.LogBytes) / 1e9
	metrics := float64(d.Metrics)
	if f.Pods == 0 && f.Queries == 0 {
		metrics = 0 // nothing is counted
	}
	b.add("CloudWatch", logs*p.logsGB+metrics*p.metricMonth+float64(d.Alarms)*p.alarmMonth,
		quantityf("%s GB of logs, metrics, alarms", logs))
	return b
}

// lambda is what invocations of some seconds each cost.
func lambda(p prices, invocations, seconds float64, megabytes int) float64 {
	return invocations*p.lambdaRequest + tiered(p.lambdaGBSecond, invocations*seconds*float64(megabytes)/1024)
}

// elapsed is how long CPU work takes at the share of a vCPU that comes with
// the memory.
func elapsed(cpu float64, megabytes int) float64 {
	return cpu / math.Min(1, float64(megabytes)/vCPUMegabytes)
}

func (b *Bill) front(p prices, f Fleet, d Deployment) {
	if d.FunctionURL {
		b.add("Function URL", 0, "no price of its own")
		return
	}
	units := f.requests() * math.Ceil(float64(f.Pack*f.Bytes)/gatewayUnit)
	queries := float64(f.Queries) * 730 / 24
	b.add("API Gateway", tiered(p.httpAPIRequest, units+queries), quantityf("%s requests", units+queries))
}

func (b *Bill) ingest(p prices, f Fleet, d Deployment) {
	seconds := sendWait + elapsed(eventCPU+ingestCPU*float64(f.Pack), d.IngestMB)
	b.add("Lambda ingest", lambda(p, f.requests(), seconds, d.IngestMB),
		quantityf("%s ms each", seconds*1000))
}

// queue: a send carries up to ten messages of a request, a receive and a
// delete up to ten of any; each 64 KB of a call is a request of its own.
func (b *Bill) queue(p prices, f Fleet) {
	message := float64(f.Bytes) * messageFactor
	calls := func(n float64) float64 { return math.Ceil(n * message / sqsUnit) }
	full, rest := f.Pack/10, f.Pack%10
	sends := float64(full) * calls(10)
	if rest > 0 {
		sends += calls(float64(rest))
	}
	batches := f.profiles() / messagesPerReceive
	requests := f.requests()*sends + batches*calls(messagesPerReceive) + batches + monthSeconds/60
	b.add("SQS FIFO", requests*p.sqsFIFORequest, quantityf("%s requests of 64 KB", requests))
}

// segment returns how many segments are written.
func (b *Bill) segment(p prices, f Fleet, d Deployment) float64 {
	perSecond := f.profiles() / monthSeconds
	drainers := math.Max(1, math.Ceil(perSecond*segmentCPU/fullDrainer))
	seconds := drainSeconds
	segments := math.Max(drainers*monthSeconds/d.FlushSeconds, f.profiles()/fullSegment)
	if f.Pods == 0 {
		seconds, segments = idleLookSeconds, 0
	}
	runs := drainers * monthSeconds / 60
	b.add("Lambda segment", lambda(p, runs, seconds, d.segmentMB(perSecond)),
		quantityf("%s drainers of %s MB", drainers, float64(d.segmentMB(perSecond))))
	b.add("S3 requests, writing", segments*1.15*p.s3Put+segments*1.15*2*p.s3Get, quantityf("%s segments", segments))
	// A row of up to 1 KB, its later part in a transaction (4) and its deletion.
	b.add("DynamoDB", segments*6*p.dynamoWrite, quantityf("%s write units", segments*6))
	return segments
}

func (b *Bill) compact(p prices, f Fleet, d Deployment, segments float64) {
	work := elapsed(f.profiles()*mergeCPU+segments*0.02, d.CompactMB)
	const looks = monthSeconds / 60 * 2 // plan and sweep
	cost := lambda(p, looks, 0.1, d.CompactMB) + lambda(p, segments/10, 0, d.CompactMB) +
		tiered(p.lambdaGBSecond, work*float64(d.CompactMB)/1024)
	b.add("Lambda compact", cost, quantityf("%s CPU hours", work/3600))
}

func (b *Bill) query(p prices, f Fleet, d Deployment) {
	n := float64(f.Queries) * 730 / 24
	ofService := float64(f.Pods) / float64(f.Services) * f.Range.Seconds() / f.Interval.Seconds()
	cpu := queryCPUBase + queryCPU*ofService
	blocks := math.Max(1, queryBlocks*f.Range.Hours()/24)
	cost := lambda(p, n, queryWait+elapsed(cpu, d.QueryMB), d.QueryMB) + n*(blocks*3*p.s3Get+8*p.dynamoRead)
	b.add("query (Lambda, S3, DynamoDB)", cost, quantityf("%s queries of one service", n))
}
