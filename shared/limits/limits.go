// Package limits are the limits of tenants, and the rules for what they push:
// defaults from the environment, and for single tenants overrides that are kept
// in the record store.
//
// [Settings] is the table of all limits; names, ranges and meanings are those of
// the environment variables that hold the defaults. [Tenants] gives the limits
// of a tenant to the functions, quickly and always; [Admin] is how they are
// changed. An override is in force everywhere a minute after it was made.
package limits

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/relabel"
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
	MaxSessions        int // values of __session_id__ in a series; 0: it is dropped

	RelabelRules    relabel.Rules // of series
	SampleTypeRules relabel.Rules // keep and drop sample types
	Sampling        Sampling
}

// Defaults are the limits of tenants without overrides. The error names the
// variables whose value is JSON, but not what it should be.
func Defaults(c config.Ingest) (Limits, error) {
	l := Limits{
		IngestionRate: c.IngestionRate, IngestionBurst: c.IngestionBurst,
		RejectOlderThan: c.RejectOlderThan, RejectNewerThan: c.RejectNewerThan,
		MaxBodyBytes: c.MaxBodyBytes, MaxProfileBytes: c.MaxProfileBytes, MaxProfileSamples: c.MaxProfileSamples,
		MaxSampleLabels: c.MaxSampleLabels, MaxStackDepth: c.MaxStackDepth, MaxSymbolBytes: c.MaxSymbolBytes,
		MaxLabels: c.MaxLabels, MaxLabelNameBytes: c.MaxLabelNameBytes, MaxLabelValueBytes: c.MaxLabelValueBytes,
		MaxSessions: c.MaxSessions,
	}
	var errs []error
	for name, text := range map[string]string{
		config.EnvRelabelRules: c.RelabelRules, config.EnvSampleTypeRules: c.SampleTypeRules, config.EnvSampling: c.Sampling,
	} {
		s, err := Find(settingName(name))
		if err == nil {
			err = s.apply(&l, text)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return l, errors.Join(errs...)
}

// Setting is one limit in the table of all.
type Setting struct {
	Name     string               // as in overrides: max_labels
	Variable config.Variable      // whose value is the default
	set      func(*Limits, int64) // of a number
	// setText is there instead of set if the limit is no number.
	setText func(l *Limits, text string) error
}

// apply reads a value into the limits.
func (s Setting) apply(l *Limits, text string) error {
	text = strings.TrimSpace(text)
	if s.setText != nil {
		if text == "" {
			text = s.Variable.Default
		}
		return s.setText(l, text)
	}
	n, err := s.Variable.Parse(text)
	if err == nil {
		s.set(l, n)
	}
	return err
}

// Check reports why the limit cannot have a value.
func (s Setting) Check(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%q is not %s", text, s.Variable.Allowed())
	}
	return s.apply(new(Limits), text)
}

// settingName is the name of the limit whose default is in a variable.
func settingName(variable string) string {
	return strings.ToLower(strings.TrimPrefix(variable, "PYROCUMULUS_"))
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
		{set: func(l *Limits, n int64) { l.MaxSessions = int(n) }, Name: config.EnvMaxSessions},
		{setText: func(l *Limits, text string) (err error) { l.RelabelRules, err = relabel.Parse(text); return }, Name: config.EnvRelabelRules},
		{setText: func(l *Limits, text string) (err error) { l.SampleTypeRules, err = relabel.Parse(text); return }, Name: config.EnvSampleTypeRules},
		{setText: func(l *Limits, text string) (err error) { l.Sampling, err = ParseSampling(text); return }, Name: config.EnvSampling},
	}
	for i := range all {
		s := &all[i]
		s.Variable = variables[s.Name]
		s.Name = settingName(s.Name)
	}
	return all
}
