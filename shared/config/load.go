package config

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Lookup finds an environment variable; os.LookupEnv is one.
type Lookup = func(name string) (value string, ok bool)

// Ingest are the settings of the ingest function. Limits are those that
// Pyroscope has by default.
type Ingest struct {
	LogLevel           slog.Level
	Auth               Auth
	RejectOlderThan    time.Duration
	RejectNewerThan    time.Duration
	IngestionRate      int64 // bytes a second; 0: no limit
	IngestionBurst     int64 // bytes
	MaxBodyBytes       int64
	MaxProfileBytes    int64 // uncompressed
	MaxProfileSamples  int
	MaxSampleLabels    int
	MaxStackDepth      int
	MaxSymbolBytes     int
	MaxLabels          int
	MaxLabelNameBytes  int
	MaxLabelValueBytes int
	MaxSessions        int
	RelabelRules       string // JSON, as are the following
	SampleTypeRules    string
	Sampling           string
}

// Segment are the settings of the segment function.
type Segment struct {
	LogLevel      slog.Level
	FlushInterval time.Duration
	FlushBytes    int64
	DrainTime     time.Duration
	Visibility    time.Duration // three times FlushInterval or more
	Backlog       int           // messages of a queue for each drainer beyond the first
}

// CompactPlan are the settings of the compact-plan function.
type CompactPlan struct {
	LogLevel     slog.Level
	CompactBytes int64         // of the objects that are merged at once
	Retention    time.Duration // 0: for ever
}

// Compact are the settings of the compact function.
type Compact struct {
	LogLevel     slog.Level
	CompactBytes int64         // of the objects that are merged at once
	Retention    time.Duration // 0: for ever
	CompactSums  bool          // sums over time are stored beside the profiles
	JobLease     time.Duration
	JobAttempts  int
}

// Sweep are the settings of the sweep function.
type Sweep struct {
	LogLevel   slog.Level
	SweepDelay time.Duration
	Retention  time.Duration // 0: for ever
}

// Query are the settings of the query function.
type Query struct {
	LogLevel        slog.Level
	Auth            Auth
	MaxNodesDefault int
	MaxNodesMax     int           // at least MaxNodesDefault
	Timeout         time.Duration // of a query
	Retention       time.Duration // 0: for ever
	// Lookback is how far back queries are answered, if that is less than the
	// retention; 0: as far as that.
	Lookback          time.Duration
	InlineBytes       int64 // 0: never without workers
	WorkerBytes       int64
	WorkerBlocks      int
	MaxWorkers        int
	WorkerTimeout     time.Duration // at most Timeout
	Concurrency       int
	TenantConcurrency int // at most Concurrency
	TenantQueries     int
	CacheBytes        int64 // of memory; 0: none
	Results           bool  // whether results of slices of time are kept
}

// QueryWorker are the settings of the query-worker function.
type QueryWorker struct {
	LogLevel    slog.Level
	AnswerBytes int
	CacheBytes  int64 // of memory; 0: none
}

// LoadIngest reads the settings of the ingest function. The error names every
// variable that is wrong, its value and what is allowed.
func LoadIngest(lookup Lookup) (Ingest, error) {
	r := newReader(lookup)
	s := Ingest{
		LogLevel:           r.level(EnvLogLevel),
		Auth:               r.auth(EnvAuth),
		RejectOlderThan:    r.duration(EnvRejectOlderThan),
		RejectNewerThan:    r.duration(EnvRejectNewerThan),
		IngestionRate:      r.bytes(EnvIngestionRate),
		IngestionBurst:     r.bytes(EnvIngestionBurst),
		MaxBodyBytes:       r.bytes(EnvMaxBodyBytes),
		MaxProfileBytes:    r.bytes(EnvMaxProfileBytes),
		MaxProfileSamples:  r.count(EnvMaxProfileSamples),
		MaxSampleLabels:    r.count(EnvMaxSampleLabels),
		MaxStackDepth:      r.count(EnvMaxStackDepth),
		MaxSymbolBytes:     int(r.bytes(EnvMaxSymbolBytes)),
		MaxLabels:          r.count(EnvMaxLabels),
		MaxLabelNameBytes:  int(r.bytes(EnvMaxLabelNameBytes)),
		MaxLabelValueBytes: int(r.bytes(EnvMaxLabelValueBytes)),
		MaxSessions:        r.count(EnvMaxSessions),
		RelabelRules:       r.json(EnvRelabelRules),
		SampleTypeRules:    r.json(EnvSampleTypeRules),
		Sampling:           r.json(EnvSampling),
	}
	return s, r.err()
}

// LoadSegment reads the settings of the segment function, as [LoadIngest] does.
func LoadSegment(lookup Lookup) (Segment, error) {
	r := newReader(lookup)
	s := Segment{
		LogLevel:      r.level(EnvLogLevel),
		FlushInterval: r.duration(EnvFlushInterval),
		FlushBytes:    r.bytes(EnvFlushBytes),
		DrainTime:     r.duration(EnvDrainTime),
		Visibility:    r.duration(EnvVisibility),
		Backlog:       r.count(EnvBacklog),
	}
	if r.err() == nil && s.Visibility < 3*s.FlushInterval {
		r.problem(EnvVisibility, s.Visibility.String(), fmt.Sprintf(
			"at least three times %s (%s), or messages come again before they are stored", EnvFlushInterval, s.FlushInterval))
	}
	return s, r.err()
}

// LoadCompactPlan reads the settings of the compact-plan function, as
// [LoadIngest] does.
func LoadCompactPlan(lookup Lookup) (CompactPlan, error) {
	r := newReader(lookup)
	s := CompactPlan{LogLevel: r.level(EnvLogLevel), CompactBytes: r.bytes(EnvCompactBytes), Retention: r.duration(EnvRetention)}
	return s, r.err()
}

// LoadCompact reads the settings of the compact function, as [LoadIngest] does.
func LoadCompact(lookup Lookup) (Compact, error) {
	r := newReader(lookup)
	s := Compact{
		LogLevel:     r.level(EnvLogLevel),
		CompactBytes: r.bytes(EnvCompactBytes),
		Retention:    r.duration(EnvRetention),
		CompactSums:  r.bool(EnvCompactSums),
		JobLease:     r.duration(EnvJobLease),
		JobAttempts:  r.count(EnvJobAttempts),
	}
	return s, r.err()
}

// LoadSweep reads the settings of the sweep function, as [LoadIngest] does.
func LoadSweep(lookup Lookup) (Sweep, error) {
	r := newReader(lookup)
	s := Sweep{LogLevel: r.level(EnvLogLevel), SweepDelay: r.duration(EnvSweepDelay), Retention: r.duration(EnvRetention)}
	return s, r.err()
}

// LoadQuery reads the settings of the query function, as [LoadIngest] does.
func LoadQuery(lookup Lookup) (Query, error) {
	r := newReader(lookup)
	s := Query{
		LogLevel:        r.level(EnvLogLevel),
		Auth:            r.auth(EnvAuth),
		MaxNodesDefault: r.count(EnvMaxNodesDefault),
		MaxNodesMax:     r.count(EnvMaxNodesMax),
		Timeout:         r.duration(EnvQueryTimeout),
		Retention:       r.duration(EnvRetention),
		Lookback:        r.duration(EnvQueryLookback),
		InlineBytes:     r.bytes(EnvQueryInlineBytes),
		WorkerBytes:     r.bytes(EnvQueryWorkerBytes), WorkerBlocks: r.count(EnvQueryWorkerBlocks),
		MaxWorkers: r.count(EnvQueryMaxWorkers), WorkerTimeout: r.duration(EnvQueryWorkerTimeout),
		Concurrency: r.count(EnvQueryConcurrency), TenantConcurrency: r.count(EnvQueryTenantConcurrency),
		TenantQueries: r.count(EnvQueryTenantQueries),
		CacheBytes:    r.bytes(EnvQueryCacheBytes), Results: r.bool(EnvQueryResults),
	}
	if r.err() == nil && s.WorkerTimeout > s.Timeout {
		r.problem(EnvQueryWorkerTimeout, s.WorkerTimeout.String(), fmt.Sprintf("at most %s (%s)", EnvQueryTimeout, s.Timeout))
	}
	if r.err() == nil && s.TenantConcurrency > s.Concurrency {
		r.problem(EnvQueryTenantConcurrency, fmt.Sprint(s.TenantConcurrency),
			fmt.Sprintf("at most %s (%d)", EnvQueryConcurrency, s.Concurrency))
	}
	if r.err() == nil && s.MaxNodesDefault > s.MaxNodesMax {
		r.problem(EnvMaxNodesDefault, fmt.Sprint(s.MaxNodesDefault),
			fmt.Sprintf("at most %s (%d)", EnvMaxNodesMax, s.MaxNodesMax))
	}
	return s, r.err()
}

// LoadQueryWorker reads the settings of the query-worker function, as
// [LoadIngest] does.
func LoadQueryWorker(lookup Lookup) (QueryWorker, error) {
	r := newReader(lookup)
	s := QueryWorker{LogLevel: r.level(EnvLogLevel), AnswerBytes: int(r.bytes(EnvQueryAnswerBytes)), CacheBytes: r.bytes(EnvQueryCacheBytes)}
	return s, r.err()
}

// reader reads variables by the table and gathers what is wrong with them.
type reader struct {
	lookup    Lookup
	variables map[string]Variable
	problems  []error
}

func newReader(lookup Lookup) *reader {
	r := &reader{lookup: lookup, variables: make(map[string]Variable)}
	for _, v := range Variables() {
		r.variables[v.Name] = v
	}
	return r
}

func (r *reader) err() error { return errors.Join(r.problems...) }

func (r *reader) problem(name, value, allowed string) {
	r.problems = append(r.problems, fmt.Errorf("%s is %q, want %s", name, value, allowed))
}
