package config

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Names of the environment variables.
const (
	EnvLogLevel           = "PYROCUMULUS_LOG_LEVEL"
	EnvAuth               = "PYROCUMULUS_AUTH"
	EnvRejectOlderThan    = "PYROCUMULUS_REJECT_OLDER_THAN"
	EnvRejectNewerThan    = "PYROCUMULUS_REJECT_NEWER_THAN"
	EnvIngestionRate      = "PYROCUMULUS_INGESTION_RATE"
	EnvIngestionBurst     = "PYROCUMULUS_INGESTION_BURST"
	EnvMaxBodyBytes       = "PYROCUMULUS_MAX_BODY_BYTES"
	EnvMaxProfileBytes    = "PYROCUMULUS_MAX_PROFILE_BYTES"
	EnvMaxProfileSamples  = "PYROCUMULUS_MAX_PROFILE_SAMPLES"
	EnvMaxSampleLabels    = "PYROCUMULUS_MAX_SAMPLE_LABELS"
	EnvMaxStackDepth      = "PYROCUMULUS_MAX_STACK_DEPTH"
	EnvMaxSymbolBytes     = "PYROCUMULUS_MAX_SYMBOL_BYTES"
	EnvMaxLabels          = "PYROCUMULUS_MAX_LABELS"
	EnvMaxLabelNameBytes  = "PYROCUMULUS_MAX_LABEL_NAME_BYTES"
	EnvMaxLabelValueBytes = "PYROCUMULUS_MAX_LABEL_VALUE_BYTES"
	EnvMaxSessions        = "PYROCUMULUS_MAX_SESSIONS_PER_SERIES"
	EnvRelabelRules       = "PYROCUMULUS_RELABEL_RULES"
	EnvSampleTypeRules    = "PYROCUMULUS_SAMPLE_TYPE_RULES"
	EnvSampling           = "PYROCUMULUS_SAMPLING"
	EnvFlushInterval      = "PYROCUMULUS_FLUSH_INTERVAL"
	EnvFlushBytes         = "PYROCUMULUS_FLUSH_BYTES"
	EnvDrainTime          = "PYROCUMULUS_DRAIN_TIME"
	EnvVisibility         = "PYROCUMULUS_VISIBILITY"
	EnvBacklog            = "PYROCUMULUS_BACKLOG"
	EnvCompactBytes       = "PYROCUMULUS_COMPACT_BYTES"
	EnvCompactSums        = "PYROCUMULUS_COMPACT_SUMS"
	EnvJobLease           = "PYROCUMULUS_JOB_LEASE"
	EnvJobAttempts        = "PYROCUMULUS_JOB_ATTEMPTS"
	EnvSweepDelay         = "PYROCUMULUS_SWEEP_DELAY"
	EnvRetention          = "PYROCUMULUS_RETENTION"
	EnvMaxNodesDefault    = "PYROCUMULUS_MAX_NODES_DEFAULT"
	EnvMaxNodesMax        = "PYROCUMULUS_MAX_NODES_MAX"

	EnvQueryTimeout           = "PYROCUMULUS_QUERY_TIMEOUT"
	EnvQueryLookback          = "PYROCUMULUS_QUERY_LOOKBACK"
	EnvQueryInlineBytes       = "PYROCUMULUS_QUERY_INLINE_BYTES"
	EnvQueryWorkerBytes       = "PYROCUMULUS_QUERY_WORKER_BYTES"
	EnvQueryWorkerBlocks      = "PYROCUMULUS_QUERY_WORKER_BLOCKS"
	EnvQueryMaxWorkers        = "PYROCUMULUS_QUERY_MAX_WORKERS"
	EnvQueryWorkerTimeout     = "PYROCUMULUS_QUERY_WORKER_TIMEOUT"
	EnvQueryConcurrency       = "PYROCUMULUS_QUERY_CONCURRENCY"
	EnvQueryTenantConcurrency = "PYROCUMULUS_QUERY_TENANT_CONCURRENCY"
	EnvQueryTenantQueries     = "PYROCUMULUS_QUERY_TENANT_QUERIES"
	EnvQueryAnswerBytes       = "PYROCUMULUS_QUERY_ANSWER_BYTES"
	EnvQueryCacheBytes        = "PYROCUMULUS_QUERY_CACHE_BYTES"
	EnvQueryResults           = "PYROCUMULUS_QUERY_RESULTS"
)

// Units of variables.
const (
	UnitBool     = "bool"     // true or false
	UnitAuth     = "auth"     // none, header or token: see Auth
	UnitLevel    = "level"    // debug, info, warn or error
	UnitDuration = "duration" // as in Go: 90s, 1h30m
	UnitBytes    = "bytes"    // a whole number, alone or with KiB, MiB or GiB
	UnitCount    = "count"    // a whole number
	UnitJSON     = "json"     // JSON; whoever uses it checks what it says
)

// Variable describes an environment variable.
type Variable struct {
	Name     string
	Default  string // used when the variable is not set or empty
	Unit     string // one of the Unit constants
	Min, Max string // inclusive, in the form of Default; "" for bool, auth and level; of JSON the longest text
	Meaning  string // one line
}

// Variables lists all variables, in the order in which a profile meets them.
func Variables() []Variable {
	const decade = "87600h"
	return []Variable{
		{EnvLogLevel, "info", UnitLevel, "", "", "the least severe log lines to write"},
		{EnvAuth, "none", UnitAuth, "", "", "who says whose a request is: nobody, all data is the tenant anonymous's (none); X-Scope-OrgID, set by a proxy that is trusted (header); the client's token (token)"},

		{EnvRejectOlderThan, "1h", UnitDuration, "1s", decade, "how old a pushed profile may be"},
		{EnvRejectNewerThan, "10m", UnitDuration, "1s", decade, "how far in the future a pushed profile may be"},
		{EnvIngestionRate, "4MiB", UnitBytes, "0", "1024GiB", "how many bytes of profiles, uncompressed, a tenant may push a second; 0 for no limit"},
		{EnvIngestionBurst, "2MiB", UnitBytes, "0", "1024GiB", "how many bytes a tenant may push at once on top of that; one profile of the largest size in any case"},
		{EnvMaxBodyBytes, "64MiB", UnitBytes, "1KiB", "1GiB", "the largest body of a push, as sent and decompressed; AWS Lambda takes 6 MB at most"},
		{EnvMaxProfileBytes, "4MiB", UnitBytes, "1KiB", "256MiB", "the largest profile, uncompressed"},
		{EnvMaxProfileSamples, "16000", UnitCount, "1", "10000000", "the most samples of a profile"},
		{EnvMaxSampleLabels, "100", UnitCount, "1", "10000", "the most labels of a sample"},
		{EnvMaxStackDepth, "1000", UnitCount, "1", "100000", "the deepest stack; of deeper ones the leaves are dropped"},
		{EnvMaxSymbolBytes, "65535", UnitBytes, "64", "1MiB", "the longest name in a profile; of longer ones the beginning is dropped"},
		{EnvMaxLabels, "30", UnitCount, "1", "1000", "the most labels of a series"},
		{EnvMaxLabelNameBytes, "1024", UnitBytes, "1", "64KiB", "the longest label name"},
		{EnvMaxLabelValueBytes, "2048", UnitBytes, "1", "64KiB", "the longest label value"},

		{EnvMaxSessions, "0", UnitCount, "0", "1000", "how many values __session_id__ has in a series at most; 0 to drop it"},
		{EnvRelabelRules, "[]", UnitJSON, "", "16KiB", "rules that change, keep and drop series, as relabel_config in Prometheus"},
		{EnvSampleTypeRules, "[]", UnitJSON, "", "16KiB", "rules of the same form that keep and drop sample types, by __type__, __unit__ and the labels of the series"},
		{EnvSampling, "1", UnitJSON, "", "16KiB", "which share of profiles to keep: a number from 0 to 1, or numbers by service, as in {\"shop\": 0.1, \"*\": 1}"},

		{EnvFlushInterval, "10s", UnitDuration, "100ms", "10m", "how long profiles are gathered before a segment is written"},
		{EnvFlushBytes, "16MiB", UnitBytes, "64KiB", "1GiB", "at how many bytes of messages a segment is written at once"},
		{EnvDrainTime, "55s", UnitDuration, "1s", "14m", "how long a drainer works before it leaves the queue to the next one"},
		{EnvVisibility, "90s", UnitDuration, "1s", "12h", "how long a received message is hidden from other drainers; extended while a flush is slow"},
		{EnvBacklog, "20000", UnitCount, "1", "10000000", "how many messages must wait in a queue for each drainer beyond the first"},

		{EnvCompactBytes, "1GiB", UnitBytes, "1MiB", "4GiB", "how many bytes of blocks one job merges, and so how long it takes; memory does not depend on it"},
		{EnvCompactSums, "true", UnitBool, "", "", "whether merging stores sums over time beside the profiles, from which queries of long ranges are answered; without it blocks are smaller"},
		{EnvJobLease, "2m", UnitDuration, "10s", "12h", "how long a compaction job belongs to a worker that gives no sign of life"},
		{EnvJobAttempts, "5", UnitCount, "1", "100", "how often a compaction job is tried before it is set aside"},
		{EnvSweepDelay, "15m", UnitDuration, "10m", "168h", "how long a merged block's sources are kept; longer than any query takes, and than a message can be hidden"},
		{EnvRetention, "744h", UnitDuration, "0s", decade, "how long profiles are kept; 0s for ever"},

		{EnvMaxNodesDefault, "8192", UnitCount, "1", "100000000", "nodes of a flame graph when the query does not say"},
		{EnvMaxNodesMax, "1048576", UnitCount, "1", "100000000", "the most nodes of a flame graph that a query may ask for"},

		{EnvQueryTimeout, "25s", UnitDuration, "1s", "14m", "how long a query may take; API Gateway waits for 30s"},
		{EnvQueryLookback, "0s", UnitDuration, "0s", decade, "how far back queries are answered, if that is less than the retention; 0s for no bound"},
		{EnvQueryInlineBytes, "64MiB", UnitBytes, "0", "64GiB", "up to how many bytes to read a query is answered without workers; 0 for always with them"},
		{EnvQueryWorkerBytes, "64MiB", UnitBytes, "64KiB", "64GiB", "about how many bytes a query worker is given to read"},
		{EnvQueryWorkerBlocks, "128", UnitCount, "1", "100000", "about how many blocks a query worker is given, and the most of a query without workers"},
		{EnvQueryMaxWorkers, "32", UnitCount, "1", "64", "over how many workers a query is divided at most"},
		{EnvQueryWorkerTimeout, "20s", UnitDuration, "1s", "14m", "how long a query worker may take; after half of it another is asked the same"},
		{EnvQueryConcurrency, "64", UnitCount, "1", "10000", "how many workers one process asks at once, and queries it answers without them"},
		{EnvQueryTenantConcurrency, "48", UnitCount, "1", "10000", "how many of those may be for one tenant"},
		{EnvQueryTenantQueries, "64", UnitCount, "1", "100000", "how many queries of a tenant may be under way or wait in one process; more are refused (429)"},
		{EnvQueryCacheBytes, "64MiB", UnitBytes, "0", "64GiB", "how much of what it has read a process of query or query-worker keeps in memory; 0 for nothing"},
		{EnvQueryResults, "true", UnitBool, "", "", "whether results of slices of time are kept in the object store, for a day, so that queries asked again compute only the rest"},
		{EnvQueryAnswerBytes, "4MiB", UnitBytes, "1KiB", "4400KiB", "the largest answer that a query worker returns without the object store"},
	}
}

// Allowed says in words what values the variable takes.
func (v Variable) Allowed() string {
	switch v.Unit {
	case UnitBool:
		return "true or false"
	case UnitAuth:
		return "none, header or token"
	case UnitLevel:
		return "debug, info, warn or error"
	case UnitJSON:
		return "JSON of at most " + v.Max
	default:
		return fmt.Sprintf("a %s from %s to %s", v.kind(), v.Min, v.Max)
	}
}

func (v Variable) kind() string {
	switch v.Unit {
	case UnitDuration:
		return "duration"
	case UnitBytes:
		return "number of bytes"
	default:
		return "whole number"
	}
}

// WriteTable writes the variables for a person to read.
func WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VARIABLE\tDEFAULT\tALLOWED\tMEANING") // errors come with Flush
	for _, v := range Variables() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", v.Name, v.Default, v.Allowed(), v.Meaning)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write table of variables: %w", err)
	}
	return nil
}
