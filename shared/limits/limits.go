// Package limits are the limits of tenants: defaults from the environment, and
// for single tenants overrides that are kept in the record store.
//
// [Settings] is the table of all limits; names, ranges and meanings are those of
// the environment variables that hold the defaults. [Tenants] gives the limits
// of a tenant to the functions, quickly and always; [Admin] is how they are
// changed. An override is in force everywhere a minute after it was made.
package limits

import (
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// Limits are those of a tenant.
type Limits struct {
	IngestionRate  int64 // bytes of pushed profiles a second, uncompressed; 0: no limit
	IngestionBurst int64 // bytes on top of that; see package ratelimit

	RejectOlderThan time.Duration // age of pushed profiles
	RejectNewerThan time.Duration

	MaxBodyBytes       int64 // of a push, as sent
	MaxProfileBytes    int64 // uncompressed
	MaxProfileSamples  int
	MaxSampleLabels    int
	MaxStackDepth      int // of deeper stacks the leaves are dropped
	MaxSymbolBytes     int // of longer names the beginning is dropped
	MaxLabels          int // of a series
	MaxLabelNameBytes  int
	MaxLabelValueBytes int
}

// Defaults are the limits of tenants without overrides.
func Defaults(c config.Ingest) Limits {
	return Limits{
		IngestionRate: c.IngestionRate, IngestionBurst: c.IngestionBurst,
		RejectOlderThan: c.RejectOlderThan, RejectNewerThan: c.RejectNewerThan,
		MaxBodyBytes: c.MaxBodyBytes, MaxProfileBytes: c.MaxProfileBytes, MaxProfileSamples: c.MaxProfileSamples,
		MaxSampleLabels: c.MaxSampleLabels, MaxStackDepth: c.MaxStackDepth, MaxSymbolBytes: c.MaxSymbolBytes,
		MaxLabels: c.MaxLabels, MaxLabelNameBytes: c.MaxLabelNameBytes, MaxLabelValueBytes: c.MaxLabelValueBytes,
	}
}

// Setting is one limit in the table of all.
type Setting struct {
	Name     string          // as in overrides: max_labels
	Variable config.Variable // whose value is the default
	set      func(*Limits, int64)
}

// Settings lists all limits that can be overridden.
func Settings() []Setting {
	variables := make(map[string]config.Variable)
	for _, v := range config.Variables() {
		variables[v.Name] = v
	}
	all := []Setting{
		{set: func(l *Limits, n int64) { l.IngestionRate = n }, Name: config.EnvIngestionRate},
		{set: func(l *Limits, n int64) { l.IngestionBurst = n }, Name: config.EnvIngestionBurst},
		{set: func(l *Limits, n int64) { l.RejectOlderThan = time.Duration(n) }, Name: config.EnvRejectOlderThan},
		{set: func(l *Limits, n int64) { l.RejectNewerThan = time.Duration(n) }, Name: config.EnvRejectNewerThan},
		{set: func(l *Limits, n int64) { l.MaxBodyBytes = n }, Name: config.EnvMaxBodyBytes},
		{set: func(l *Limits, n int64) { l.MaxProfileBytes = n }, Name: config.EnvMaxProfileBytes},
		{set: func(l *Limits, n int64) { l.MaxProfileSamples = int(n) }, Name: config.EnvMaxProfileSamples},
		{set: func(l *Limits, n int64) { l.MaxSampleLabels = int(n) }, Name: config.EnvMaxSampleLabels},
		{set: func(l *Limits, n int64) { l.MaxStackDepth = int(n) }, Name: config.EnvMaxStackDepth},
		{set: func(l *Limits, n int64) { l.MaxSymbolBytes = int(n) }, Name: config.EnvMaxSymbolBytes},
		{set: func(l *Limits, n int64) { l.MaxLabels = int(n) }, Name: config.EnvMaxLabels},
		{set: func(l *Limits, n int64) { l.MaxLabelNameBytes = int(n) }, Name: config.EnvMaxLabelNameBytes},
		{set: func(l *Limits, n int64) { l.MaxLabelValueBytes = int(n) }, Name: config.EnvMaxLabelValueBytes},
	}
	for i := range all {
		s := &all[i]
		s.Variable = variables[s.Name]
		s.Name = strings.ToLower(strings.TrimPrefix(s.Name, "PYROCUMULUS_"))
	}
	return all
}
