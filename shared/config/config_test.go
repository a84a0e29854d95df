package config_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

func environment(variables map[string]string) config.Lookup {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

func TestDefaults(t *testing.T) {
	empty := environment(nil)
	ingest, err := config.LoadIngest(empty)
	require.NoError(t, err)
	require.Equal(t, config.Ingest{
		LogLevel: slog.LevelInfo, Auth: config.AuthNone, RejectOlderThan: time.Hour, RejectNewerThan: 10 * time.Minute,
		IngestionRate: 4 << 20, IngestionBurst: 2 << 20, MaxBodyBytes: 64 << 20,
		MaxProfileBytes: 4 << 20, MaxProfileSamples: 16000, MaxSampleLabels: 100, MaxStackDepth: 1000, MaxSymbolBytes: 65535,
		MaxLabels: 30, MaxLabelNameBytes: 1024, MaxLabelValueBytes: 2048,
		RelabelRules: "[]", SampleTypeRules: "[]", Sampling: "1",
	}, ingest)
	segment, err := config.LoadSegment(empty)
	require.NoError(t, err)
	require.Equal(t, config.Segment{
		LogLevel: slog.LevelInfo, FlushInterval: 10 * time.Second, FlushBytes: 16 << 20,
		DrainTime: 55 * time.Second, Visibility: 90 * time.Second, Backlog: 20_000,
	}, segment)
	compact, err := config.LoadCompact(empty)
	require.NoError(t, err)
	require.Equal(t, config.Compact{
		LogLevel: slog.LevelInfo, CompactBytes: 1 << 30, CompactSums: true, Retention: 31 * 24 * time.Hour, JobLease: 2 * time.Minute, JobAttempts: 5,
	}, compact)
	plan, err := config.LoadCompactPlan(empty)
	require.NoError(t, err)
	require.Equal(t, config.CompactPlan{LogLevel: slog.LevelInfo, CompactBytes: 1 << 30, Retention: 31 * 24 * time.Hour}, plan)
	sweep, err := config.LoadSweep(empty)
	require.NoError(t, err)
	require.Equal(t, config.Sweep{LogLevel: slog.LevelInfo, SweepDelay: 15 * time.Minute, Retention: 31 * 24 * time.Hour}, sweep)
	query, err := config.LoadQuery(empty)
	require.NoError(t, err)
	require.Equal(t, config.Query{
		LogLevel: slog.LevelInfo, Auth: config.AuthNone, MaxNodesDefault: 8192, MaxNodesMax: 1 << 20,
		Timeout: 25 * time.Second, Retention: 31 * 24 * time.Hour,
		InlineBytes: 64 << 20, WorkerBytes: 64 << 20, WorkerBlocks: 128, MaxWorkers: 32, WorkerTimeout: 20 * time.Second,
		Concurrency: 64, TenantConcurrency: 48, TenantQueries: 64, CacheBytes: 64 << 20, Results: true,
	}, query)
	worker, err := config.LoadQueryWorker(empty)
	require.NoError(t, err)
	require.Equal(t, config.QueryWorker{LogLevel: slog.LevelInfo, AnswerBytes: 4 << 20, CacheBytes: 64 << 20}, worker)
}

func TestValues(t *testing.T) {
	ingest, err := config.LoadIngest(environment(map[string]string{
		config.EnvLogLevel:           "debug",
		config.EnvAuth:               " token ",
		config.EnvRejectOlderThan:    "720h",
		config.EnvRejectNewerThan:    "1h30m",
		config.EnvIngestionRate:      "0",
		config.EnvIngestionBurst:     "1GiB",
		config.EnvMaxBodyBytes:       "2MiB",
		config.EnvMaxSampleLabels:    "5",
		config.EnvMaxStackDepth:      "7",
		config.EnvMaxSymbolBytes:     "1KiB",
		config.EnvMaxProfileBytes:    "5 MiB",
		config.EnvMaxProfileSamples:  "1",
		config.EnvMaxLabels:          "", // as if it were not set
		config.EnvMaxLabelNameBytes:  "2KiB",
		config.EnvMaxLabelValueBytes: "1",
		config.EnvMaxSessions:        "3",
		config.EnvRelabelRules:       `[{"action":"drop"}]`,
		config.EnvSampling:           "0.5",
	}))
	require.NoError(t, err)
	require.Equal(t, config.Ingest{
		LogLevel: slog.LevelDebug, Auth: config.AuthToken, RejectOlderThan: 720 * time.Hour, RejectNewerThan: 90 * time.Minute,
		IngestionBurst: 1 << 30, MaxBodyBytes: 2 << 20,
		MaxProfileBytes: 5 << 20, MaxProfileSamples: 1, MaxSampleLabels: 5, MaxStackDepth: 7, MaxSymbolBytes: 1024,
		MaxLabels: 30, MaxLabelNameBytes: 2048, MaxLabelValueBytes: 1,
		MaxSessions: 3, RelabelRules: `[{"action":"drop"}]`, SampleTypeRules: "[]", Sampling: "0.5",
	}, ingest)
}

func TestParse(t *testing.T) {
	parse := func(name, text string) (int64, error) {
		for _, v := range config.Variables() {
			if v.Name == name {
				return v.Parse(text)
			}
		}
		panic(name)
	}
	for name, want := range map[string]int64{config.EnvMaxProfileBytes: 5 << 20, config.EnvIngestionBurst: 5 << 20} {
		n, err := parse(name, "5MiB")
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	n, err := parse(config.EnvRejectOlderThan, "2h")
	require.NoError(t, err)
	require.Equal(t, int64(2*time.Hour), n)
	n, err = parse(config.EnvMaxLabels, "7")
	require.NoError(t, err)
	require.Equal(t, int64(7), n)
	for _, bad := range []string{"", "x", "0", "1001", "7MiB"} {
		_, err = parse(config.EnvMaxLabels, bad)
		require.ErrorContains(t, err, "a whole number from 1 to 1000", bad)
	}
	_, err = parse(config.EnvLogLevel, "info")
	require.Error(t, err)
}

func TestZeroTurnsRetentionOff(t *testing.T) {
	sweep, err := config.LoadSweep(environment(map[string]string{config.EnvRetention: "0s"}))
	require.NoError(t, err)
	require.Zero(t, sweep.Retention)
	_, err = config.LoadSweep(environment(map[string]string{config.EnvSweepDelay: "0", config.EnvRetention: "31d"}))
	require.ErrorContains(t, err, "PYROCUMULUS_SWEEP_DELAY")
	require.ErrorContains(t, err, "PYROCUMULUS_RETENTION")
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := config.LoadIngest(environment(map[string]string{
		config.EnvLogLevel:           "loud",
		config.EnvAuth:               "true",
		config.EnvRejectOlderThan:    "60",
		config.EnvMaxProfileBytes:    "999999999999GiB",
		config.EnvMaxProfileSamples:  "0",
		config.EnvMaxLabels:          "many",
		config.EnvRelabelRules:       "[",
		config.EnvSampling:           strings.Repeat("1", 16<<10+1),
		config.EnvMaxLabelValueBytes: "-1",
	}))
	require.Equal(t, strings.Join([]string{
		`PYROCUMULUS_LOG_LEVEL is "loud", want debug, info, warn or error`,
		`PYROCUMULUS_AUTH is "true", want none, header or token`,
		`PYROCUMULUS_REJECT_OLDER_THAN is "60", want a duration from 1s to 87600h`,
		`PYROCUMULUS_MAX_PROFILE_BYTES is "999999999999GiB", want a number of bytes from 1KiB to 256MiB`,
		`PYROCUMULUS_MAX_PROFILE_SAMPLES is "0", want a whole number from 1 to 10000000`,
		`PYROCUMULUS_MAX_LABELS is "many", want a whole number from 1 to 1000`,
		`PYROCUMULUS_MAX_LABEL_VALUE_BYTES is "-1", want a number of bytes from 1 to 64KiB`,
		`PYROCUMULUS_RELABEL_RULES is "[", want JSON of at most 16KiB`,
		`PYROCUMULUS_SAMPLING is "` + strings.Repeat("1", 16<<10+1) + `", want JSON of at most 16KiB`,
	}, "\n"), err.Error())
}

func TestSettingsMustFitEachOther(t *testing.T) {
	_, err := config.LoadSegment(environment(map[string]string{
		config.EnvVisibility: "29s", config.EnvFlushInterval: "10s",
	}))
	require.ErrorContains(t, err, `PYROCUMULUS_VISIBILITY is "29s", want at least three times PYROCUMULUS_FLUSH_INTERVAL (10s)`)
	_, err = config.LoadQuery(environment(map[string]string{config.EnvMaxNodesMax: "100"}))
	require.ErrorContains(t, err, `PYROCUMULUS_MAX_NODES_DEFAULT is "8192", want at most PYROCUMULUS_MAX_NODES_MAX (100)`)
	_, err = config.LoadQuery(environment(map[string]string{config.EnvQueryTimeout: "10s"}))
	require.ErrorContains(t, err, `PYROCUMULUS_QUERY_WORKER_TIMEOUT is "20s", want at most PYROCUMULUS_QUERY_TIMEOUT (10s)`)
	_, err = config.LoadQuery(environment(map[string]string{config.EnvQueryConcurrency: "8"}))
	require.ErrorContains(t, err, `PYROCUMULUS_QUERY_TENANT_CONCURRENCY is "48", want at most PYROCUMULUS_QUERY_CONCURRENCY (8)`)
}

// Every variable of the table is read by a function, and the table has every
// constant.
func TestTableIsWhole(t *testing.T) {
	read := make(map[string]bool)
	lookup := func(name string) (string, bool) {
		read[name] = true
		return "", false
	}
	_, err1 := config.LoadIngest(lookup)
	_, err2 := config.LoadSegment(lookup)
	_, err3 := config.LoadQuery(lookup)
	_, err4 := config.LoadCompact(lookup)
	_, err5 := config.LoadQueryWorker(lookup)
	_, err6 := config.LoadCompactPlan(lookup)
	_, err7 := config.LoadSweep(lookup)
	require.NoError(t, errors.Join(err1, err2, err3, err4, err5, err6, err7))

	source, err := os.ReadFile("variables.go")
	require.NoError(t, err)
	constants := regexp.MustCompile(`= "(PYROCUMULUS_\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.Len(t, config.Variables(), len(constants))
	for _, v := range config.Variables() {
		require.True(t, read[v.Name], "nothing reads %s", v.Name)
		require.NotEmpty(t, v.Default)
		require.NotEmpty(t, v.Meaning)
	}
	for _, constant := range constants {
		require.True(t, read[constant[1]], "nothing reads %s", constant[1])
	}

	var table bytes.Buffer
	require.NoError(t, config.WriteTable(&table))
	require.Equal(t, len(constants)+1, strings.Count(table.String(), "\n"))
	require.Regexp(t, `PYROCUMULUS_FLUSH_BYTES +16MiB +a number of bytes from 64KiB to 1GiB +at how many`, table.String())
}
